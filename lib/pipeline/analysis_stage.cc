#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/text.h"
#include "pipeline/errors.h"
#include "pipeline/live_objects.h"
#include "pipeline/pipeline.h"

namespace instantexec::pipeline {
namespace {

using model::StageId;

model::CodebaseSummary summarise(const CodebaseAnalysis& analysis, const analyze::NamingPatterns& patterns) {
  model::CodebaseSummary summary;
  summary.files = analysis.metrics.analyzed_files;
  summary.lines = analysis.metrics.total_lines;
  summary.changed_files = analysis.change.files.size();
  summary.added_lines = static_cast<std::size_t>(analysis.features.la);
  summary.removed_lines = static_cast<std::size_t>(analysis.features.ld);
  summary.pattern_confidence = patterns.confidence;
  return summary;
}

std::string gate_summary(const model::AnalysisResult& result) {
  return fmt::format("{}, confidence {:.2f}, risk {:.0f} ({})", model::to_string(result.decision),
                     result.confidence, result.risk_score, model::to_string(result.risk_level));
}

}  // namespace

Result<std::string> InstantExecutionPipeline::recorded_commit(Instant deadline) {
  BoundedCluster bounded(*ports_.cluster, ports_.clock, deadline);
  const auto revisions = engine::history(environment(bounded), context_.release);
  IE_TRY(checked(bounded, revisions ? Status{} : fail(revisions.error())));
  for (const auto& revision : *revisions) {
    if (revision.in_force) return revision.source_commit;
  }
  return std::string{};
}

Result<std::map<model::ObjectRef, model::Object>> InstantExecutionPipeline::ask_live(Instant deadline) {
  BoundedCluster bounded(*ports_.cluster, ports_.clock, deadline);
  auto live = find_live(bounded, context_.manifests);
  IE_TRY(checked(bounded, live ? Status{} : fail(live.error())));
  return live;
}

Result<InstantExecutionPipeline::Ending> InstantExecutionPipeline::analyse(Instant deadline) {
  std::string base;
  std::map<model::ObjectRef, model::Object> live;
  ResourceSet resources{context_.manifests,
                        nullptr,
                        {context_.release.release, context_.release.ns},
                        context_.input_findings.empty()};
  if (ports_.cluster != nullptr && !context_.offline) {
    IE_TRY_ASSIGN(base, recorded_commit(deadline));
    IE_TRY_ASSIGN(live, ask_live(deadline));
    resources.live = &live;
  }
  AIGovernanceEngine engine({context_.thresholds.min_confidence, context_.thresholds.max_risk_score},
                            ports_.clock);
  // What cannot be examined in time lowers the confidence; the rest of the stage needs a moment too.
  const Instant enough = deadline + Duration{-context_.limits.analysis.count() / 10};
  IE_TRY_ASSIGN(CodebaseAnalysis analysis,
                engine.analyze_codebase(ports_.repository, base, context_.manifests, enough));
  step(StageId::kAnalysis,
       fmt::format("Analyzed {} ({} lines), {} changed{}", counted(analysis.metrics.analyzed_files, "file"),
                   analysis.metrics.total_lines, analysis.change.files.size(),
                   analysis.change.base.empty() ? ": " + analysis.change.base_reason
                                                : " since " + analysis.change.base_reason));
  const auto patterns = AIGovernanceEngine::detect_naming_patterns(context_.manifests);
  step(StageId::kAnalysis,
       fmt::format(
           "Pattern confidence: {:.2f} ({} names, {}{})", patterns.confidence, patterns.names,
           patterns.dominant_style.empty() ? "no style" : patterns.dominant_style,
           patterns.common_prefix.empty() ? "" : ", prefix " + sanitise_line(patterns.common_prefix, 60)));
  auto conflicts = AIGovernanceEngine::detect_conflicts(resources);
  std::move(conflicts.begin(), conflicts.end(), std::back_inserter(analysis.conflicts));
  for (const auto& finding : context_.input_findings) {
    // Both spellings of one fact: the reader drops the second definition, so the set check cannot see it any
    // more.
    if (finding.rule == "manifest.duplicate-object" || finding.rule == "yaml.duplicate-key") {
      analysis.conflicts.push_back(finding);
    }
  }
  step(StageId::kAnalysis, "Conflicts: " + counted(analysis.conflicts.size(), "conflict"),
       analysis.conflicts.empty());

  touched_files_ = analysis.files;
  const auto risk = AIGovernanceEngine::assess_risk(analysis, context_.manifests);
  report_.codebase = summarise(analysis, patterns);
  report_.analysis = engine.make_decision(analysis, risk, resources.manifests_read);
  const auto gates = policy::analysis_gates(context_.thresholds, *report_.analysis);
  add_gates(gates);
  const bool ok = policy::all_passed(gates);
  std::string summary = gate_summary(*report_.analysis);
  step(StageId::kAnalysis, "Decision: " + summary, ok);
  if (ports_.clock.now() > deadline) {
    return fail(errors::kStageTimeout, "stage ai-analysis took longer than its limit");
  }
  return Ending{ok, std::move(summary)};
}

}  // namespace instantexec::pipeline
