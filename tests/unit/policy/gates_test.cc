#include "policy/gates.h"

#include <gtest/gtest.h>

namespace instantexec::policy {
namespace {

struct AnalysisRow {
  const char* name;
  model::DecisionType decision;
  double confidence;
  double risk;
  bool passes;
};

TEST(Gates, AnalysisAtItsEdges) {
  const AnalysisRow rows[] = {
      {"approve", model::DecisionType::kApprove, 1.0, 0, true},
      {"conditional", model::DecisionType::kConditionalApprove, 0.85, 74.9, true},
      {"review", model::DecisionType::kReview, 1.0, 0, false},
      {"reject", model::DecisionType::kReject, 1.0, 0, false},
      {"confidence just below", model::DecisionType::kApprove, 0.849, 0, false},
      {"risk at the maximum", model::DecisionType::kApprove, 1.0, 75, false},
  };
  for (const auto& row : rows) {
    model::AnalysisResult analysis;
    analysis.decision = row.decision;
    analysis.confidence = row.confidence;
    analysis.risk_score = row.risk;
    EXPECT_EQ(all_passed(analysis_gates({}, analysis)), row.passes) << row.name;
  }
}

TEST(Gates, ValidationNeedsPassRateAndNoError) {
  model::ValidationResult validation;
  validation.success_rate = 0.8;
  EXPECT_TRUE(all_passed(validation_gates({}, validation)));
  validation.success_rate = 0.79;
  EXPECT_FALSE(all_passed(validation_gates({}, validation)));
  validation.success_rate = 1;
  validation.findings.resize(1);
  validation.findings[0].severity = model::Severity::kWarning;
  EXPECT_TRUE(all_passed(validation_gates({}, validation)));
  validation.findings[0].severity = model::Severity::kError;
  const auto gates = validation_gates({}, validation);
  EXPECT_FALSE(all_passed(gates));
  EXPECT_EQ(gates[1].actual, "1 error");
}

TEST(Gates, OnlyHealthyEndingsPass) {
  model::DeployReport report;
  for (const auto result :
       {model::DeployResult::kNothingToDo, model::DeployResult::kDeployed, model::DeployResult::kDryRun}) {
    report.result = result;
    EXPECT_TRUE(health_gate(report).passed) << model::to_string(result);
  }
  for (const auto result : {model::DeployResult::kRolledBack, model::DeployResult::kRollbackIncomplete,
                            model::DeployResult::kFailedKept, model::DeployResult::kUnhealthy,
                            model::DeployResult::kInterrupted}) {
    report.result = result;
    EXPECT_FALSE(health_gate(report).passed) << model::to_string(result);
  }
}

}  // namespace
}  // namespace instantexec::policy
