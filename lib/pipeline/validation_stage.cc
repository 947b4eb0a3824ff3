#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "pipeline/errors.h"
#include "pipeline/namespace_snapshot.h"
#include "pipeline/pipeline.h"
#include "validate/baseline.h"
#include "validate/rules.h"

namespace instantexec::pipeline {
namespace {

using model::Finding;
using model::StageId;

void append(std::vector<Finding>& all, std::vector<Finding> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::size_t count(const std::vector<Finding>& findings, model::Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [severity](const Finding& finding) { return finding.severity == severity; }));
}

std::string count_findings(const std::vector<Finding>& findings) {
  return counted(count(findings, model::Severity::kError), "error") + ", " +
         counted(count(findings, model::Severity::kWarning), "warning");
}

// The file measures of stage 1, if it ran.
std::vector<validate::SourceQuality> source_quality(const std::vector<analyze::FileMetrics>& files,
                                                    const std::vector<Finding>& conflicts) {
  std::vector<validate::SourceQuality> sources;
  for (const auto& file : files) {
    if (file.depth == analyze::Depth::kSkipped) continue;
    validate::SourceQuality source;
    source.path = file.path;
    source.lines = file.lines;
    source.longest_function = file.longest_function;
    source.deepest_nesting = file.deepest_nesting;
    source.syntax_error = analyze::makes_no_sense(file);
    for (const auto& finding : conflicts) {
      if (finding.rule == "conflict.merge-marker" && finding.at.file == file.path &&
          source.merge_marker_line == 0) {
        source.merge_marker_line = finding.at.begin.line;
      }
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

// The state before the change may be what the change repairs, so it never stops it.
void add_baseline(const validate::BaselineReport& baseline, std::vector<Finding>& findings) {
  for (const auto& check : baseline.checks) {
    for (Finding finding : check.findings) {
      finding.severity = std::min(finding.severity, model::Severity::kWarning);
      finding.message = "before this change: " + finding.message;
      findings.push_back(std::move(finding));
    }
  }
}

// How many tests may fail is the pass rate's business, so none of them is an error. What is known already, of
// a manifest that could not be read, is not told again.
void add_suites(std::vector<Finding> suites, std::vector<Finding>& findings) {
  const auto known = static_cast<std::ptrdiff_t>(findings.size());
  for (Finding& finding : suites) {
    const auto end = findings.begin() + known;
    if (std::find(findings.begin(), end, finding) != end) continue;
    finding.severity = std::min(finding.severity, model::Severity::kWarning);
    findings.push_back(std::move(finding));
  }
}

}  // namespace

Result<validate::NamespaceSnapshot> InstantExecutionPipeline::ask_cluster(Instant deadline,
                                                                          std::vector<Finding>& findings) {
  BoundedCluster bounded(*ports_.cluster, ports_.clock, deadline);
  auto planned = engine::plan_release(environment(bounded), context_.release, context_.manifests);
  IE_TRY(checked(bounded, planned ? Status{} : fail(planned.error())));
  auto snapshot = read_namespace(bounded, ports_.clock, context_.release.ns);
  IE_TRY(checked(bounded, snapshot ? Status{} : fail(snapshot.error())));
  step(StageId::kValidation,
       fmt::format("Server dry-run: {} checked, {}", counted(planned->plan.steps.size(), "object"),
                   count_findings(planned->findings)),
       planned->executable());
  append(findings, planned->findings);
  plan_ = std::move(*planned);
  return snapshot;
}

// Stage 1 has done it, unless this stage runs by itself. Without a repository there is nothing to measure.
Status InstantExecutionPipeline::measure_touched_files(Instant deadline) {
  if (report_.analysis || ports_.repository == nullptr) return {};
  std::string base;
  if (ports_.cluster != nullptr && !context_.offline) {
    IE_TRY_ASSIGN(base, recorded_commit(deadline));
  }
  AIGovernanceEngine engine({context_.thresholds.min_confidence, context_.thresholds.max_risk_score},
                            ports_.clock);
  auto analysis = engine.analyze_codebase(ports_.repository, base, context_.manifests, deadline);
  if (!analysis) return fail(std::move(analysis).error());
  touched_files_ = std::move(analysis->files);
  return {};
}

Result<InstantExecutionPipeline::Ending> InstantExecutionPipeline::validate(Instant deadline) {
  IE_TRY(measure_touched_files(deadline));
  std::vector<Finding> findings = context_.input_findings;
  validate::Scope scope;
  scope.manifests = context_.manifests;
  scope.default_namespace = context_.release.ns;
  validate::NamespaceSnapshot snapshot;
  if (ports_.cluster != nullptr && !context_.offline) {
    IE_TRY_ASSIGN(snapshot, ask_cluster(deadline, findings));
    // Where something may not be read, its absence proves nothing.
    if (snapshot.unreadable.empty()) scope.live = &snapshot.objects;
  }
  auto rule_findings = validate::check_manifests(scope);
  step(StageId::kValidation,
       fmt::format("Manifest rules: {} checked, {}", counted(context_.manifests.size(), "object"),
                   count_findings(rule_findings)),
       count(rule_findings, model::Severity::kError) == 0);
  append(findings, std::move(rule_findings));

  validate::SuiteInputs inputs = context_.suites;
  inputs.sources =
      source_quality(touched_files_, report_.analysis ? report_.analysis->conflicts : std::vector<Finding>{});
  inputs.manifests = context_.manifests;
  inputs.manifest_findings = findings;
  inputs.pass_rate = context_.thresholds.min_pass_rate;
  validate::SuiteResults suites = validate::TestSuiteRunner(inputs).run_all_tests();
  step(StageId::kValidation,
       fmt::format("Tests: {}/{} passed", suites.totals.passed, suites.totals.total_tests), suites.passed);
  model::ValidationResult result;
  if (snapshot.namespace_object) {
    const auto baseline = validate::BaselineValidationEngine(snapshot).run_all_validations();
    step(StageId::kValidation,
         fmt::format("Kubernetes resources: baseline of namespace {} {}", snapshot.ns,
                     baseline.passed ? "passed" : "has failures, from before this change"));
    result.baseline = validate::BaselineValidationEngine::generate_report(baseline);
    add_baseline(baseline, findings);
  }
  add_suites(std::move(suites.findings), findings);

  result.suites = std::move(suites.suites);
  model::count_tests(result);
  result.findings = std::move(findings);
  const auto gates = policy::validation_gates(context_.thresholds, result);
  add_gates(gates);
  result.passed = policy::all_passed(gates);
  std::string summary = fmt::format("tests {}/{} passed, {}", result.test_results.passed,
                                    result.test_results.total_tests, count_findings(result.findings));
  const bool passed = result.passed;
  report_.validation = std::move(result);
  if (ports_.clock.now() > deadline) {
    return fail(errors::kStageTimeout, "stage synthetic-validation took longer than its limit");
  }
  return Ending{passed, std::move(summary)};
}

}  // namespace instantexec::pipeline
