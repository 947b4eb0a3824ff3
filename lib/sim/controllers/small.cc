#include <algorithm>
#include <utility>

#include "sim/controllers/control.h"
#include "sim/controllers/pods.h"
#include "sim/quota.h"
#include "sim/selectors.h"

// Controllers that do one thing.
namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_int;
using model::get_object;
using model::get_string;
using model::Json;

constexpr const char* kManager = "kube-controller-manager";

bool in_use(Control& control, const model::Object& claim) {
  for (const Snapshot& pod : control.store().list("", "Pod", claim.ns())) {
    if (!pod_active(*pod) && !pod->terminating()) continue;
    for (const Json& volume : get_array(pod->json, "/spec/volumes")) {
      if (get_string(volume, "/persistentVolumeClaim/claimName") == claim.name()) return true;
    }
  }
  return false;
}

}  // namespace

// Every claim is bound at once; one that is deleted goes when no pod uses it.
void sync_claim(Control& control, const model::ObjectRef& ref) {
  const Snapshot claim = control.store().get(ref);
  if (!claim) return;
  if (claim->terminating()) {
    const Json& finalizers = get_array(claim->json, "/metadata/finalizers");
    const bool ours = finalizers.size() == 1 && finalizers[0] == "kubernetes.io/pvc-protection";
    if (ours && !in_use(control, *claim)) control.api.finish_removal(ref);
    return;
  }
  if (get_string(claim->json, "/status/phase") == "Bound") return;
  // Nobody provisions for a class that does not exist.
  const std::string named = get_string(claim->json, "/spec/storageClassName");
  if (!named.empty() && !control.store().get({"storage.k8s.io", "StorageClass", "", named})) return;
  model::Object bound = *claim;
  bound.json["spec"]["volumeName"] = "pvc-" + claim->uid();
  const Snapshot written = control.api.write(*claim, std::move(bound), kManager, control.wall());
  if (!written) return;
  model::Object after = *written;
  after.json["status"] = Json{{"phase", "Bound"},
                              {"accessModes", get_array(claim->json, "/spec/accessModes")},
                              {"capacity", get_object(claim->json, "/spec/resources/requests")}};
  control.api.write_status(*written, after, kManager, control.wall());
}

void sync_volume(Control& control, const model::ObjectRef& ref) {
  const Snapshot volume = control.store().get(ref);
  if (!volume) return;
  if (volume->terminating()) {
    const Json& finalizers = get_array(volume->json, "/metadata/finalizers");
    if (finalizers.size() == 1 && finalizers[0] == "kubernetes.io/pv-protection")
      control.api.finish_removal(ref);
    return;
  }
  if (get_string(volume->json, "/status/phase") != "Pending") return;
  model::Object after = *volume;
  after.json["status"]["phase"] = "Available";
  control.api.write_status(*volume, after, kManager, control.wall());
}

void sync_quota(Control& control, const model::ObjectRef& ref) {
  const Snapshot quota = control.store().get(ref);
  if (!quota || quota->terminating()) return;
  const Json& hard = get_object(quota->json, "/spec/hard");
  const auto usage = usage_in(control.store(), ref.ns);
  Json used = Json::object();
  for (const auto& [name, limit] : hard.items()) {
    const auto it = usage.find(name);
    used[name] = format_quantity(it == usage.end() ? 0 : it->second);
  }
  model::Object after = *quota;
  after.json["status"] = Json{{"hard", hard}, {"used", std::move(used)}};
  control.api.write_status(*quota, after, kManager, control.wall());
}

void sync_disruption_budget(Control& control, const model::ObjectRef& ref) {
  const Snapshot budget = control.store().get(ref);
  if (!budget || budget->terminating()) return;
  std::int64_t expected = 0;
  std::int64_t healthy = 0;
  for (const Snapshot& pod : control.store().list("", "Pod", ref.ns)) {
    if (!pod_active(*pod)) continue;
    if (!matches_selector(get_object(budget->json, "/spec/selector"),
                          get_object(pod->json, "/metadata/labels")))
      continue;
    ++expected;
    if (pod_ready(*pod)) ++healthy;
  }
  const Json* least = model::find(budget->json, "/spec/minAvailable");
  const Json* most = model::find(budget->json, "/spec/maxUnavailable");
  const std::int64_t desired = least != nullptr
                                   ? share(least, expected, true, 0)
                                   : std::max<std::int64_t>(0, expected - share(most, expected, true, 0));
  const std::int64_t allowed = std::max<std::int64_t>(0, healthy - desired);
  Json conditions = get_array(budget->json, "/status/conditions");
  set_condition(conditions,
                {{"type", "DisruptionAllowed"},
                 {"status", allowed > 0 ? "True" : "False"},
                 {"reason", allowed > 0 ? "SufficientPods" : "InsufficientPods"},
                 {"message", ""},
                 {"observedGeneration", budget->generation()}},
                format_rfc3339(control.wall()));
  model::Object after = *budget;
  after.json["status"] = Json{{"observedGeneration", budget->generation()},
                              {"expectedPods", expected},
                              {"currentHealthy", healthy},
                              {"desiredHealthy", desired},
                              {"disruptionsAllowed", allowed},
                              {"conditions", std::move(conditions)}};
  control.api.write_status(*budget, after, kManager, control.wall());
}

// Finds its target, and, as in a cluster without metrics, leaves the replicas alone but for the bounds.
void sync_autoscaler(Control& control, const model::ObjectRef& ref) {
  const Snapshot scaler = control.store().get(ref);
  if (!scaler || scaler->terminating()) return;
  const Json& wanted = get_object(scaler->json, "/spec/scaleTargetRef");
  const std::string kind = get_string(wanted, "/kind");
  const Snapshot target = control.store().get({model::make_gvk(get_string(wanted, "/apiVersion"), kind).group,
                                               kind, ref.ns, get_string(wanted, "/name")});
  Json conditions = get_array(scaler->json, "/status/conditions");
  const std::string now = format_rfc3339(control.wall());
  Json status = get_object(scaler->json, "/status");
  if (!target) {
    set_condition(conditions,
                  {{"type", "AbleToScale"},
                   {"status", "False"},
                   {"reason", "FailedGetScale"},
                   {"message", "the HPA controller was unable to get the target's current scale"}},
                  now);
    control.look_at(ref, Duration{15'000});
  } else {
    const std::int64_t replicas = get_int(target->json, "/spec/replicas", 1);
    const std::int64_t bounded =
        std::clamp(replicas, get_int(scaler->json, "/spec/minReplicas", 1),
                   std::max<std::int64_t>(1, get_int(scaler->json, "/spec/maxReplicas", 1)));
    if (bounded != replicas && replicas > 0) {
      model::Object scaled = *target;
      scaled.json["spec"]["replicas"] = bounded;
      control.api.write(*target, std::move(scaled), kManager, control.wall());
    }
    set_condition(conditions,
                  {{"type", "AbleToScale"},
                   {"status", "True"},
                   {"reason", "SucceededGetScale"},
                   {"message", "the HPA controller was able to get the target's current scale"}},
                  now);
    set_condition(
        conditions,
        {{"type", "ScalingActive"},
         {"status", "False"},
         {"reason", "FailedGetResourceMetric"},
         {"message", "the HPA was unable to compute the replica count: no metrics in a simulation"}},
        now);
    status["currentReplicas"] = replicas;
    status["desiredReplicas"] = bounded;
  }
  status["conditions"] = std::move(conditions);
  model::Object after = *scaler;
  after.json["status"] = std::move(status);
  control.api.write_status(*scaler, after, kManager, control.wall());
}

}  // namespace instantexec::sim
