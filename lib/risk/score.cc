#include "risk/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"

namespace instantexec::risk {
namespace {

model::RiskLevel level_of(double score) {
  if (score < 25) return model::RiskLevel::kLow;
  if (score < 50) return model::RiskLevel::kMedium;
  return score < 75 ? model::RiskLevel::kHigh : model::RiskLevel::kCritical;
}

struct Examined {
  double share;
  std::string why;  // of a share below 1
};

Examined examined(const Coverage::File& file) {
  const analyze::FileMetrics& metrics = file.metrics;
  if (file.deleted) return {1.0, ""};
  if (metrics.depth == analyze::Depth::kSkipped) {
    if (metrics.skipped_because == "vendored") return {0.5, "vendored or generated, taken as it is"};
    return {0.0, "not read: " + metrics.skipped_because};
  }
  if (metrics.depth == analyze::Depth::kText) {
    return metrics.language == analyze::Language::kText
               ? Examined{1.0, ""}
               : Examined{0.8, "read as text only: no parser for it here"};
  }
  if (metrics.error_bytes == 0 || metrics.bytes == 0) return {1.0, ""};
  const double unparsable = static_cast<double>(metrics.error_bytes) / static_cast<double>(metrics.bytes);
  return {1.0 - std::min(1.0, unparsable), "partly beyond the parser"};
}

// One reason for all files that lose confidence for the same cause.
struct Loss {
  double amount = 0;
  std::vector<std::string> paths;
};

}  // namespace

RiskScore assess_risk(std::vector<EvidenceItem> evidence) {
  double safety = 1.0;
  for (const EvidenceItem& item : evidence) safety *= 1.0 - std::clamp(item.weight, 0.0, 1.0);
  RiskScore risk;
  risk.score = 100.0 * (1.0 - safety);
  risk.level = level_of(risk.score);
  risk.contributions = std::move(evidence);
  return risk;
}

Confidence compute_confidence(const Coverage& coverage) {
  double total = 0;
  for (const auto& file : coverage.files)
    total += static_cast<double>(std::max<std::size_t>(1, file.changed_lines));
  Confidence confidence;
  confidence.value = 1.0;
  std::map<std::string, Loss> losses;
  for (const auto& file : coverage.files) {
    const auto [share, why] = examined(file);
    if (share >= 1.0) continue;
    const double weight = static_cast<double>(std::max<std::size_t>(1, file.changed_lines)) / total;
    Loss& loss = losses[why];
    loss.amount += weight * (1.0 - share);
    loss.paths.push_back(sanitise_line(file.metrics.path, 120));
  }
  const auto deduct = [&](double amount, std::string text) {
    confidence.value -= amount;
    confidence.reasons.push_back({fmt::format("−{:.3f} {}", amount, std::move(text)), ""});
  };
  for (auto& [why, loss] : losses) {
    const std::size_t count = loss.paths.size();
    if (count > 3) loss.paths.resize(3);
    deduct(loss.amount, fmt::format("{}: {}{}", why, join(loss.paths, ", "),
                                    count > 3 ? fmt::format(" and {} more", count - 3) : ""));
  }
  if (!coverage.repository) {
    deduct(0.10, "no repository: there is no earlier state to compare with");
  } else if (!coverage.history_complete) {
    deduct(0.05, "the clone does not hold the whole history (in CI, check out with fetch-depth: 0)");
  }
  if (!coverage.manifests_read) deduct(0.20, "a manifest is not valid or could not be rendered");
  confidence.value = std::max(0.0, confidence.value);
  return confidence;
}

void decide(const DecisionThresholds& thresholds, const RiskScore& risk, model::AnalysisResult& result) {
  result.reasons.clear();
  const auto add_conflicts = [&](model::Severity severity) {
    for (const model::Finding& finding : result.conflicts) {
      if (finding.severity != severity) continue;
      result.reasons.push_back({finding.message, finding.rule});
      if (!finding.hint.empty()) result.recommendations.push_back(finding.hint);
    }
    return !result.reasons.empty();
  };
  if (add_conflicts(model::Severity::kError)) {
    result.decision = model::DecisionType::kReject;
    return;
  }
  if (result.confidence < thresholds.min_confidence) {
    result.reasons.push_back(
        {fmt::format("confidence {:.2f} is below {:.2f}", result.confidence, thresholds.min_confidence),
         "confidence"});
  }
  if (risk.score >= thresholds.max_risk_score) {
    result.reasons.push_back(
        {fmt::format("risk {:.0f} is not below {:.0f}", risk.score, thresholds.max_risk_score), "risk"});
  }
  if (!result.reasons.empty()) {
    result.decision = model::DecisionType::kReview;
    result.recommendations.emplace_back(
        "let a person look at the change, then deploy with `kubectl instantexec deploy`");
    return;
  }
  if (add_conflicts(model::Severity::kWarning)) {
    result.decision = model::DecisionType::kConditionalApprove;
    return;
  }
  result.decision = model::DecisionType::kApprove;
  result.reasons.push_back(
      {fmt::format("no conflict found, risk {:.0f} of 100, confidence {:.2f}", risk.score, result.confidence),
       ""});
}

}  // namespace instantexec::risk
