#include "pipeline/governance.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "analyze/conflicts.h"
#include "analyze/language.h"
#include "analyze/markers.h"
#include "plan/owner.h"
#include "risk/evidence.h"

namespace instantexec::pipeline {
namespace {

// Commits looked at for the history of the touched files.
constexpr std::size_t kMaxCommits = 5000;

// Without a repository there is no earlier state: every file that defines an object is new.
model::Change change_of_manifests(std::span<const model::Manifest> manifests) {
  model::Change change;
  change.base_reason = "no repository; every manifest is new";
  std::set<std::string> seen;
  for (const auto& manifest : manifests) {
    if (!seen.insert(manifest.range.file).second) continue;
    model::FileChange file;
    file.status = model::FileStatus::kAdded;
    file.path = manifest.range.file;
    change.files.push_back(std::move(file));
  }
  return change;
}

// "config/a.yaml" and "/repo/config/a.yaml" name one file, and so do "a.yaml" in a subfolder and
// "sub/a.yaml".
bool same_file(std::string_view a, std::string_view b) {
  while (a.starts_with("./")) a.remove_prefix(2);
  while (b.starts_with("./")) b.remove_prefix(2);
  if (a.size() < b.size()) std::swap(a, b);
  return !b.empty() && a.ends_with(b) && (a.size() == b.size() || a[a.size() - b.size() - 1] == '/');
}

model::Finding owned_elsewhere(const model::Manifest& manifest, const plan::ForeignOwner& owner) {
  model::Finding finding;
  finding.rule = "conflict.owned-elsewhere";
  finding.subject = manifest.object.ref();
  finding.at = manifest.at("/metadata/name");
  finding.message = fmt::format("{} in the cluster belongs to {} {}", manifest.object.ref().to_string(),
                                owner.tool, owner.name);
  finding.hint = "remove it from this change, release it there first, or take it over with --adopt";
  return finding;
}

analyze::FileMetrics read_metrics(engine::Repository& repository, const model::FileChange& file,
                                  CodebaseAnalysis& analysis) {
  if (analyze::is_vendored(file.path)) return analyze::skipped_file(file.path, "vendored");
  if (file.binary) return analyze::skipped_file(file.path, "binary");
  const auto text = repository.read_file(file.path, analyze::kMaxFileBytes);
  if (!text) return analyze::skipped_file(file.path, std::string(text.error().code->meaning));
  auto markers = analyze::find_merge_markers(file.path, *text);
  std::move(markers.begin(), markers.end(), std::back_inserter(analysis.conflicts));
  return analyze::measure_file(file.path, *text);
}

}  // namespace

Result<CodebaseAnalysis> AIGovernanceEngine::analyze_codebase(engine::Repository* repository,
                                                              const std::string& recorded_base,
                                                              std::span<const model::Manifest> manifests,
                                                              Instant deadline) {
  CodebaseAnalysis analysis;
  model::ChangeHistory history;
  if (repository == nullptr) {
    analysis.change = change_of_manifests(manifests);
    analysis.coverage.repository = false;
  } else {
    IE_TRY_ASSIGN(analysis.change, repository->change(recorded_base));
    IE_TRY_ASSIGN(history, repository->history(analysis.change, kMaxCommits));
    analysis.coverage.history_complete = history.complete;
  }
  for (const auto& file : analysis.change.files) {
    risk::Coverage::File covered;
    covered.changed_lines = std::size_t{file.added} + file.deleted;
    covered.deleted = file.status == model::FileStatus::kDeleted;
    if (repository == nullptr) {
      // The manifests have been parsed already; there is nothing else to read.
      covered.metrics.path = file.path;
      covered.metrics.language = analyze::language_of(file.path);
      covered.metrics.depth = analyze::Depth::kSyntax;
    } else if (covered.deleted) {
      covered.metrics = analyze::skipped_file(file.path, "deleted");
    } else if (clock_.now() >= deadline) {
      covered.metrics = analyze::skipped_file(file.path, "out of time");
    } else {
      covered.metrics = read_metrics(*repository, file, analysis);
    }
    analysis.files.push_back(covered.metrics);
    analysis.coverage.files.push_back(std::move(covered));
  }
  analysis.features = analyze::compute_features(analysis.change, history);
  analysis.metrics = analyze::sum_metrics(analysis.files);
  return analysis;
}

analyze::NamingPatterns AIGovernanceEngine::detect_naming_patterns(
    std::span<const model::Manifest> manifests) {
  std::vector<model::Object> objects;
  objects.reserve(manifests.size());
  for (const auto& manifest : manifests) objects.push_back(manifest.object);
  return analyze::detect_naming_patterns(objects);
}

std::vector<model::Finding> AIGovernanceEngine::detect_conflicts(const ResourceSet& resources) {
  auto found = analyze::find_set_conflicts(resources.manifests);
  if (resources.live == nullptr) return found;
  for (const auto& manifest : resources.manifests) {
    const auto it = resources.live->find(manifest.object.ref());
    if (it == resources.live->end()) continue;
    if (const auto owner = plan::foreign_owner(it->second, resources.scope)) {
      found.push_back(owned_elsewhere(manifest, *owner));
    }
  }
  return found;
}

risk::RiskScore AIGovernanceEngine::assess_risk(const CodebaseAnalysis& analysis,
                                                std::span<const model::Manifest> manifests) {
  const auto touched = touched_manifests(manifests, analysis.change);
  return risk::assess_risk(risk::collect_evidence(
      {analysis.change, analysis.features, analysis.metrics, touched, analysis.conflicts}));
}

model::AnalysisResult AIGovernanceEngine::make_decision(const CodebaseAnalysis& analysis,
                                                        const risk::RiskScore& risk,
                                                        bool manifests_read) const {
  model::AnalysisResult result;
  risk::Coverage coverage = analysis.coverage;
  coverage.manifests_read = manifests_read;
  auto confidence = risk::compute_confidence(coverage);
  result.confidence = confidence.value;
  result.confidence_reasons = std::move(confidence.reasons);
  result.risk_score = risk.score;
  result.risk_level = risk.level;
  result.conflicts = analysis.conflicts;
  risk::decide(thresholds_, risk, result);
  for (const auto& item : risk.contributions) {
    // Conflicts stand among the reasons already.
    if (item.rule.starts_with("risk.")) result.reasons.push_back({item.text, item.rule});
  }
  return result;
}

std::vector<model::Manifest> touched_manifests(std::span<const model::Manifest> manifests,
                                               const model::Change& change) {
  std::vector<model::Manifest> touched;
  for (const auto& manifest : manifests) {
    const bool in_change =
        std::any_of(change.files.begin(), change.files.end(),
                    [&](const model::FileChange& file) { return same_file(file.path, manifest.range.file); });
    if (in_change || change.base.empty() || manifest.positions == nullptr) touched.push_back(manifest);
  }
  return touched;
}

}  // namespace instantexec::pipeline
