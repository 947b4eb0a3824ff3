#include "model/deploy_report.h"

namespace instantexec::model {

std::string_view to_string(Action action) {
  switch (action) {
    case Action::kCreated:
      return "created";
    case Action::kConfigured:
      return "configured";
    case Action::kUnchanged:
      return "unchanged";
    case Action::kPruned:
      return "pruned";
    case Action::kRestored:
      return "restored";
    case Action::kDeleted:
      return "deleted";
    case Action::kSkipped:
      return "skipped";
    case Action::kFailed:
      return "failed";
  }
  return "failed";
}

std::string_view to_string(DeployResult result) {
  switch (result) {
    case DeployResult::kNothingToDo:
      return "nothing_to_do";
    case DeployResult::kRefused:
      return "refused";
    case DeployResult::kDryRun:
      return "dry_run";
    case DeployResult::kDeployed:
      return "deployed";
    case DeployResult::kRolledBack:
      return "rolled_back";
    case DeployResult::kRollbackIncomplete:
      return "rollback_incomplete";
    case DeployResult::kPartlyUndone:
      return "partly_undone";
    case DeployResult::kUnhealthy:
      return "unhealthy";
    case DeployResult::kFailedKept:
      return "failed_kept";
    case DeployResult::kInterrupted:
      return "interrupted";
  }
  return "rollback_incomplete";
}

}  // namespace instantexec::model
