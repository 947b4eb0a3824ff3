#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/outcome.h"
#include "report/table.h"
#include "report/text.h"

namespace instantexec::report {
namespace {

std::string reasons_text(std::string_view label, const std::vector<model::Reason>& reasons) {
  std::string out;
  for (const model::Reason& reason : reasons) {
    out += fmt::format("  {}: {}{}\n", label, sanitise_line(reason.text),
                       reason.rule.empty() ? "" : fmt::format(" [{}]", sanitise_line(reason.rule)));
  }
  return out;
}

std::string gates_text(const model::RunReport& report, const Style& style) {
  std::string out;
  for (const model::GateResult& gate : report.gates) {
    if (gate.passed) continue;
    out += fmt::format("{} {} is {}, required {}\n", paint(style, Colour::kRed, "stopped:"),
                       sanitise_line(gate.name), sanitise_line(gate.actual), sanitise_line(gate.required));
  }
  return out;
}

std::string stages_text(const model::RunReport& report, const Style& style) {
  if (report.stages.size() < 2) return {};
  Table table({"STAGE", "RESULT", "TIME", "SUMMARY"});
  for (const model::StageResult& stage : report.stages) {
    const bool ran = stage.status != model::StageStatus::kSkipped;
    table.add({std::string(model::to_string(stage.id)), std::string(model::to_string(stage.status)),
               ran ? format_duration(stage.elapsed) : "", stage.summary});
  }
  return table.to_string(style);
}

Colour colour_of(model::DecisionType decision) {
  switch (decision) {
    case model::DecisionType::kApprove:
      return Colour::kGreen;
    case model::DecisionType::kConditionalApprove:
    case model::DecisionType::kReview:
      return Colour::kYellow;
    case model::DecisionType::kReject:
      return Colour::kRed;
  }
  return Colour::kRed;
}

// Parts with an empty line between them.
std::string paragraphs(std::initializer_list<std::string> parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!out.empty()) out += "\n";
    out += part;
  }
  return out;
}

}  // namespace

std::string analysis_text(const model::AnalysisResult& analysis, const TextOptions& options) {
  std::string out =
      fmt::format("decision: {}, confidence {:.2f}, risk {:.1f} ({})\n",
                  paint(options.style, colour_of(analysis.decision), model::to_string(analysis.decision)),
                  analysis.confidence, analysis.risk_score, model::to_string(analysis.risk_level));
  out += reasons_text("because", analysis.reasons);
  out += reasons_text("confidence", analysis.confidence_reasons);
  for (const std::string& text : analysis.recommendations)
    out += "  recommended: " + sanitise_line(text) + "\n";
  if (!analysis.conflicts.empty()) out += "conflicts:\n" + findings_text(analysis.conflicts, options.style);
  return out;
}

std::string validation_text(const model::ValidationResult& validation, const TextOptions& options) {
  std::string out = finding_lines(validation.findings, options.style);
  for (const model::TestSuite& suite : validation.suites) {
    for (const model::TestCase& test : suite.cases) {
      if (test.passed || test.skipped) continue;
      out += fmt::format("{} {}: {}{}\n", paint(options.style, Colour::kRed, "failed:"),
                         sanitise_line(suite.name), sanitise_line(test.name),
                         test.message.empty() ? "" : ": " + sanitise_line(test.message));
    }
  }
  const model::TestResults& tests = validation.test_results;
  const std::string verdict = paint(options.style, validation.passed ? Colour::kGreen : Colour::kRed,
                                    validation.passed ? "passed" : "failed");
  out += fmt::format("validation {}: tests {}/{} passed, {}\n", verdict, tests.passed, tests.total_tests,
                     count_findings(validation.findings));
  return out;
}

std::string run_text(const model::RunReport& report, const TextOptions& options) {
  std::string warnings;
  for (const std::string& warning : report.warnings) {
    warnings += paint(options.style, Colour::kYellow, "warning:") + " " + sanitise_line(warning) + "\n";
  }
  const std::string error = report.error ? error_text(*report.error, options.style) : "";
  const std::string analysis = report.analysis ? analysis_text(*report.analysis, options) : "";
  const std::string validation = report.validation ? validation_text(*report.validation, options) : "";
  const std::string deployment = report.deployment ? deploy_text(*report.deployment, options) : "";
  const std::string gates = gates_text(report, options.style);
  const std::string stages = stages_text(report, options.style);
  if (succeeded(report)) return paragraphs({stages, analysis, validation, deployment, warnings});
  // What stopped the run comes first: the last stage that has something to say.
  if (report.deployment && !succeeded(*report.deployment)) {
    return paragraphs({error, deployment, stages, analysis, validation, warnings});
  }
  if (report.validation && !report.validation->passed) {
    return paragraphs({error, gates, validation, stages, analysis, deployment, warnings});
  }
  return paragraphs({error, gates, analysis, validation, deployment, stages, warnings});
}

}  // namespace instantexec::report
