#include "cli/action/outputs.h"

#include <fmt/format.h>

#include <algorithm>

namespace instantexec::cli::action {
namespace {

std::string result_word(const model::RunReport& report) {
  if (report.deployment) return std::string(model::to_string(report.deployment->result));
  switch (report.exit) {
    case ExitCode::kDone:
    case ExitCode::kDifferences:
      return "passed";
    case ExitCode::kValidationFailed:
      return "failed";
    case ExitCode::kRejected:
      return "rejected";
    default:
      return "error";
  }
}

bool changed(const model::DeployReport& deployment) {
  switch (deployment.result) {
    case model::DeployResult::kDeployed:
      return std::ranges::any_of(deployment.objects, [](const model::ObjectOutcome& outcome) {
        return outcome.action != model::Action::kUnchanged && outcome.action != model::Action::kSkipped;
      });
    case model::DeployResult::kRollbackIncomplete:
    case model::DeployResult::kPartlyUndone:
    case model::DeployResult::kFailedKept:
    case model::DeployResult::kInterrupted:
      return true;
    case model::DeployResult::kNothingToDo:
    case model::DeployResult::kRefused:
    case model::DeployResult::kDryRun:
    case model::DeployResult::kRolledBack:
    case model::DeployResult::kUnhealthy:
      break;
  }
  return false;
}

std::string_view truth(bool value) {
  return value ? "true" : "false";
}

}  // namespace

std::vector<Output> outputs(const model::RunReport& report, const std::string& report_path) {
  std::vector<Output> list;
  const auto add = [&list](std::string_view name, std::string_view value) {
    list.push_back({std::string(name), std::string(value)});
  };
  add("result", result_word(report));
  add("exit-code", std::to_string(model::exit_status(report)));
  if (report.analysis) {
    add("decision", model::to_string(report.analysis->decision));
    add("risk-score", fmt::format("{:.1f}", report.analysis->risk_score));
    add("confidence", fmt::format("{:.2f}", report.analysis->confidence));
  }
  add("changed", truth(report.deployment && changed(*report.deployment)));
  if (report.deployment) add("release-revision", std::to_string(report.deployment->revision));
  const bool rolled_back = report.deployment && report.deployment->result == model::DeployResult::kRolledBack;
  add("rolled-back", truth(rolled_back));
  add("duration-seconds", fmt::format("{:.1f}", static_cast<double>(report.elapsed.count()) / 1000.0));
  if (!report_path.empty()) add("report-path", report_path);
  if (report.deployment && !report.deployment->evidence.empty())
    add("evidence-path", report.deployment->evidence);
  return list;
}

std::string output_text(const std::vector<Output>& outputs, std::string delimiter) {
  const auto holds_it = [&delimiter](const Output& output) {
    return output.value.find(delimiter) != std::string::npos;
  };
  while (std::ranges::any_of(outputs, holds_it)) delimiter += "x";
  std::string text;
  for (const Output& output : outputs) {
    text += output.name + "<<" + delimiter + "\n" + output.value + "\n" + delimiter + "\n";
  }
  return text;
}

}  // namespace instantexec::cli::action
