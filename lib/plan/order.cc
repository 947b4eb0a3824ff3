#include "plan/order.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "plan/desired.h"
#include "plan/errors.h"

namespace instantexec::plan {
namespace {

using model::Json;
using model::ObjectRef;

using KindTable = std::set<std::pair<std::string_view, std::string_view>>;  // group, kind

const KindTable& workload_kinds() {
  static const KindTable kKinds = {{"", "Pod"},
                                   {"", "ReplicationController"},
                                   {"apps", "ReplicaSet"},
                                   {"apps", "Deployment"},
                                   {"apps", "StatefulSet"},
                                   {"apps", "DaemonSet"},
                                   {"batch", "Job"},
                                   {"batch", "CronJob"}};
  return kKinds;
}

// What a pod may need at its start although its template does not name it.
const KindTable& prerequisite_kinds() {
  constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
  static const KindTable kKinds = {{"", "ServiceAccount"},
                                   {"", "ConfigMap"},
                                   {"", "Secret"},
                                   {"", "ResourceQuota"},
                                   {"", "LimitRange"},
                                   {"", "PersistentVolume"},
                                   {"", "PersistentVolumeClaim"},
                                   {"storage.k8s.io", "StorageClass"},
                                   {"storage.k8s.io", "CSIDriver"},
                                   {"scheduling.k8s.io", "PriorityClass"},
                                   {"node.k8s.io", "RuntimeClass"},
                                   {"networking.k8s.io", "NetworkPolicy"},
                                   {kRbac, "Role"},
                                   {kRbac, "RoleBinding"},
                                   {kRbac, "ClusterRole"},
                                   {kRbac, "ClusterRoleBinding"}};
  return kKinds;
}

bool in(const KindTable& table, const ObjectRef& ref) {
  return table.contains({ref.group, ref.kind});
}

// Intercepts requests of others, so it comes when what answers them is there.
bool is_interceptor(const ObjectRef& ref) {
  return ref.group == "admissionregistration.k8s.io" || ref.group == "apiregistration.k8s.io";
}

class WriteOrder {
 public:
  explicit WriteOrder(std::span<const model::Object* const> objects) : objects_(objects) {
    order_.depends_on.resize(objects.size());
    order_.waits_for.resize(objects.size());
    order_.gates.resize(objects.size(), false);
    refs_.reserve(objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
      refs_.push_back(objects[i]->ref());
      by_ref_.emplace(refs_.back(), i);
      if (const model::Gvk kind = defined_kind(*objects[i]); !kind.kind.empty()) {
        crds_[{kind.group, kind.kind}] = i;
        order_.gates[i] = true;
      }
    }
  }

  Order build() && {
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      after_ref(i, {"", "Namespace", "", refs_[i].ns});
      after_definition(i);
      after_references(i);
    }
    group_prerequisites();
    group_interceptors();
    return std::move(order_);
  }

 private:
  void after(std::size_t step, std::size_t other) {
    auto& edges = order_.depends_on[step];
    if (std::find(edges.begin(), edges.end(), other) == edges.end()) edges.push_back(other);
  }

  void after_ref(std::size_t step, const ObjectRef& ref) {
    if (const auto it = by_ref_.find(ref); it != by_ref_.end() && it->second != step) after(step, it->second);
  }

  void after_definition(std::size_t i) {
    const auto it = crds_.find({refs_[i].group, refs_[i].kind});
    if (it != crds_.end()) after(i, it->second);
  }

  void after_references(std::size_t i) {
    const Json& json = objects_[i]->json;
    const ObjectRef& ref = refs_[i];
    if (const Json* role = model::find(json, "/roleRef"); role != nullptr && ref.kind.ends_with("Binding")) {
      const std::string kind = model::get_string(*role, "/kind");
      after_ref(i, {ref.group, kind, kind == "Role" ? ref.ns : "", model::get_string(*role, "/name")});
    }
    if (ref.kind == "PersistentVolumeClaim" || ref.kind == "PersistentVolume") {
      after_ref(i, {"storage.k8s.io", "StorageClass", "", model::get_string(json, "/spec/storageClassName")});
      after_ref(i, {"", "PersistentVolume", "", model::get_string(json, "/spec/volumeName")});
    }
    if (ref.kind == "Ingress") after_backends(i, json);
    // Autoscalers of the API and of KEDA name their target alike.
    if (const Json* target = model::find(json, "/spec/scaleTargetRef")) {
      const model::Gvk gvk = model::make_gvk(model::get_string(*target, "/apiVersion", "apps/v1"),
                                             model::get_string(*target, "/kind", "Deployment"));
      after_ref(i, {gvk.group, gvk.kind, ref.ns, model::get_string(*target, "/name")});
    }
  }

  void after_backends(std::size_t i, const Json& json) {
    const auto service = [&](const Json& backend) {
      after_ref(i, {"", "Service", refs_[i].ns, model::get_string(backend, "/service/name")});
    };
    service(model::get_object(json, "/spec/defaultBackend"));
    for (const Json& rule : model::get_array(json, "/spec/rules")) {
      for (const Json& path : model::get_array(rule, "/http/paths")) {
        service(model::get_object(path, "/backend"));
      }
    }
  }

  // One group for each namespace and one for what is cluster-scoped; workloads wait for both.
  void group_prerequisites() {
    std::map<std::string, std::size_t> groups;
    for (std::size_t i = 0; i < refs_.size(); ++i) {
      if (!in(prerequisite_kinds(), refs_[i])) continue;
      const auto [it, fresh] = groups.emplace(refs_[i].ns, order_.groups.size());
      if (fresh) order_.groups.push_back({"prerequisites " + refs_[i].ns, {}});
      order_.groups[it->second].members.push_back(i);
    }
    for (std::size_t i = 0; i < refs_.size(); ++i) {
      if (!in(workload_kinds(), refs_[i])) continue;
      for (const std::string& ns : {refs_[i].ns, std::string()}) {
        if (const auto it = groups.find(ns); it != groups.end()) order_.waits_for[i].push_back(it->second);
        if (ns.empty()) break;
      }
    }
  }

  void group_interceptors() {
    Group serving{"workloads and services", {}};
    bool wanted = false;
    for (std::size_t i = 0; i < refs_.size(); ++i) {
      const bool service = refs_[i].group.empty() && refs_[i].kind == "Service";
      if (service || in(workload_kinds(), refs_[i])) serving.members.push_back(i);
      wanted = wanted || is_interceptor(refs_[i]);
    }
    if (!wanted || serving.members.empty()) return;
    for (std::size_t i = 0; i < refs_.size(); ++i) {
      if (is_interceptor(refs_[i])) order_.waits_for[i].push_back(order_.groups.size());
    }
    order_.groups.push_back(std::move(serving));
  }

  std::span<const model::Object* const> objects_;
  std::vector<ObjectRef> refs_;
  std::map<ObjectRef, std::size_t> by_ref_;
  std::map<std::pair<std::string, std::string>, std::size_t> crds_;
  Order order_;
};

// Depth-first search with an explicit stack; groups are nodes behind the steps.
class CycleSearch {
 public:
  explicit CycleSearch(const Order& order) : order_(order), steps_(order.depends_on.size()) {
    state_.resize(steps_ + order.groups.size(), State::kNew);
  }

  std::vector<std::size_t> run() {
    for (std::size_t i = 0; i < state_.size(); ++i) {
      if (state_[i] == State::kNew && descend(i)) return cycle();
    }
    return {};
  }

 private:
  enum class State { kNew, kOpen, kDone };
  struct Frame {
    std::size_t node;
    std::size_t next = 0;
  };

  [[nodiscard]] std::optional<std::size_t> neighbour(const Frame& frame) const {
    if (frame.node >= steps_) {
      const auto& members = order_.groups[frame.node - steps_].members;
      return frame.next < members.size() ? std::optional(members[frame.next]) : std::nullopt;
    }
    const auto& direct = order_.depends_on[frame.node];
    if (frame.next < direct.size()) return direct[frame.next];
    const auto& groups = order_.waits_for[frame.node];
    const std::size_t at = frame.next - direct.size();
    return at < groups.size() ? std::optional(steps_ + groups[at]) : std::nullopt;
  }

  bool descend(std::size_t start) {
    stack_ = {{start, 0}};
    state_[start] = State::kOpen;
    while (!stack_.empty()) {
      const auto next = neighbour(stack_.back());
      ++stack_.back().next;
      if (!next) {
        state_[stack_.back().node] = State::kDone;
        stack_.pop_back();
      } else if (state_[*next] == State::kOpen) {
        closing_ = *next;
        return true;
      } else if (state_[*next] == State::kNew) {
        state_[*next] = State::kOpen;
        stack_.push_back({*next, 0});
      }
    }
    return false;
  }

  [[nodiscard]] std::vector<std::size_t> cycle() const {
    std::vector<std::size_t> out;
    auto at = std::find_if(stack_.begin(), stack_.end(),
                           [this](const Frame& frame) { return frame.node == closing_; });
    for (; at != stack_.end(); ++at) {
      if (at->node < steps_) out.push_back(at->node);
    }
    if (!out.empty()) out.push_back(out.front());
    return out;
  }

  const Order& order_;
  std::size_t steps_;
  std::vector<State> state_;
  std::vector<Frame> stack_;
  std::size_t closing_ = 0;
};

std::size_t delete_rank(const ObjectRef& ref) {
  if (is_interceptor(ref)) return 0;
  if (is_crd({ref.group, "", ref.kind})) return 2;
  if (is_namespace({ref.group, "", ref.kind})) return 5;
  if (in(prerequisite_kinds(), ref)) return 4;
  const bool builtin = ref.group.find('.') == std::string::npos || ref.group.ends_with(".k8s.io");
  return builtin ? 3 : 1;
}

}  // namespace

bool is_admission(const model::ObjectRef& object) {
  return object.group == "admissionregistration.k8s.io";
}

bool is_workload(const model::ObjectRef& object) {
  return in(workload_kinds(), object);
}

std::vector<std::size_t> find_cycle(const Order& order) {
  return CycleSearch(order).run();
}

Result<Order> write_order(std::span<const model::Object* const> objects) {
  Order order = WriteOrder(objects).build();
  const auto cycle = find_cycle(order);
  if (cycle.empty()) return order;
  std::string path;
  for (const std::size_t i : cycle) {
    if (!path.empty()) path += " waits for ";
    path += objects[i]->ref().to_string();
  }
  return fail(errors::kCycle, path);
}

Order delete_order(std::span<const model::ObjectRef> objects) {
  Order order;
  order.depends_on.resize(objects.size());
  order.waits_for.resize(objects.size());
  order.gates.resize(objects.size(), false);
  std::map<std::size_t, Group> ranks;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::size_t rank = delete_rank(objects[i]);
    ranks[rank].name = "deletions " + std::to_string(rank);
    ranks[rank].members.push_back(i);
  }
  // Each rank waits for the one before it, which has itself waited for all earlier ones.
  std::optional<std::size_t> previous;
  for (auto& [rank, group] : ranks) {
    if (previous) {
      for (const std::size_t i : group.members) order.waits_for[i].push_back(*previous);
    }
    previous = order.groups.size();
    order.groups.push_back(std::move(group));
  }
  return order;
}

}  // namespace instantexec::plan
