#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "sim/controllers/control.h"
#include "sim/controllers/pods.h"

namespace instantexec::sim {
namespace {

using model::get_int;
using model::get_string;
using model::Json;

// Pods to give up first: not ready, then the youngest.
void sort_for_removal(std::vector<Snapshot>& pods) {
  std::sort(pods.begin(), pods.end(), [](const Snapshot& a, const Snapshot& b) {
    return std::tuple(pod_ready(*a), get_string(b->json, "/metadata/creationTimestamp"), a->name()) <
           std::tuple(pod_ready(*b), get_string(a->json, "/metadata/creationTimestamp"), b->name());
  });
}

// The refusal of a pod, or "".
std::string make_pods(Control& control, const model::Object& set, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string name = set.name() + "-" + control.api.name_suffix();
    std::string problem;
    if (control.api.create(pod_from_template(set, name), control.wall(), &problem)) {
      control.event(set, "Normal", "SuccessfulCreate", "Created pod: " + name);
      continue;
    }
    control.event(set, "Warning", "FailedCreate", "Error creating: " + problem);
    control.note_failure(set);
    return problem;
  }
  control.note_success(set);
  return "";
}

struct Counts {
  std::int64_t ready = 0;
  std::int64_t available = 0;
  std::int64_t terminating = 0;
};

Counts count(Control& control, const model::Object& set, const std::vector<Snapshot>& pods) {
  const std::int64_t min_ready = get_int(set.json, "/spec/minReadySeconds");
  Counts out;
  for (const Snapshot& pod : pods) {
    if (!pod_ready(*pod)) continue;
    ++out.ready;
    if (pod_available(*pod, min_ready, control.wall())) {
      ++out.available;
    } else {
      control.look_at(set.ref(), Duration{min_ready * 1000});
    }
  }
  return out;
}

}  // namespace

void sync_replica_set(Control& control, const model::ObjectRef& ref) {
  const Snapshot set = control.store().get(ref);
  if (!set) return;
  std::vector<Snapshot> pods = control.children(*set, "Pod");
  std::erase_if(pods, [](const Snapshot& pod) { return !pod_active(*pod); });
  const std::int64_t wanted = get_int(set->json, "/spec/replicas", 1);
  const auto have = static_cast<std::int64_t>(pods.size());
  std::string problem;
  if (!set->terminating() && have < wanted) {
    const Json* failure = condition_of(*set, "ReplicaFailure");
    problem = control.may_try(*set) ? make_pods(control, *set, wanted - have)
              : failure != nullptr  ? get_string(*failure, "/message")
                                    : "";
  } else if (!set->terminating() && have > wanted) {
    sort_for_removal(pods);
    for (std::int64_t i = 0; i < have - wanted; ++i) {
      control.api.remove(*pods[static_cast<std::size_t>(i)], engine::Propagation::kBackground,
                         control.wall());
    }
  }
  pods = control.children(*set, "Pod");
  std::erase_if(pods, [](const Snapshot& pod) { return !pod_active(*pod); });
  Counts counts = count(control, *set, pods);
  for (const Snapshot& pod : control.children(*set, "Pod")) counts.terminating += pod->terminating() ? 1 : 0;
  model::Object after = *set;
  Json status{{"replicas", pods.size()},
              {"fullyLabeledReplicas", pods.size()},
              {"readyReplicas", counts.ready},
              {"availableReplicas", counts.available},
              {"terminatingReplicas", counts.terminating},
              {"observedGeneration", set->generation()}};
  drop_zeros(status, {"replicas", "terminatingReplicas"});
  if (!problem.empty()) {
    Json conditions = model::get_array(set->json, "/status/conditions");
    set_condition(
        conditions,
        {{"type", "ReplicaFailure"}, {"status", "True"}, {"reason", "FailedCreate"}, {"message", problem}},
        format_rfc3339(control.wall()));
    status["conditions"] = std::move(conditions);
  }
  after.json["status"] = std::move(status);
  control.api.write_status(*set, after, "kube-controller-manager", control.wall());
}

}  // namespace instantexec::sim
