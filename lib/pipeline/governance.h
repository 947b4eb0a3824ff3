#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "analyze/features.h"
#include "analyze/metrics.h"
#include "analyze/naming.h"
#include "base/result.h"
#include "engine/ports.h"
#include "engine/repository.h"
#include "model/decision.h"
#include "model/manifest.h"
#include "plan/desired.h"
#include "risk/score.h"

namespace instantexec::pipeline {

// What stage 1 has read of the change.
struct CodebaseAnalysis {
  model::Change change;
  analyze::ChangeFeatures features;
  std::vector<analyze::FileMetrics> files;  // of the touched files
  analyze::CodebaseMetrics metrics;
  std::vector<model::Finding> conflicts;  // merge markers
  risk::Coverage coverage;
};

// What the change does to objects.
struct ResourceSet {
  std::span<const model::Manifest> manifests;                       // all of the release
  const std::map<model::ObjectRef, model::Object>* live = nullptr;  // null: the cluster was not asked
  plan::Scope scope;                                                // whose objects they are
  bool manifests_read = true;  // false: some input could not be parsed or rendered
};

// Stage 1: reads a change and decides about it. Every rule it applies is written down in
// docs/architecture/risk-rules.md; nothing statistical is claimed.
class AIGovernanceEngine {
 public:
  AIGovernanceEngine(risk::DecisionThresholds thresholds, engine::Clock& clock)
      : thresholds_(thresholds), clock_(clock) {}

  // Reads the change and the touched files until the deadline; files beyond it count as not examined.
  // `repository` null: every manifest file is taken as new. Errors of the repository.
  [[nodiscard]] Result<CodebaseAnalysis> analyze_codebase(engine::Repository* repository,
                                                          const std::string& recorded_base,
                                                          std::span<const model::Manifest> manifests,
                                                          Instant deadline);

  [[nodiscard]] static analyze::NamingPatterns detect_naming_patterns(
      std::span<const model::Manifest> manifests);

  // Conflicts among the objects, and live objects that belong to another release or tool (rule
  // conflict.owned-elsewhere).
  [[nodiscard]] static std::vector<model::Finding> detect_conflicts(const ResourceSet& resources);

  // `analysis.conflicts` must hold every conflict by now.
  [[nodiscard]] static risk::RiskScore assess_risk(const CodebaseAnalysis& analysis,
                                                   std::span<const model::Manifest> manifests);

  // The verdict from everything found.
  [[nodiscard]] model::AnalysisResult make_decision(const CodebaseAnalysis& analysis,
                                                    const risk::RiskScore& risk, bool manifests_read) const;

 private:
  risk::DecisionThresholds thresholds_;
  engine::Clock& clock_;
};

// Manifests whose file the change touches. Rendered manifests (without positions) count as touched, and so
// does everything when the change has no base to compare with.
[[nodiscard]] std::vector<model::Manifest> touched_manifests(std::span<const model::Manifest> manifests,
                                                             const model::Change& change);

}  // namespace instantexec::pipeline
