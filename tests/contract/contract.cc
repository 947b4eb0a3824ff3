#include "contract/contract.h"

#include <set>
#include <utility>
#include <variant>

#include "os/random.h"
#include "sim/cluster.h"
#include "support/kube/sandbox_cluster.h"

namespace instantexec::contract {
namespace {

using model::Json;

class Simulation final : public Backend {
 public:
  engine::Cluster& cluster() override { return client_; }
  engine::Clock& clock() override { return client_; }

 private:
  sim::SimServer server_;
  sim::SimCluster client_{server_};
};

class Sandbox final : public Backend {
 public:
  explicit Sandbox(std::unique_ptr<testing::SandboxClient> client) : client_(std::move(client)) {}
  engine::Cluster& cluster() override { return *client_->cluster; }
  engine::Clock& clock() override { return client_->clock; }

 private:
  std::unique_ptr<testing::SandboxClient> client_;
};

}  // namespace

std::unique_ptr<Backend> make_simulation(std::string&) {
  return std::make_unique<Simulation>();
}

std::unique_ptr<Backend> make_kube(std::string& why_not) {
  const auto kubeconfig = testing::sandbox_kubeconfig();
  if (!kubeconfig) {
    why_not =
        "INSTANTEXEC_SANDBOX_KUBECONFIG is not set; `scripts/sandbox up` prints it, or why there is none";
    return nullptr;
  }
  auto client = testing::make_sandbox_client(*kubeconfig, why_not);
  return client ? std::make_unique<Sandbox>(std::move(client)) : nullptr;
}

const model::Gvk Contract::kConfigMap{"", "v1", "ConfigMap"};
const model::Gvk Contract::kSecret{"", "v1", "Secret"};
const model::Gvk Contract::kService{"", "v1", "Service"};
const model::Gvk Contract::kPod{"", "v1", "Pod"};
const model::Gvk Contract::kNamespace{"", "v1", "Namespace"};
const model::Gvk Contract::kDeployment{"apps", "v1", "Deployment"};
const model::Gvk Contract::kReplicaSet{"apps", "v1", "ReplicaSet"};
const model::Gvk Contract::kStatefulSet{"apps", "v1", "StatefulSet"};
const model::Gvk Contract::kJob{"batch", "v1", "Job"};
const model::Gvk Contract::kClaim{"", "v1", "PersistentVolumeClaim"};
const model::Gvk Contract::kDefinition{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};
const model::Gvk Contract::kLease{"coordination.k8s.io", "v1", "Lease"};

void Contract::SetUp() {
  std::string why_not;
  backend_ = GetParam().make(why_not);
  if (!backend_) GTEST_SKIP() << why_not;
  ns_ = "contract-" + os::random_hex(4);
  const auto made = run(engine::CreateRequest{
      {Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns_}}}}}, "contract", false});
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  // Pods need the account that a controller makes for every namespace.
  await({"", "v1", "ServiceAccount"}, "default",
        [](const engine::Response& response) { return response.ok(); });
}

void Contract::TearDown() {
  if (backend_ && !ns_.empty()) run(engine::DeleteRequest{kNamespace, "", ns_, {}, {}, false});
}

engine::Response Contract::run(engine::Request request) {
  const auto id = cluster().submit(std::move(request));
  for (;;) {
    auto event = cluster().wait(backend_->clock().now() + Duration{60'000});
    if (auto* response = std::get_if<engine::Response>(&event); response != nullptr && response->id == id) {
      return std::move(*response);
    }
    if (std::holds_alternative<engine::DeadlinePassed>(event)) {
      ADD_FAILURE() << "no answer within a minute";
      return {};
    }
    kept_.push_back(std::move(event));
  }
}

engine::ClusterEvent Contract::next_event(Duration at_most) {
  if (kept_.empty()) return cluster().wait(backend_->clock().now() + at_most);
  auto out = std::move(kept_.front());
  kept_.erase(kept_.begin());
  return out;
}

void Contract::pass(Duration length) {
  const Instant end = backend_->clock().now() + length;
  while (backend_->clock().now() < end) {
    auto event = cluster().wait(end);
    if (!std::holds_alternative<engine::DeadlinePassed>(event)) kept_.push_back(std::move(event));
  }
}

model::Object Contract::await(const model::Gvk& gvk, const std::string& name,
                              const std::function<bool(const engine::Response&)>& condition,
                              Duration at_most) {
  const Instant end = backend_->clock().now() + at_most;
  engine::Response last;
  do {
    last = get(gvk, name);
    if (condition(last)) return last.object;
    pass(Duration{50});
  } while (backend_->clock().now() < end);
  ADD_FAILURE() << gvk.to_string() << " " << name
                << " never came to be as expected: " << last.object.json.dump();
  return {};
}

model::Object Contract::settled(const model::Gvk& gvk, const std::string& name) {
  auto last = get(gvk, name).object;
  for (int i = 0; i < 60; ++i) {
    pass(Duration{500});
    auto next = get(gvk, name).object;
    if (next.resource_version() == last.resource_version()) return next;
    last = std::move(next);
  }
  ADD_FAILURE() << gvk.to_string() << " " << name << " never came to rest";
  return last;
}

model::Object Contract::object(const std::string& api_version, const std::string& kind,
                               const std::string& name, const std::string& rest) const {
  Json json = Json::parse(rest);
  json["apiVersion"] = api_version;
  json["kind"] = kind;
  json["metadata"]["name"] = name;
  json["metadata"]["namespace"] = ns_;
  return {std::move(json)};
}

model::Object Contract::config_map(const std::string& name, const std::string& data) const {
  return object("v1", "ConfigMap", name, R"({"data":)" + data + "}");
}

model::Object Contract::deployment(const std::string& name, int replicas, const std::string& image) const {
  return object("apps/v1", "Deployment", name,
                R"({"spec":{"replicas":)" + std::to_string(replicas) +
                    R"(,"selector":{"matchLabels":{"app":")" + name +
                    R"("}},"template":{"metadata":{"labels":{"app":")" + name +
                    R"("}},"spec":{"containers":[{"name":"app","image":")" + image + R"("}]}}}})");
}

engine::Response Contract::create(const model::Object& body, bool dry_run) {
  return run(engine::CreateRequest{body, "poster", dry_run});
}

engine::Response Contract::replace(const model::Object& body, bool dry_run) {
  return run(engine::ReplaceRequest{body, "putter", dry_run});
}

engine::Response Contract::apply(const model::Object& body, const std::string& manager, bool force,
                                 engine::Preconditions preconditions) {
  return run(engine::ApplyRequest{body, manager, force, false, std::move(preconditions)});
}

engine::Response Contract::dry_apply(const model::Object& body, const std::string& manager) {
  return run(engine::ApplyRequest{body, manager, false, true, {}});
}

engine::Response Contract::get(const model::Gvk& gvk, const std::string& name) {
  return run(engine::GetRequest{gvk, gvk == kNamespace ? "" : ns_, name});
}

engine::Response Contract::patch(const model::Gvk& gvk, const std::string& name,
                                 const std::string& operations) {
  return run(engine::PatchRequest{gvk, ns_, name, Json::parse(operations), "patcher", false});
}

engine::Response Contract::remove(const model::Gvk& gvk, const std::string& name,
                                  engine::Preconditions preconditions, engine::Propagation propagation) {
  return run(engine::DeleteRequest{gvk, ns_, name, std::move(preconditions), propagation, false});
}

std::vector<model::Object> Contract::list(const model::Gvk& gvk, const std::string& labels,
                                          const std::string& fields) {
  auto response = run(engine::ListRequest{gvk, ns_, labels, fields});
  EXPECT_TRUE(response.ok()) << response.error->to_string();
  return std::move(response.items);
}

std::string Contract::verdict(const engine::Response& response) {
  if (response.outcome == engine::Outcome::kNotSent) return "not sent";
  std::string out = response.outcome == engine::Outcome::kUnknown ? "unknown " : "";
  out += std::to_string(response.http_status);
  if (response.error && !response.error->reason.empty()) out += " " + response.error->reason;
  std::set<std::string> causes;
  for (const auto& cause : response.causes) causes.insert(cause.field + " " + cause.reason);
  for (const std::string& cause : causes) out += (cause == *causes.begin() ? ": " : "; ") + cause;
  return out;
}

Json Contract::owners(const model::Object& object) {
  Json out = Json::object();
  for (const Json& entry : model::get_array(object.json, "/metadata/managedFields")) {
    std::string who = model::get_string(entry, "/manager") + "/" + model::get_string(entry, "/operation");
    const std::string part = model::get_string(entry, "/subresource");
    if (!part.empty()) who += "/" + part;
    out[who] = entry.value("fieldsV1", Json::object());
  }
  return out;
}

}  // namespace instantexec::contract
