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

// Pods of the revision being rolled out; all pods for kinds without revisions. Terminating ones included.
[[nodiscard]] std::vector<const model::Object*> new_pods(const Input& input);
// The Deployment's ReplicaSet of the current revision; nullptr while there is none.
[[nodiscard]] const model::Object* new_replica_set(const Input& input);

}  // namespace instantexec::status
