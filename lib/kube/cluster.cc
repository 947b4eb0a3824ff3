#include "kube/cluster.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/text.h"
#include "kube/api_errors.h"
#include "kube/discovery.h"
#include "kube/list_run.h"
#include "kube/rest.h"
#include "kube/watch_runner.h"

namespace instantexec::kube {
namespace {

using engine::ClusterEvent;
using engine::Outcome;
using engine::RequestId;

class KubeCluster final : public engine::Cluster {
 public:
  KubeCluster(std::unique_ptr<net::Transport> transport, RestConfig config, Authenticator& authenticator,
              ClusterOptions options)
      : client_(std::move(transport), std::move(config), authenticator, std::move(options.rest)),
        discovery_(client_, DiscoveryCache(options.cache_root,
                                           client_.config().server + " " + client_.config().tls_server_name)),
        watches_(client_, events_),
        take_interrupt_(std::move(options.take_interrupt)) {}

  Result<engine::ClusterInfo> info() override {
    const RestConfig& config = client_.config();
    const ApiCall call = raw_call("/version", config.request_timeout);
    IE_TRY_ASSIGN(const net::HttpResponse answer, client_.run(call));
    engine::Response response = read_answer(call, answer);
    if (response.error)
      return fail(std::move(*response.error).with_context("connecting to " + config.server));
    return engine::ClusterInfo{config.context, config.server,
                               sanitise_line(model::get_string(response.object.json, "/gitVersion"), 100),
                               false};
  }

  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    if (refresh) last_refresh_ = client_.now();
    return discovery_.catalog(refresh);
  }

  RequestId submit(engine::Request request) override {
    const RequestId id = next_request_++;
    auto call = to_call(request);
    if (!call) {
      engine::Response response;
      response.id = id;
      response.outcome = Outcome::kNotSent;
      response.error = std::move(call.error());
      events_.emplace_back(std::move(response));
      return id;
    }
    const bool is_list = call->shape == Shape::kList;
    const CallId started = client_.start(*call);
    Operation operation{id, std::move(*call), std::nullopt};
    if (is_list) operation.list.emplace(operation.call);
    operations_.emplace(started, std::move(operation));
    return id;
  }

  engine::WatchId watch(engine::WatchRequest request) override {
    const engine::WatchId id = next_watch_++;
    auto resource = resource_for(request.gvk);
    if (resource) {
      watches_.start(id, std::move(request), std::move(*resource));
    } else {
      events_.emplace_back(engine::WatchFailed{id, std::move(resource.error())});
    }
    return id;
  }

  void cancel_watch(engine::WatchId id) override {
    watches_.cancel(id);
    std::erase_if(events_, [id](const ClusterEvent& event) {
      return std::visit(
          [id](const auto& value) {
            if constexpr (requires { value.watch; }) {
              return value.watch == id;
            } else {
              return false;
            }
          },
          event);
    });
  }

  ClusterEvent wait(Instant deadline) override {
    ClusterEvent event = next_event(deadline);
    client_.note_awake();
    return event;
  }

  [[nodiscard]] std::optional<Timestamp> server_time() override { return client_.server_time(); }

  [[nodiscard]] std::size_t capacity() const override { return client_.capacity(); }

 private:
  ClusterEvent next_event(Instant deadline) {
    while (events_.empty()) {
      watches_.tick();
      if (!events_.empty()) break;
      for (CallEvent& event : client_.poll(watches_.next_tick(deadline))) take(std::move(event));
      if (events_.empty() && client_.now() >= deadline) return engine::DeadlinePassed{};
    }
    ClusterEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  struct Operation {
    RequestId id;
    ApiCall call;
    std::optional<ListRun> list;
  };

  Result<ApiCall> to_call(const engine::Request& request) {
    const CallOptions options{client_.config().request_timeout};
    if (std::holds_alternative<engine::LogsRequest>(request)) return build_call(request, nullptr, options);
    IE_TRY_ASSIGN(const model::ApiResource resource, resource_for(gvk_of(request)));
    return build_call(request, &resource, options);
  }

  // Looks again at what the server serves when the kind is missing: a CustomResourceDefinition may be new.
  // Not more than once a second, whatever the number of requests.
  Result<model::ApiResource> resource_for(const model::Gvk& gvk) {
    IE_TRY_ASSIGN(auto served, catalog(false));
    const model::ApiResource* resource = served->find(gvk);
    const bool may_refresh = !last_refresh_ || client_.now() - *last_refresh_ >= kRefreshInterval;
    if (resource == nullptr && may_refresh) {
      IE_TRY_ASSIGN(served, catalog(true));
      resource = served->find(gvk);
    }
    if (resource != nullptr) return *resource;
    const std::string kind = sanitise_line(gvk.kind, 100) + " in " + sanitise_line(gvk.api_version(), 100);
    if (served->incomplete_group(gvk.group)) {
      return fail(errors::kKindNotServed,
                  kind + " may exist, but its API group does not answer discovery: an aggregated API is down",
                  "kubectl get apiservices");
    }
    return fail(errors::kKindNotServed, kind + " is not served by this cluster");
  }

  void take(CallEvent event) {
    if (std::holds_alternative<CallWake>(event)) {
      while (take_interrupt_) {
        const auto signal = take_interrupt_();
        if (!signal) break;
        events_.emplace_back(engine::Interrupted{*signal});
      }
    } else if (!watches_.take(event)) {
      if (auto* done = std::get_if<CallDone>(&event)) on_done(done->id, done->response);
      if (auto* failed = std::get_if<CallFailed>(&event)) on_failed(failed->id, failed->error, failed->sent);
    }
  }

  void on_done(CallId id, const net::HttpResponse& answer) {
    const auto it = operations_.find(id);
    if (it == operations_.end()) return;
    Operation operation = std::move(it->second);
    operations_.erase(it);
    if (!operation.list) {
      deliver(operation.id, read_answer(operation.call, answer));
      return;
    }
    if (auto next = operation.list->fold(answer)) {
      operations_.emplace(client_.start(std::move(*next)), std::move(operation));
      return;
    }
    deliver(operation.id, std::move(operation.list->response()));
  }

  void on_failed(CallId id, const Error& error, net::Sent sent) {
    const auto it = operations_.find(id);
    if (it == operations_.end()) return;
    deliver(it->second.id, read_failure(it->second.call, error, sent));
    operations_.erase(it);
  }

  void deliver(RequestId id, engine::Response response) {
    response.id = id;
    if (response.error) client_.log(8, response.error->to_string());
    events_.emplace_back(std::move(response));
  }

  static constexpr Duration kRefreshInterval{1'000};

  RestClient client_;
  Discovery discovery_;
  std::deque<ClusterEvent> events_;
  WatchRunner watches_;
  std::function<std::optional<int>()> take_interrupt_;
  std::map<CallId, Operation> operations_;
  std::optional<Instant> last_refresh_;
  RequestId next_request_ = 1;
  engine::WatchId next_watch_ = 1;
};

}  // namespace

std::unique_ptr<engine::Cluster> make_cluster_over(std::unique_ptr<net::Transport> transport,
                                                   RestConfig config, Authenticator& authenticator,
                                                   ClusterOptions options) {
  return std::make_unique<KubeCluster>(std::move(transport), std::move(config), authenticator,
                                       std::move(options));
}

Result<std::unique_ptr<engine::Cluster>> make_cluster(RestConfig config, Authenticator& authenticator,
                                                      ClusterOptions options) {
  IE_TRY_ASSIGN(net::Endpoint endpoint, endpoint_of(config));
  net::TransportOptions transport_options;
  transport_options.wake_fd = options.interrupt_fd;
  transport_options.user_agent = options.user_agent;
  IE_TRY_ASSIGN(auto transport, net::make_transport(std::move(endpoint), std::move(transport_options)));
  return make_cluster_over(std::move(transport), std::move(config), authenticator, std::move(options));
}

}  // namespace instantexec::kube
