#include "policy/gates.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace instantexec::policy {
namespace {

using model::GateResult;

bool healthy(const model::DeployReport& deployment) {
  switch (deployment.result) {
    case model::DeployResult::kNothingToDo:
    case model::DeployResult::kDeployed:
    case model::DeployResult::kDryRun:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::vector<GateResult> analysis_gates(const Thresholds& thresholds, const model::AnalysisResult& analysis) {
  const bool approved = analysis.decision == model::DecisionType::kApprove ||
                        analysis.decision == model::DecisionType::kConditionalApprove;
  return {
      {"decision", approved, "approve or conditional_approve",
       std::string(model::to_string(analysis.decision))},
      {"confidence", analysis.confidence >= thresholds.min_confidence,
       fmt::format(">= {:.2f}", thresholds.min_confidence), fmt::format("{:.2f}", analysis.confidence)},
      {"risk", analysis.risk_score < thresholds.max_risk_score,
       fmt::format("< {:.0f}", thresholds.max_risk_score), fmt::format("{:.1f}", analysis.risk_score)},
  };
}

std::vector<GateResult> validation_gates(const Thresholds& thresholds,
                                         const model::ValidationResult& validation) {
  const auto errors = static_cast<std::size_t>(std::count_if(
      validation.findings.begin(), validation.findings.end(),
      [](const model::Finding& finding) { return finding.severity == model::Severity::kError; }));
  return {
      {"test-pass-rate", validation.success_rate >= thresholds.min_pass_rate,
       fmt::format(">= {:.0f} %", thresholds.min_pass_rate * 100),
       fmt::format("{:.1f} %", validation.success_rate * 100)},
      {"validation", errors == 0, "no error", errors == 0 ? "no error" : counted(errors, "error")},
  };
}

GateResult health_gate(const model::DeployReport& deployment) {
  return {"health", healthy(deployment), "all resources healthy",
          std::string(model::to_string(deployment.result))};
}

bool all_passed(const std::vector<GateResult>& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const GateResult& gate) { return gate.passed; });
}

}  // namespace instantexec::policy
