#include <algorithm>
#include <map>
#include <utility>

#include "sim/controllers/control.h"
#include "sim/controllers/pods.h"
#include "sim/selectors.h"

namespace instantexec::sim {
namespace {

using model::get_int;
using model::get_object;
using model::get_string;
using model::Json;

constexpr const char* kRevisionLabel = "controller-revision-hash";

std::vector<std::string> wanted_nodes(Control& control, const model::Object& set) {
  const Json& selector = get_object(set.json, "/spec/template/spec/nodeSelector");
  std::vector<std::string> out;
  for (const Snapshot& node : control.store().list("", "Node", "")) {
    if (selector.empty() || holds_all(selector, get_object(node->json, "/metadata/labels")))
      out.push_back(node->name());
  }
  return out;
}

void make(Control& control, const model::Object& set, const std::string& node, const std::string& revision) {
  model::Object pod = pod_from_template(set, set.name() + "-" + control.api.name_suffix());
  pod.json["metadata"]["labels"][kRevisionLabel] = revision;
  pod.json["spec"]["nodeName"] = node;
  std::string problem;
  if (!control.may_try(set)) return;
  if (control.api.create(std::move(pod), control.wall(), &problem)) return control.note_success(set);
  control.event(set, "Warning", "FailedCreate", "Error creating: " + problem);
  control.note_failure(set);
}

// Deletes as many old pods as may be missing at a time.
void roll(Control& control, const model::Object& set, const std::vector<Snapshot>& pods,
          const std::string& revision, std::size_t desired) {
  if (get_string(set.json, "/spec/updateStrategy/type") == "OnDelete") return;
  const Json* field = model::find(set.json, "/spec/updateStrategy/rollingUpdate/maxUnavailable");
  const auto total = static_cast<std::int64_t>(desired);
  std::int64_t spare = std::max<std::int64_t>(share(field, total, true, 1), 1) - total;
  for (const Snapshot& pod : pods) {
    if (pod_active(*pod) && pod_ready(*pod)) ++spare;
  }
  for (const Snapshot& pod : pods) {
    if (!pod_active(*pod) || pod->labels()[kRevisionLabel] == revision) continue;
    if (pod_ready(*pod) && spare-- <= 0) continue;
    control.api.remove(*pod, engine::Propagation::kBackground, control.wall());
  }
}

}  // namespace

void sync_daemon_set(Control& control, const model::ObjectRef& ref) {
  const Snapshot set = control.store().get(ref);
  if (!set || set->terminating()) return;
  const std::string revision = template_hash(get_object(set->json, "/spec/template"));
  const auto nodes = wanted_nodes(control, *set);
  std::map<std::string, Snapshot> by_node;
  auto pods = control.children(*set, "Pod");
  for (const Snapshot& pod : pods) {
    if (!pod->terminating()) by_node[get_string(pod->json, "/spec/nodeName")] = pod;
  }
  for (const std::string& node : nodes) {
    if (!by_node.contains(node)) make(control, *set, node, revision);
  }
  roll(control, *set, pods, revision, nodes.size());
  pods = control.children(*set, "Pod");
  std::int64_t scheduled = 0;
  std::int64_t ready = 0;
  std::int64_t available = 0;
  std::int64_t updated = 0;
  const std::int64_t min_ready = get_int(set->json, "/spec/minReadySeconds");
  for (const Snapshot& pod : pods) {
    if (!pod_active(*pod)) continue;
    ++scheduled;
    if (pod->labels()[kRevisionLabel] == revision) ++updated;
    if (pod_ready(*pod)) ++ready;
    if (pod_available(*pod, min_ready, control.wall())) ++available;
  }
  if (min_ready > 0 && available < ready) control.look_at(ref, Duration{min_ready * 1000});
  const auto desired = static_cast<std::int64_t>(nodes.size());
  Json status{{"observedGeneration", set->generation()},
              {"desiredNumberScheduled", desired},
              {"currentNumberScheduled", scheduled},
              {"numberMisscheduled", 0},
              {"numberReady", ready},
              {"numberAvailable", available},
              {"updatedNumberScheduled", updated},
              {"numberUnavailable", desired - available}};
  drop_zeros(status,
             {"desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady"});
  model::Object after = *set;
  after.json["status"] = std::move(status);
  control.api.write_status(*set, after, "kube-controller-manager", control.wall());
}

}  // namespace instantexec::sim
