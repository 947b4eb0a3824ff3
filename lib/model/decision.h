#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"

namespace instantexec::model {

// The four verdicts on a change, as the design of the pipeline names them.
enum class DecisionType { kApprove, kConditionalApprove, kReview, kReject };

enum class RiskLevel { kLow, kMedium, kHigh, kCritical };

// Why a decision is what it is: a sentence and, where one exists, the rule id of the finding it rests on.
struct Reason {
  std::string text;
  std::string rule;
};

// Outcome of stage 1.
struct AnalysisResult {
  DecisionType decision = DecisionType::kReview;
  double confidence = 0;  // 0-1: share of the change that could be examined
  double risk_score = 0;  // 0-100
  RiskLevel risk_level = RiskLevel::kLow;
  std::vector<Finding> conflicts;
  std::vector<std::string> recommendations;
  std::vector<Reason> reasons;             // of the decision, strongest first
  std::vector<Reason> confidence_reasons;  // one for every deduction from 1.0
};

[[nodiscard]] std::string_view to_string(
    DecisionType decision);  // "approve", "conditional_approve", "review", "reject"
[[nodiscard]] std::string_view to_string(RiskLevel level);  // "low", "medium", "high", "critical"

}  // namespace instantexec::model
