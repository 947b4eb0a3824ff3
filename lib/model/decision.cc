#include "model/decision.h"

namespace instantexec::model {

std::string_view to_string(DecisionType decision) {
  switch (decision) {
    case DecisionType::kApprove:
      return "approve";
    case DecisionType::kConditionalApprove:
      return "conditional_approve";
    case DecisionType::kReview:
      return "review";
    case DecisionType::kReject:
      return "reject";
  }
  return "review";
}

std::string_view to_string(RiskLevel level) {
  switch (level) {
    case RiskLevel::kLow:
      return "low";
    case RiskLevel::kMedium:
      return "medium";
    case RiskLevel::kHigh:
      return "high";
    case RiskLevel::kCritical:
      return "critical";
  }
  return "critical";
}

}  // namespace instantexec::model
