#include <fmt/format.h>

#include <utility>

#include "sim/controllers/deployment.h"
#include "sim/controllers/pods.h"

namespace instantexec::sim {
namespace {

using model::get_bool;
using model::get_int;
using model::get_string;
using model::Json;

struct Counts {
  std::int64_t replicas = 0;
  std::int64_t updated = 0;
  std::int64_t ready = 0;
  std::int64_t available = 0;
  std::int64_t terminating = 0;
};

Counts count(const Rollout& rollout) {
  Counts out;
  for (const Snapshot& set : rollout.all) {
    out.replicas += get_int(set->json, "/status/replicas");
    out.ready += get_int(set->json, "/status/readyReplicas");
    out.available += get_int(set->json, "/status/availableReplicas");
    out.terminating += get_int(set->json, "/status/terminatingReplicas");
  }
  if (rollout.current) out.updated = get_int(rollout.current->json, "/status/replicas");
  return out;
}

bool progressed(const Json& before, const Counts& now) {
  const auto old = [&](const char* name) { return get_int(before, std::string("/") + name); };
  const std::int64_t old_replicas = old("replicas") - old("updatedReplicas");
  return now.updated > old("updatedReplicas") || now.replicas - now.updated < old_replicas ||
         now.ready > old("readyReplicas") || now.available > old("availableReplicas");
}

// The Progressing condition before its times are filled in; null: as it was.
Json progress(const model::Object& deployment, const Rollout& rollout, const Counts& counts, Timestamp now) {
  const auto say = [](bool holds, const char* reason, std::string message) {
    return Json{{"type", "Progressing"},
                {"status", holds ? "True" : "False"},
                {"reason", reason},
                {"message", std::move(message)}};
  };
  if (get_bool(deployment.json, "/spec/paused")) {
    return Json{{"type", "Progressing"},
                {"status", "Unknown"},
                {"reason", "DeploymentPaused"},
                {"message", "Deployment is paused"}};
  }
  const std::string set = rollout.current ? rollout.current->name() : "";
  const std::int64_t replicas = get_int(deployment.json, "/spec/replicas", 1);
  const Json* known = condition_of(deployment, "Progressing");
  const bool complete = counts.updated == replicas && counts.replicas == replicas &&
                        counts.available == replicas && rollout.current != nullptr;
  if (complete) {
    return say(true, "NewReplicaSetAvailable",
               fmt::format("ReplicaSet \"{}\" has successfully progressed.", set));
  }
  const Json& before = model::get_object(deployment.json, "/status");
  if (known == nullptr || progressed(before, counts) ||
      get_int(before, "/observedGeneration") != deployment.generation()) {
    if (known == nullptr) {
      return say(true, "NewReplicaSetCreated", fmt::format("Created new replica set \"{}\"", set));
    }
    return say(true, "ReplicaSetUpdated", fmt::format("ReplicaSet \"{}\" is progressing.", set));
  }
  const std::string reason = get_string(*known, "/reason");
  if (reason == "NewReplicaSetAvailable" || reason == "ProgressDeadlineExceeded") return {};
  const auto since = parse_rfc3339(get_string(*known, "/lastUpdateTime"));
  const Duration limit{get_int(deployment.json, "/spec/progressDeadlineSeconds", 600) * 1000};
  if (!since || now - *since < limit) return {};
  return say(false, "ProgressDeadlineExceeded",
             fmt::format("ReplicaSet \"{}\" has timed out progressing.", set));
}

void put_condition(Json& conditions, Json condition, bool update_time, const std::string& now) {
  if (condition.is_null()) return;
  for (const Json& known : conditions) {
    if (get_string(known, "/type") != get_string(condition, "/type")) continue;
    const bool same = get_string(known, "/reason") == get_string(condition, "/reason") &&
                      get_string(known, "/status") == get_string(condition, "/status");
    condition["lastUpdateTime"] = same && !update_time ? get_string(known, "/lastUpdateTime") : now;
  }
  if (!condition.contains("lastUpdateTime")) condition["lastUpdateTime"] = now;
  set_condition(conditions, std::move(condition), now);
}

Json availability(const model::Object& deployment, const Counts& counts) {
  const std::int64_t replicas = get_int(deployment.json, "/spec/replicas", 1);
  const Json* field = model::find(deployment.json, "/spec/strategy/rollingUpdate/maxUnavailable");
  const bool recreate = get_string(deployment.json, "/spec/strategy/type") == "Recreate";
  const std::int64_t least = replicas - (recreate ? 0 : share(field, replicas, false, 0));
  const bool enough = counts.available >= least;
  return {{"type", "Available"},
          {"status", enough ? "True" : "False"},
          {"reason", enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable"},
          {"message", enough ? "Deployment has minimum availability."
                             : "Deployment does not have minimum availability."}};
}

void copy_failure(const Rollout& rollout, Json& conditions, const std::string& now) {
  const Json* failure = rollout.current ? condition_of(*rollout.current, "ReplicaFailure") : nullptr;
  if (failure != nullptr) {
    Json copy = *failure;
    copy.erase("lastTransitionTime");
    put_condition(conditions, std::move(copy), false, now);
    return;
  }
  for (auto it = conditions.begin(); it != conditions.end(); ++it) {
    if (get_string(*it, "/type") == "ReplicaFailure") {
      conditions.erase(it);
      return;
    }
  }
}

}  // namespace

void report_deployment(Control& control, const model::Object& deployment, const Rollout& rollout) {
  const Counts counts = count(rollout);
  const std::string now = format_rfc3339(control.wall());
  const Json& before = model::get_object(deployment.json, "/status");
  Json status{
      {"observedGeneration", deployment.generation()},
      {"replicas", counts.replicas},
      {"updatedReplicas", counts.updated},
      {"readyReplicas", counts.ready},
      {"availableReplicas", counts.available},
      {"terminatingReplicas", counts.terminating},
      {"unavailableReplicas",
       std::max<std::int64_t>(
           0, std::max(get_int(deployment.json, "/spec/replicas", 1), counts.replicas) - counts.available)}};
  drop_zeros(status, {"terminatingReplicas"});
  Json conditions = model::get_array(deployment.json, "/status/conditions");
  put_condition(conditions, availability(deployment, counts), false, now);
  const bool moved = progressed(before, counts);
  Json progressing = progress(deployment, rollout, counts, control.wall());
  const bool over = !progressing.is_null() && get_string(progressing, "/reason") == "NewReplicaSetAvailable";
  const bool late =
      !progressing.is_null() && get_string(progressing, "/reason") == "ProgressDeadlineExceeded";
  put_condition(conditions, std::move(progressing), moved && !over, now);
  copy_failure(rollout, conditions, now);
  status["conditions"] = std::move(conditions);
  model::Object after = deployment;
  after.json["status"] = std::move(status);
  if (rollout.current)
    after.json["metadata"]["annotations"][kRevision] = rollout.current->annotation(kRevision);
  control.api.write_status(deployment, after, "kube-controller-manager", control.wall());
  const std::int64_t deadline = get_int(deployment.json, "/spec/progressDeadlineSeconds", 600);
  if (!over && !late) control.look_at(deployment.ref(), Duration{deadline * 1000 + 1000});
}

}  // namespace instantexec::sim
