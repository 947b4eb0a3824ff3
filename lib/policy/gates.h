#pragma once

#include <vector>

#include "model/run_report.h"

namespace instantexec::policy {

// What a run must meet to go on. Defaults are the success criteria of the pipeline's design.
struct Thresholds {
  double min_confidence = 0.85;  // 0-1
  double max_risk_score = 75;    // 0-100; the risk must stay below it
  double min_pass_rate = 0.80;   // 0-1
};

// After stage 1: decision approve or conditional_approve, confidence at or above the minimum, risk below the
// maximum.
[[nodiscard]] std::vector<model::GateResult> analysis_gates(const Thresholds& thresholds,
                                                            const model::AnalysisResult& analysis);

// After stage 2: share of passed tests at or above the minimum, and no finding of severity error.
[[nodiscard]] std::vector<model::GateResult> validation_gates(const Thresholds& thresholds,
                                                              const model::ValidationResult& validation);

// After stage 3: everything written and healthy, or nothing was to be done.
[[nodiscard]] model::GateResult health_gate(const model::DeployReport& deployment);

// No gate failed; true for none.
[[nodiscard]] bool all_passed(const std::vector<model::GateResult>& gates);

}  // namespace instantexec::policy
