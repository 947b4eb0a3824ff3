#include "risk/score.h"

#include <gtest/gtest.h>

namespace instantexec::risk {
namespace {

TEST(Risk, NoisyOrOfTheWeights) {
  EXPECT_DOUBLE_EQ(assess_risk({}).score, 0);
  EXPECT_DOUBLE_EQ(assess_risk({{"a", "", 0.5}}).score, 50);
  EXPECT_DOUBLE_EQ(assess_risk({{"a", "", 0.5}, {"b", "", 0.5}}).score, 75);
  EXPECT_DOUBLE_EQ(assess_risk({{"a", "", 0.1}, {"b", "", 1.0}}).score, 100);
}

struct LevelRow {
  double weight;
  model::RiskLevel level;
};

TEST(Risk, LevelsAtTheirEdges) {
  const LevelRow rows[] = {{0.24, model::RiskLevel::kLow},    {0.25, model::RiskLevel::kMedium},
                           {0.49, model::RiskLevel::kMedium}, {0.50, model::RiskLevel::kHigh},
                           {0.74, model::RiskLevel::kHigh},   {0.75, model::RiskLevel::kCritical}};
  for (const auto& row : rows) EXPECT_EQ(assess_risk({{"a", "", row.weight}}).level, row.level) << row.weight;
}

Coverage::File file(const char* path, std::size_t changed, analyze::FileMetrics metrics) {
  metrics.path = path;
  return {changed, false, std::move(metrics)};
}

TEST(Confidence, FullyExaminedChangesAreCertain) {
  EXPECT_DOUBLE_EQ(compute_confidence({}).value, 1.0);
  Coverage coverage;
  coverage.files = {file("a.go", 10, analyze::measure_file("a.go", "package a\n")),
                    file("n.md", 10, analyze::measure_file("n.md", "text\n"))};
  const auto confidence = compute_confidence(coverage);
  EXPECT_DOUBLE_EQ(confidence.value, 1.0);
  EXPECT_TRUE(confidence.reasons.empty());
}

struct DeductionRow {
  const char* name;
  Coverage coverage;
  double value;
};

TEST(Confidence, EveryDeductionHasAReason) {
  const auto clean = analyze::measure_file("a.go", "package a\n");
  DeductionRow rows[] = {
      {"unread file weighs by its lines",
       {{file("a.go", 30, clean), file("b.bin", 10, analyze::skipped_file("b.bin", "binary"))},
        true,
        true,
        true},
       0.75},
      {"unknown language",
       {{file("a.php", 10, analyze::measure_file("a.php", "<?php\n"))}, true, true, true},
       0.8},
      {"vendored",
       {{file("v", 10, analyze::skipped_file("vendor/v.go", "vendored"))}, true, true, true},
       0.5},
      {"no repository", {{}, false, false, true}, 0.9},
      {"shallow", {{}, true, false, true}, 0.95},
      {"unreadable manifest", {{}, true, true, false}, 0.8},
  };
  for (const auto& row : rows) {
    const auto confidence = compute_confidence(row.coverage);
    EXPECT_NEAR(confidence.value, row.value, 1e-12) << row.name;
    EXPECT_EQ(confidence.reasons.size(), 1U) << row.name;
  }
}

TEST(Confidence, DeletedFilesNeedNoReading) {
  Coverage coverage;
  coverage.files = {{10, true, analyze::skipped_file("gone.bin", "binary")}};
  EXPECT_DOUBLE_EQ(compute_confidence(coverage).value, 1.0);
}

model::Finding conflict(model::Severity severity) {
  model::Finding finding;
  finding.rule = "conflict.x";
  finding.severity = severity;
  finding.message = "m";
  finding.hint = "h";
  return finding;
}

struct DecisionRow {
  const char* name;
  std::vector<model::Finding> conflicts;
  double weight;
  double confidence;
  model::DecisionType decision;
};

TEST(Decision, FirstRuleThatApplies) {
  const auto error = conflict(model::Severity::kError);
  const auto warning = conflict(model::Severity::kWarning);
  const DecisionRow rows[] = {
      {"clean", {}, 0.1, 1.0, model::DecisionType::kApprove},
      {"at the minimum", {}, 0.1, 0.85, model::DecisionType::kApprove},
      {"low confidence", {}, 0.1, 0.84, model::DecisionType::kReview},
      {"risk at the maximum", {}, 0.75, 1.0, model::DecisionType::kReview},
      {"warning", {warning}, 0.1, 1.0, model::DecisionType::kConditionalApprove},
      {"warning under low confidence", {warning}, 0.1, 0.5, model::DecisionType::kReview},
      {"error beats everything", {warning, error}, 1.0, 0.1, model::DecisionType::kReject},
  };
  for (const auto& row : rows) {
    model::AnalysisResult result;
    result.conflicts = row.conflicts;
    result.confidence = row.confidence;
    decide({}, assess_risk({{"a", "", row.weight}}), result);
    EXPECT_EQ(result.decision, row.decision) << row.name;
    EXPECT_FALSE(result.reasons.empty()) << row.name;
  }
}

}  // namespace
}  // namespace instantexec::risk
