#pragma once

#include "status/rule.h"

// Rules of the workload kinds. Internal to the module.
namespace instantexec::status {

[[nodiscard]] Assessment assess_deployment(const Input& input);
[[nodiscard]] Assessment assess_replica_set(const Input& input);  // and ReplicationController
[[nodiscard]] Assessment assess_stateful_set(const Input& input);
[[nodiscard]] Assessment assess_daemon_set(const Input& input);
[[nodiscard]] Assessment assess_pod(const Input& input);
[[nodiscard]] Assessment assess_job(const Input& input);

// Of a Deployment: "75%" or "maxUnavailable" of the new replicas available is enough, "none" awaits nothing.
// Anything else, and a rollout whose ReplicaSet is not known, is awaited as a whole.
inline constexpr std::string_view kThresholdAnnotation = "instantexec.dev/required-rollout";
// The verdict "ready" of a rollout that is not complete, where the annotation says that it is enough.
[[nodiscard]] std::optional<Assessment> enough_of_rollout(const Input& input);

// Pods of the revision being rolled out; all pods for kinds without revisions. Terminating ones included.
[[nodiscard]] std::vector<const model::Object*> new_pods(const Input& input);
// The Deployment's ReplicaSet of the current revision; nullptr while there is none.
[[nodiscard]] const model::Object* new_replica_set(const Input& input);

}  // namespace instantexec::status
