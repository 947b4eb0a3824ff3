#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyze/metrics.h"
#include "model/decision.h"
#include "risk/evidence.h"

namespace instantexec::risk {

struct RiskScore {
  double score = 0;  // 0-100
  model::RiskLevel level = model::RiskLevel::kLow;
  std::vector<EvidenceItem> contributions;  // heaviest first
};

// Joins evidence by noisy-OR: 100 · (1 − Π(1 − weight)). No evidence is 0; one proven conflict is 100.
// Levels: low below 25, medium below 50, high below 75, critical from there.
[[nodiscard]] RiskScore assess_risk(std::vector<EvidenceItem> evidence);

// How much of the change was open to inspection.
struct Coverage {
  struct File {
    std::size_t changed_lines = 0;  // added + deleted
    bool deleted = false;           // nothing is left to look at
    analyze::FileMetrics metrics;
  };
  std::vector<File> files;
  bool repository = true;        // false: no history at all; everything counts as new
  bool history_complete = true;  // false: shallow clone or cut off
  bool manifests_read = true;    // false: a manifest could not be parsed or rendered
};

struct Confidence {
  double value = 0;                    // 0-1
  std::vector<model::Reason> reasons;  // one for each deduction
};

// The share of the changed lines that could be examined, minus fixed amounts for what is missing beside them.
// Per file: parsed 1 minus its unparsable share, prose and data read as text 1, a program read as text only
// 0.8, vendored 0.5, not read 0. Then 0.10 without a repository, 0.05 without its whole history, 0.20 when a
// manifest could not be read. Never below 0; an empty change is fully examined.
[[nodiscard]] Confidence compute_confidence(const Coverage& coverage);

struct DecisionThresholds {
  double min_confidence = 0.85;
  double max_risk_score = 75;
};

// The verdict, by the first rule that applies:
//   reject               a proven conflict (error) stands in the change
//   review               confidence below the minimum, or risk at or above the maximum
//   conditional_approve  a conflict warning stands in the change; its hint is the condition
//   approve              otherwise
// Fills decision, reasons and recommendations from the conflicts, score and confidence already in `result`.
void decide(const DecisionThresholds& thresholds, const RiskScore& risk, model::AnalysisResult& result);

}  // namespace instantexec::risk
