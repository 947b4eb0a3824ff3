#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "model/decision.h"
#include "model/deploy_report.h"
#include "model/event.h"
#include "model/finding.h"
#include "model/object.h"

namespace instantexec::model {

// kSkipped: not asked for, or an earlier stage stopped the run.
enum class StageStatus { kPassed, kFailed, kSkipped };

// How one stage of the pipeline ended. Its outputs are the matching part of RunReport.
struct StageResult {
  StageId id = StageId::kAnalysis;
  StageStatus status = StageStatus::kSkipped;
  Duration elapsed{0};
  std::string summary;              // one sentence
  std::vector<StepFinished> steps;  // in the order they ended
};

// Size of what stage 1 looked at: "Analyzed 1234 files (56789 lines)".
struct CodebaseSummary {
  std::size_t files = 0;
  std::size_t lines = 0;
  std::size_t changed_files = 0;
  std::size_t added_lines = 0;
  std::size_t removed_lines = 0;
  double pattern_confidence = 0;  // 0-1; 0: no pattern was looked for
};

// One test of a suite: "yaml", "Deployment demo/web has requests".
struct TestCase {
  std::string name;
  bool passed = true;
  bool skipped = false;  // then neither passed nor failed counts it
  std::string message;   // why it failed or was skipped
  Duration elapsed{0};
};

struct TestSuite {
  std::string name;
  std::vector<TestCase> cases;
};

struct TestResults {
  std::size_t total_tests = 0;  // passed + failed
  std::size_t passed = 0;
  std::size_t failed = 0;
};

// Outcome of stage 2.
struct ValidationResult {
  TestResults test_results;
  bool passed = false;      // validation_status "passed" or "failed"
  double success_rate = 0;  // 0-1; 1 when there was nothing to test
  std::vector<Finding> findings;
  std::vector<TestSuite> suites;
  Json baseline;  // of the live namespace before the change, as the verb `baseline` gives it; null: not
                  // looked at
};

// One condition of the pipeline configuration a run had to meet: {"risk", true, "< 75", "12"}.
struct GateResult {
  std::string name;  // "decision", "confidence", "risk", "test-pass-rate", "validation", "health"
  bool passed = true;
  std::string required;
  std::string actual;
};

// Everything one run has to say. Text fields are sanitised by whoever filled them; renderers sanitise again.
struct RunReport {
  std::string verb;  // "run", "deploy", "rollback" …
  std::string tool_version;
  std::string release;
  std::string ns;
  std::string context;        // kubeconfig context; empty: no cluster was involved
  std::string source_commit;  // empty: not from a repository
  Timestamp started;
  Duration elapsed{0};
  std::vector<StageResult> stages;  // in order; only stages that were asked for or skipped by a gate
  std::optional<AnalysisResult> analysis;
  std::optional<CodebaseSummary> codebase;
  std::optional<ValidationResult> validation;
  std::optional<DeployReport> deployment;
  std::vector<GateResult> gates;
  std::vector<std::string> warnings;  // not tied to a stage, each once
  std::optional<Error> error;         // why the job could not be done
  ExitCode exit = ExitCode::kDone;
  // Ended by a signal before anything was written; then the process ends as the signal would have ended it.
  std::optional<int> signal;
};

// What the process exits with: 128 + signal, or `exit` as a number.
[[nodiscard]] int exit_status(const RunReport& report);

// Counts the cases of the suites; sets test_results and success_rate.
void count_tests(ValidationResult& result);

[[nodiscard]] std::string_view to_string(StageStatus status);  // "passed", "failed", "skipped"

}  // namespace instantexec::model
