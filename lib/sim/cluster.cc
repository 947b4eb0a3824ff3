#include "sim/cluster.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "base/check.h"
#include "sim/cluster_watching.h"
#include "sim/errors.h"

namespace instantexec::sim {
namespace {

using engine::ClusterEvent;
using engine::Outcome;
using engine::Response;

Response unanswered(std::string message) {
  Response out;
  out.outcome = Outcome::kUnknown;
  out.error = make_error(errors::kUnanswered, std::move(message));
  return out;
}

std::string reason_of(int http_status) {
  static const std::map<int, std::string> kReasons = {
      {401, "Unauthorized"},    {403, "Forbidden"},          {404, "NotFound"}, {409, "Conflict"},
      {429, "TooManyRequests"}, {503, "ServiceUnavailable"}, {504, "Timeout"}};
  const auto it = kReasons.find(http_status);
  return it == kReasons.end() ? "InternalError" : it->second;
}

Response made_up(int http_status) {
  return to_response({http_status,
                      reason_of(http_status),
                      fmt::format("the simulated API server answered {}", http_status),
                      {},
                      false});
}

}  // namespace

SimCluster::SimCluster(SimServer& server, ClientOptions options)
    : server_(server), options_(std::move(options)), self_(std::make_shared<SimCluster*>(this)) {
  server_.store().listen([self = self_](const Change& change) {
    if (*self != nullptr) (*self)->changed(change);
  });
}

SimCluster::~SimCluster() {
  *self_ = nullptr;
}

Result<engine::ClusterInfo> SimCluster::info() {
  return engine::ClusterInfo{"simulation", "https://simulation.invalid", server_.options().version, true};
}

Result<std::shared_ptr<const model::ApiCatalog>> SimCluster::catalog(bool refresh) {
  if (refresh || !catalog_) catalog_ = server_.api().registry().catalog();
  return catalog_;
}

void SimCluster::deliver(ClusterEvent event, Duration after) {
  server_.timeline().at(server_.now() + after, [self = self_, moved = std::move(event)]() mutable {
    if (*self != nullptr) (*self)->ready_.push_back(std::move(moved));
  });
}

void SimCluster::answer(engine::RequestId id, Response response, Duration after) {
  response.id = id;
  deliver(std::move(response), after);
}

engine::RequestId SimCluster::submit(engine::Request request) {
  const engine::RequestId id = ++next_request_;
  const auto known = catalog(false);
  const model::Gvk gvk = gvk_of(request);
  const model::ApiResource* resource = (*known)->find(gvk);
  const model::ObjectRef ref = ref_of(request);
  std::string problem;
  if (resource == nullptr) {
    problem = fmt::format("the cluster serves no kind {} in {}", gvk.kind, gvk.api_version());
  } else if (resource->namespaced && ref.ns.empty() &&
             !std::holds_alternative<engine::ListRequest>(request)) {
    problem = fmt::format("{} {} needs a namespace", gvk.kind, ref.name);
  }
  if (!problem.empty()) {
    Response out;
    out.outcome = Outcome::kNotSent;
    out.error = make_error(errors::kUnservable, std::move(problem));
    answer(id, std::move(out), Duration{0});
    return id;
  }
  Fault fault;
  const RequestInfo info{++server_.faults.requests, options_.name, verb_of(request), ref,
                         dry_run_of(request),       &request};
  if (server_.faults.on_request) fault = server_.faults.on_request(info);
  run(id, request, fault);
  return id;
}

void SimCluster::run(engine::RequestId id, const engine::Request& request, const Fault& fault) {
  const Duration there = options_.latency;
  // The request itself goes on without the client: a server finishes what has reached it.
  const auto execute = [&](Duration after, auto&& then) {
    server_.timeline().at(server_.now() + after, [&server = server_, name = options_.name, request,
                                                  next = std::forward<decltype(then)>(then)]() mutable {
      next(server.handle(name, request));
    });
  };
  const Duration back = fault.kind == Fault::Kind::kSlowAnswer ? there + fault.delay : there;
  const auto reply = [self = self_, id, back](Response response) {
    if (*self != nullptr) (*self)->answer(id, std::move(response), back);
  };
  const auto forget = [](const Response&) {};
  switch (fault.kind) {
    case Fault::Kind::kNone:
    case Fault::Kind::kSlowAnswer:
      return execute(there, reply);
    case Fault::Kind::kRefuseConnection: {
      Response out;
      out.error = make_error(errors::kUnanswered, "connection refused");
      return answer(id, std::move(out), there);
    }
    case Fault::Kind::kDropRequest:
      return answer(id, unanswered("no answer"), options_.gives_up_after);
    case Fault::Kind::kDropAnswer:
      execute(there, forget);
      return answer(id, unanswered("the connection broke before the answer"), there * 2);
    case Fault::Kind::kLateCommit:
      execute(there + fault.delay, forget);
      return answer(id, made_up(504), there * 2);
    case Fault::Kind::kAnswer:
      return answer(id, made_up(fault.http_status), there * 2);
    case Fault::Kind::kNoWebhook: {
      Response out = made_up(500);
      out.outcome = Outcome::kRejected;
      out.passing = true;
      return answer(id, std::move(out), there * 2);
    }
    case Fault::Kind::kDelay:
      return execute(there + fault.delay, reply);
    case Fault::Kind::kDie:
      dead_ = true;
      return;
    case Fault::Kind::kDieAfterCommit:
      execute(there, [self = self_](const Response&) {
        if (*self != nullptr) (*self)->dead_ = true;
      });
      return;
    case Fault::Kind::kInterrupt:
      interrupt(fault.signal);
      return execute(there, reply);
  }
}

void SimCluster::die() {
  IE_CHECK(options_.on_death != nullptr);
  options_.on_death();
  IE_CHECK(false);  // on_death must not return
}

ClusterEvent SimCluster::wait(Instant deadline) {
  Timeline& timeline = server_.timeline();
  for (;;) {
    if (dead_) die();
    if (!ready_.empty()) {
      ClusterEvent out = std::move(ready_.front());
      ready_.pop_front();
      return out;
    }
    const auto next = timeline.next();
    if (!next || *next > deadline) {
      timeline.skip_to(deadline);
      return engine::DeadlinePassed{};
    }
    timeline.run_next();
  }
}

void SimCluster::interrupt(int signal, Duration after) {
  deliver(engine::Interrupted{signal}, after);
}

}  // namespace instantexec::sim
