#include "report/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace instantexec::report {

using model::Action;
using model::DeployResult;
using model::HealthStatus;

namespace {

bool is_rollback(const model::DeployReport& report) {
  return report.operation == "rollback";
}

bool is_recovery(const model::DeployReport& report) {
  return report.operation == "recover";
}

// Going back is what it was asked for. One that was to go forward and failed has a cause.
bool recovered_by_undoing(const model::DeployReport& report) {
  return is_recovery(report) && report.result == DeployResult::kRolledBack && !report.cause;
}

}  // namespace

bool succeeded(const model::DeployReport& report) {
  return report.result == DeployResult::kDeployed || report.result == DeployResult::kNothingToDo ||
         report.result == DeployResult::kDryRun || recovered_by_undoing(report);
}

bool succeeded(const model::RunReport& report) {
  return report.exit == ExitCode::kDone || report.exit == ExitCode::kDifferences;
}

std::string_view health_word(const model::DeployReport& report) {
  bool known = false;
  for (const model::ObjectOutcome& object : report.objects) {
    switch (object.health.status) {
      case HealthStatus::kCurrent:
      case HealthStatus::kSuspended:
        known = true;
        break;
      case HealthStatus::kUnknown:
        break;
      case HealthStatus::kNotFound:
      case HealthStatus::kTerminating:
        // Gone on purpose.
        if (object.action == Action::kPruned || object.action == Action::kDeleted) break;
        return "unhealthy";
      case HealthStatus::kInProgress:
      case HealthStatus::kFailed:
        return "unhealthy";
    }
  }
  return known ? "healthy" : "unknown";
}

std::size_t resources_deployed(const model::DeployReport& report) {
  if (report.result != DeployResult::kDeployed && report.result != DeployResult::kNothingToDo) return 0;
  return static_cast<std::size_t>(
      std::count_if(report.objects.begin(), report.objects.end(), [](const model::ObjectOutcome& object) {
        return object.action == Action::kCreated || object.action == Action::kConfigured ||
               object.action == Action::kUnchanged || object.action == Action::kRestored;
      }));
}

bool rollback_available(const model::DeployReport& report) {
  return report.previous_revision > 0;
}

namespace {

// What an undo brought back, from independent reads; what it did not stands among the differences.
std::string verified_words(const model::DeployReport& report) {
  if (!report.verification) return {};
  const model::Verification& found = *report.verification;
  // Without these two it is not what was promised, whatever else is.
  if (!found.values || !found.identity) return {};
  std::vector<std::string> words = {"values", "identity"};
  if (found.ownership) words.emplace_back("ownership");
  if (found.behaviour) words.emplace_back("health");
  const std::string last = words.back();
  words.pop_back();
  return ", " + join(words, ", ") + " and " + last + " verified";
}

std::string in_force(const model::DeployReport& report) {
  return report.revision > 0 ? fmt::format("revision {} is in force", report.revision)
                             : std::string("no revision is in force");
}

std::string to_target(const model::DeployReport& report) {
  return report.target > 0 ? fmt::format(" to revision {}", report.target) : "";
}

std::string deployed_sentence(const model::DeployReport& report) {
  if (is_rollback(report))
    return fmt::format("rolled back{}, recorded as revision {}", to_target(report), report.revision);
  return fmt::format("{}revision {} deployed", is_recovery(report) ? "recovered: " : "", report.revision);
}

// After a rollback that failed, "rolled back" would say the opposite.
std::string undone_sentence(const model::DeployReport& report) {
  std::string out = recovered_by_undoing(report) ? "recovered: " : "rolled back: ";
  if (is_rollback(report)) out = "the rollback" + to_target(report) + " failed and was undone: ";
  out += report.revision > 0 ? in_force(report) + " again"
                             : std::string("everything the release had created is gone again");
  const std::size_t kept = report.verification ? report.verification->kept : 0;
  if (kept > 0) out += " but for " + counted(kept, "kept object");
  return out + verified_words(report);
}

std::string incomplete_sentence(const model::DeployReport& report) {
  std::string_view what = "rollback incomplete";
  if (is_recovery(report)) what = "recovery incomplete";
  if (is_rollback(report)) what = "the rollback failed and was not undone completely";
  return fmt::format("{}: not everything could be put back", what);
}

}  // namespace

std::string state_sentence(const model::DeployReport& report) {
  switch (report.result) {
    case DeployResult::kNothingToDo:
      // A recovery looks for unfinished work, and at no object when there is none.
      return "nothing to do: " + in_force(report) +
             (report.objects.empty() ? " and no work is unfinished" : " and nothing differs");
    case DeployResult::kRefused:
      return "nothing was written: the plan has errors";
    case DeployResult::kDryRun:
      return "dry run: nothing was written";
    case DeployResult::kDeployed:
      return deployed_sentence(report);
    case DeployResult::kRolledBack:
      return undone_sentence(report);
    case DeployResult::kRollbackIncomplete:
      return incomplete_sentence(report);
    case DeployResult::kPartlyUndone:
      return fmt::format("{}partly undone: some objects could not be read; unfinished work is recorded",
                         is_rollback(report) ? "the rollback failed and is " : "");
    case DeployResult::kFailedKept:
      return is_rollback(report) ? "the rollback failed and is left as it is, because of --no-rollback"
                                 : "failed and left as it is, because rollback was switched off";
    case DeployResult::kUnhealthy:
      return "not healthy: " + in_force(report) + ", nothing differs and nothing was written";
    case DeployResult::kInterrupted:
      return "interrupted: unfinished work is recorded";
  }
  return {};
}

std::string same_cluster(const std::string& recover, const std::string& verb, const std::string& where) {
  static const std::string kRecover = "kubectl instantexec recover";
  const bool known = recover.starts_with(kRecover);
  return sanitise_line("kubectl instantexec " + verb + (known ? recover.substr(kRecover.size()) : where));
}

std::string next_command(const model::DeployReport& report) {
  const std::string where = report.ns.empty() ? "" : " -n " + report.ns;
  const std::string release = report.release.empty() ? "" : " --release " + report.release;
  switch (report.result) {
    case DeployResult::kRollbackIncomplete:
    case DeployResult::kPartlyUndone:
    case DeployResult::kInterrupted:
      return same_cluster(report.recover_command, "recover", where + release);
    case DeployResult::kFailedKept:
      return rollback_available(report)
                 ? same_cluster(report.recover_command, fmt::format("rollback {}", report.previous_revision),
                                where + release)
                 : "";
    case DeployResult::kUnhealthy:
      return same_cluster(report.recover_command, "status", where + release);
    default:
      return {};
  }
}

std::string count_actions(const model::DeployReport& report) {
  static constexpr std::array kOrder{Action::kCreated, Action::kConfigured, Action::kUnchanged,
                                     Action::kPruned,  Action::kRestored,   Action::kDeleted,
                                     Action::kSkipped, Action::kFailed};
  std::vector<std::string> parts;
  for (const Action action : kOrder) {
    const auto count =
        std::count_if(report.objects.begin(), report.objects.end(),
                      [action](const model::ObjectOutcome& object) { return object.action == action; });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, model::to_string(action)));
  }
  return join(parts, ", ");
}

std::string_view result_word(const model::RunReport& report) {
  switch (report.exit) {
    case ExitCode::kDone:
      return "succeeded";
    case ExitCode::kDifferences:
      return "differences";
    case ExitCode::kValidationFailed:
      return "validation_failed";
    case ExitCode::kRejected:
      return "rejected";
    case ExitCode::kRolledBack:
      return "rolled_back";
    case ExitCode::kRollbackFailed:
      return "rollback_failed";
    case ExitCode::kUnreachable:
      return "unreachable";
    case ExitCode::kLocked:
      return "locked";
    case ExitCode::kInterrupted:
      return "interrupted";
    case ExitCode::kInternal:
    case ExitCode::kUsage:
      return "error";
  }
  return "error";
}

}  // namespace instantexec::report
