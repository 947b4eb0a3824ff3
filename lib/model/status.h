#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/gvk.h"

namespace instantexec::model {

// The words of kstatus, and Suspended for what waits on a person (a paused Deployment, a suspended Job).
enum class HealthStatus { kInProgress, kCurrent, kFailed, kSuspended, kTerminating, kNotFound, kUnknown };

// One observation behind a verdict. Text is sanitised.
struct Evidence {
  ObjectRef subject;  // often a child: the pod, the ReplicaSet
  std::string text;   // "container app: ImagePullBackOff: …"
};

// Health of one object at one moment.
struct ObjectStatus {
  HealthStatus status = HealthStatus::kUnknown;
  std::string reason;   // CamelCase word: "RolloutComplete", "ImageNotFound", "CrashLoop"
  std::string message;  // one sentence, sanitised
  std::vector<Evidence> evidence;
  std::string hint;  // the next command for a person; may be empty

  // No amount of waiting will make it Current.
  [[nodiscard]] bool doomed() const { return status == HealthStatus::kFailed; }
};

[[nodiscard]] std::string_view to_string(HealthStatus status);  // "InProgress", "Current", …

}  // namespace instantexec::model
