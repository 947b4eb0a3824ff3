#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/change.h"
#include "model/finding.h"
#include "model/manifest.h"

namespace instantexec::analyze {
struct ChangeFeatures;
struct CodebaseMetrics;
}  // namespace instantexec::analyze

namespace instantexec::risk {

// One observation that makes a change riskier. Weights are documented judgements
// (docs/architecture/risk-rules.md), not estimates from data, and are shown with the score.
struct EvidenceItem {
  std::string rule;   // stable id: "risk.rbac"
  std::string text;   // what was seen, for people; sanitised
  double weight = 0;  // 0-1: the share of the remaining safety it takes away; 1 only for proven conflicts
};

// What evidence is collected from.
struct EvidenceInput {
  const model::Change& change;
  const analyze::ChangeFeatures& features;
  const analyze::CodebaseMetrics& metrics;             // of the touched files
  std::span<const model::Manifest> touched_manifests;  // objects defined in touched files
  std::span<const model::Finding> conflicts;
};

// Evidence in the order of its weight, heaviest first. An empty change has none.
[[nodiscard]] std::vector<EvidenceItem> collect_evidence(const EvidenceInput& input);

}  // namespace instantexec::risk
