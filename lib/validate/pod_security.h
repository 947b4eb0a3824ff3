#pragma once

#include <string>
#include <vector>

#include "validate/workload.h"

namespace instantexec::validate {

// Levels of the Pod Security Standards, in the words of the namespace label.
enum class PodSecurityLevel { kPrivileged, kBaseline, kRestricted };

// What a pod does that its namespace forbids.
struct PodSecurityViolation {
  std::string pointer;  // of the field, from the object's root
  std::string text;     // "container web: privileged"
};

// Violations of the level by the workload's pods, by the controls of the Pod Security Standards that need no
// knowledge of the node: host namespaces, privileged, capabilities, hostPath and other volume types, host
// ports, privilege escalation, running as root, seccomp.
[[nodiscard]] std::vector<PodSecurityViolation> pod_security_violations(const Workload& workload,
                                                                        PodSecurityLevel level);

}  // namespace instantexec::validate
