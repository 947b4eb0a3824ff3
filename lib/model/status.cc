#include "model/status.h"

namespace instantexec::model {

std::string_view to_string(HealthStatus status) {
  switch (status) {
    case HealthStatus::kInProgress:
      return "InProgress";
    case HealthStatus::kCurrent:
      return "Current";
    case HealthStatus::kFailed:
      return "Failed";
    case HealthStatus::kSuspended:
      return "Suspended";
    case HealthStatus::kTerminating:
      return "Terminating";
    case HealthStatus::kNotFound:
      return "NotFound";
    case HealthStatus::kUnknown:
      return "Unknown";
  }
  return "Unknown";
}

}  // namespace instantexec::model
