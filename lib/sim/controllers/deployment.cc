#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/controllers/control.h"
#include "sim/controllers/deployment.h"
#include "sim/controllers/pods.h"

namespace instantexec::sim {
namespace {

using model::get_bool;
using model::get_int;
using model::get_string;
using model::Json;

constexpr const char* kHashLabel = "pod-template-hash";

Json template_without_hash(const model::Object& set) {
  Json out = model::get_object(set.json, "/spec/template");
  if (out.contains("metadata") && out["metadata"].contains("labels"))
    out["metadata"]["labels"].erase(kHashLabel);
  return out;
}

std::int64_t revision_of(const model::Object& object) {
  const std::string text = object.annotation(kRevision);
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::int64_t wanted(const model::Object& object) {
  return get_int(object.json, "/spec/replicas", 1);
}

model::Object new_replica_set(const model::Object& deployment, std::int64_t revision) {
  Json pod_template = model::get_object(deployment.json, "/spec/template");
  const std::string hash = template_hash(pod_template);
  pod_template["metadata"]["labels"][kHashLabel] = hash;
  Json selector = model::get_object(deployment.json, "/spec/selector");
  selector["matchLabels"][kHashLabel] = hash;
  Json spec{{"replicas", 0}, {"selector", std::move(selector)}, {"template", pod_template}};
  if (const Json* seconds = model::find(deployment.json, "/spec/minReadySeconds"))
    spec["minReadySeconds"] = *seconds;
  return {Json{{"apiVersion", "apps/v1"},
               {"kind", "ReplicaSet"},
               {"metadata",
                {{"name", deployment.name() + "-" + hash},
                 {"namespace", deployment.ns()},
                 {"labels", pod_template["metadata"]["labels"]},
                 {"annotations",
                  {{kRevision, std::to_string(revision)},
                   {"deployment.kubernetes.io/desired-replicas", std::to_string(wanted(deployment))}}},
                 {"ownerReferences", Json::array({controller_reference(deployment)})}}},
               {"spec", std::move(spec)}}};
}

void scale(Control& control, const model::Object& set, std::int64_t replicas,
           const model::Object& deployment) {
  if (wanted(set) == replicas) return;
  const bool up = replicas > wanted(set);
  model::Object after = set;
  after.json["spec"]["replicas"] = replicas;
  control.event(deployment, "Normal", "ScalingReplicaSet",
                std::string("Scaled ") + (up ? "up" : "down") + " replica set " + set.name() + " from " +
                    std::to_string(wanted(set)) + " to " + std::to_string(replicas));
  control.api.write(set, std::move(after), "kube-controller-manager", control.wall());
}

// Makes or finds the ReplicaSet of the current template, gives it the newest revision, and looks all up
// again.
void ensure_current(Control& control, const model::Object& deployment, Rollout& rollout) {
  std::int64_t newest = 0;
  for (const Snapshot& set : rollout.all) newest = std::max(newest, revision_of(*set));
  if (!rollout.current) {
    if (get_bool(deployment.json, "/spec/paused")) return;
    control.api.create(new_replica_set(deployment, newest + 1), control.wall());
  } else if (revision_of(*rollout.current) < newest) {
    model::Object after = *rollout.current;
    after.json["metadata"]["annotations"][kRevision] = std::to_string(newest + 1);
    control.api.write(*rollout.current, std::move(after), "kube-controller-manager", control.wall());
  }
  rollout = look_up(control, deployment);
}

void roll(Control& control, const model::Object& deployment, const Rollout& rollout) {
  const std::int64_t replicas = wanted(deployment);
  const Json* surge_field = model::find(deployment.json, "/spec/strategy/rollingUpdate/maxSurge");
  const Json* down_field = model::find(deployment.json, "/spec/strategy/rollingUpdate/maxUnavailable");
  const std::int64_t surge = share(surge_field, replicas, true, 1);
  std::int64_t unavailable = share(down_field, replicas, false, 0);
  if (surge == 0 && unavailable == 0) unavailable = 1;
  const std::int64_t total = rollout.total();
  const std::int64_t mine = wanted(*rollout.current);
  if (mine > replicas) return scale(control, *rollout.current, replicas, deployment);
  const std::int64_t room = replicas + surge - total;
  if (mine < replicas && room > 0) {
    return scale(control, *rollout.current, std::min(replicas, mine + room), deployment);
  }
  const std::int64_t least = replicas - unavailable;
  const std::int64_t mine_unavailable = mine - get_int(rollout.current->json, "/status/availableReplicas");
  std::int64_t spare = total - least - mine_unavailable;
  // Replicas that do not work are given up first, then working ones as far as the minimum allows.
  for (const Snapshot& set : rollout.old) {
    const std::int64_t broken = wanted(*set) - get_int(set->json, "/status/availableReplicas");
    const std::int64_t less = std::min(broken, spare);
    if (less <= 0) continue;
    scale(control, *set, wanted(*set) - less, deployment);
    return;
  }
  spare = rollout.available() - least;
  for (const Snapshot& set : rollout.old) {
    const std::int64_t less = std::min(wanted(*set), spare);
    if (less <= 0) continue;
    scale(control, *set, wanted(*set) - less, deployment);
    spare -= less;
  }
}

void recreate(Control& control, const model::Object& deployment, const Rollout& rollout) {
  bool old_gone = true;
  for (const Snapshot& set : rollout.old) {
    if (wanted(*set) > 0) scale(control, *set, 0, deployment);
    old_gone = old_gone && wanted(*set) == 0 && control.children(*set, "Pod").empty();
  }
  if (old_gone) return scale(control, *rollout.current, wanted(deployment), deployment);
  control.look_at(deployment.ref(), control.pace.pod_stop);
}

void forget_old(Control& control, const model::Object& deployment, const Rollout& rollout) {
  std::vector<Snapshot> idle = rollout.old;
  std::erase_if(idle, [](const Snapshot& set) {
    return wanted(*set) > 0 || get_int(set->json, "/status/replicas") > 0;
  });
  std::sort(idle.begin(), idle.end(),
            [](const Snapshot& a, const Snapshot& b) { return revision_of(*a) < revision_of(*b); });
  const std::int64_t kept = get_int(deployment.json, "/spec/revisionHistoryLimit", 10);
  for (std::size_t i = 0; static_cast<std::int64_t>(idle.size() - i) > kept && i < idle.size(); ++i) {
    control.api.remove(*idle[i], engine::Propagation::kBackground, control.wall());
  }
}

}  // namespace

std::int64_t Rollout::total() const {
  std::int64_t out = 0;
  for (const Snapshot& set : all) out += wanted(*set);
  return out;
}

std::int64_t Rollout::available() const {
  std::int64_t out = 0;
  for (const Snapshot& set : all) out += get_int(set->json, "/status/availableReplicas");
  return out;
}

Rollout look_up(Control& control, const model::Object& deployment) {
  Rollout out;
  out.all = control.children(deployment, "ReplicaSet");
  const Json& pod_template = model::get_object(deployment.json, "/spec/template");
  for (const Snapshot& set : out.all) {
    if (!out.current && template_without_hash(*set) == pod_template) {
      out.current = set;
    } else {
      out.old.push_back(set);
    }
  }
  return out;
}

void sync_deployment(Control& control, const model::ObjectRef& ref) {
  const Snapshot deployment = control.store().get(ref);
  if (!deployment || deployment->terminating()) return;
  Rollout rollout = look_up(control, *deployment);
  ensure_current(control, *deployment, rollout);
  const bool paused = get_bool(deployment->json, "/spec/paused");
  if (rollout.current && !paused) {
    if (get_string(deployment->json, "/spec/strategy/type") == "Recreate") {
      recreate(control, *deployment, rollout);
    } else {
      roll(control, *deployment, rollout);
    }
  } else if (rollout.current && rollout.old.empty()) {
    scale(control, *rollout.current, wanted(*deployment), *deployment);
  }
  rollout = look_up(control, *deployment);
  report_deployment(control, *deployment, rollout);
  if (rollout.current && rollout.available() >= wanted(*deployment))
    forget_old(control, *deployment, rollout);
}

}  // namespace instantexec::sim
