#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "model/deploy_report.h"
#include "model/finding.h"
#include "model/run_report.h"
#include "report/style.h"

// Results for people, on standard output: the cause first when something failed, one line per object in
// kubectl's form, and the next command. Everything external is sanitised here once more. Every text ends in a
// newline, or is empty when there is nothing to say.
namespace instantexec::report {

struct TextOptions {
  Style style;
  std::string ns;  // objects of other namespaces are marked; empty: none is
};

// "error: what happened", then why, the next command and the code, each on its own line.
[[nodiscard]] std::string error_text(const Error& error, const Style& style = {});

// "web.yaml:12:3: error: message [rule]" and the hint below. Without a place the object's name comes first.
[[nodiscard]] std::string finding_text(const model::Finding& finding, const Style& style = {});
// All findings, most severe first and else in the order given.
[[nodiscard]] std::string finding_lines(std::span<const model::Finding> findings, const Style& style = {});
// The same and a count: "2 errors, 1 warning".
[[nodiscard]] std::string findings_text(std::span<const model::Finding> findings, const Style& style = {});
[[nodiscard]] std::string count_findings(std::span<const model::Finding> findings);

// Why a rollout failed: summary, hint, evidence, events and logs.
[[nodiscard]] std::string cause_text(const model::FailureCause& cause, const TextOptions& options);
// The end of a deploy, rollback or recovery.
[[nodiscard]] std::string deploy_text(const model::DeployReport& report, const TextOptions& options);

// Stage 1: decision with its reasons, conflicts, recommendations.
[[nodiscard]] std::string analysis_text(const model::AnalysisResult& analysis, const TextOptions& options);
// Stage 2: tests and findings.
[[nodiscard]] std::string validation_text(const model::ValidationResult& validation,
                                          const TextOptions& options);

// A whole run.
[[nodiscard]] std::string run_text(const model::RunReport& report, const TextOptions& options);

}  // namespace instantexec::report
