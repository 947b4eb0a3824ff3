#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/ci.h"
#include "report/outcome.h"
#include "report/style.h"
#include "report/text.h"

namespace instantexec::report {
namespace {

constexpr std::size_t kMaxRows = 200;

struct Section {
  std::string title;
  std::string body;
};

std::size_t longest_run_of_ticks(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// A code span in a table, whose cells end at "|" even inside one.
std::string cell(std::string_view untrusted) {
  std::string out;
  for (const char c : code_span(untrusted)) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string verdict(const model::RunReport& report) {
  return fmt::format("## instantexec: {} {}\n", sanitise_line(report.verb), result_word(report));
}

Section overview(const model::RunReport& report) {
  std::string body = "| release | namespace | commit | exit code | time |\n|---|---|---|---|---|\n";
  body +=
      fmt::format("| {} | {} | {} | {} | {} |\n", cell(report.release), cell(report.ns),
                  cell(report.source_commit), static_cast<int>(report.exit), format_duration(report.elapsed));
  if (report.stages.empty()) return {"Overview", body};
  body += "\n| stage | result | time | summary |\n|---|---|---|---|\n";
  for (const model::StageResult& stage : report.stages) {
    body += fmt::format("| {} | {} | {} | {} |\n", model::to_string(stage.id), model::to_string(stage.status),
                        stage.status == model::StageStatus::kSkipped ? "" : format_duration(stage.elapsed),
                        cell(stage.summary));
  }
  return {"Overview", body};
}

std::string finding_rows(const std::vector<model::Finding>& findings) {
  std::string out = "| severity | rule | where | message | hint |\n|---|---|---|---|---|\n";
  std::size_t rows = 0;
  for (const auto severity : {model::Severity::kError, model::Severity::kWarning, model::Severity::kInfo}) {
    for (const model::Finding& finding : findings) {
      if (finding.severity != severity) continue;
      if (++rows > kMaxRows) break;
      const std::string where = !finding.at.file.empty() ? finding.at.to_string()
                                : finding.subject        ? resource_name(*finding.subject)
                                                         : "";
      out += fmt::format("| {} | {} | {} | {} | {} |\n", model::to_string(severity), cell(finding.rule),
                         cell(where), cell(finding.message), cell(finding.hint));
    }
  }
  if (findings.size() > kMaxRows)
    out += fmt::format("\n{} more are not shown.\n", findings.size() - kMaxRows);
  return out;
}

Section stopped(const model::RunReport& report) {
  std::string body;
  if (report.error) body += code_block(error_text(*report.error));
  for (const model::GateResult& gate : report.gates) {
    if (gate.passed) continue;
    body += fmt::format("- gate {}: {}, required {}\n", code_span(gate.name), code_span(gate.actual),
                        code_span(gate.required));
  }
  return {"Why it stopped", body};
}

Section cause(const model::RunReport& report) {
  if (!report.deployment || !report.deployment->cause) return {};
  return {"Cause", code_block(cause_text(*report.deployment->cause, {}))};
}

Section deployment(const model::RunReport& report) {
  if (!report.deployment) return {};
  std::string body =
      state_sentence(*report.deployment) + "\n\n| object | action | health | message |\n|---|---|---|---|\n";
  std::size_t rows = 0;
  for (const model::ObjectOutcome& object : report.deployment->objects) {
    if (++rows > kMaxRows) break;
    body += fmt::format("| {} | {} | {} | {} |\n", cell(resource_name(object.object, report.ns)),
                        model::to_string(object.action), model::to_string(object.health.status),
                        cell(object.message.empty() ? object.health.message : object.message));
  }
  if (report.deployment->objects.size() > kMaxRows) {
    body += fmt::format("\n{} more are not shown.\n", report.deployment->objects.size() - kMaxRows);
  }
  if (!report.deployment->evidence.empty()) {
    body += "\nevidence: " + code_span(report.deployment->evidence) + "\n";
  }
  return {"Deployment", body};
}

Section analysis(const model::RunReport& report) {
  if (!report.analysis) return {};
  const model::AnalysisResult& result = *report.analysis;
  std::string body =
      fmt::format("decision {}, confidence {:.2f}, risk {:.1f} ({})\n\n", model::to_string(result.decision),
                  result.confidence, result.risk_score, model::to_string(result.risk_level));
  for (const model::Reason& reason : result.reasons) body += "- " + code_span(reason.text) + "\n";
  for (const std::string& text : result.recommendations) body += "- recommended: " + code_span(text) + "\n";
  if (!result.conflicts.empty()) body += "\n" + finding_rows(result.conflicts);
  return {"Analysis", body};
}

Section validation(const model::RunReport& report) {
  if (!report.validation) return {};
  const model::ValidationResult& result = *report.validation;
  std::string body = fmt::format("tests {}/{} passed, {}\n\n", result.test_results.passed,
                                 result.test_results.total_tests, count_findings(result.findings));
  if (!result.findings.empty()) body += finding_rows(result.findings);
  return {"Validation", body};
}

Section warnings(const model::RunReport& report) {
  std::string body;
  for (const std::string& text : report.warnings) body += "- " + code_span(text) + "\n";
  if (report.deployment) {
    for (const std::string& text : report.deployment->warnings) body += "- " + code_span(text) + "\n";
  }
  return {"Warnings", body};
}

}  // namespace

std::string code_span(std::string_view untrusted) {
  if (untrusted.empty()) return {};
  const std::string text = sanitise_line(untrusted);
  const std::string fence(longest_run_of_ticks(text) + 1, '`');
  // A space on both sides is dropped by the reader, and needed where the text begins or ends with a backtick.
  const bool pad = text.front() == '`' || text.back() == '`' || text.front() == ' ';
  return fence + (pad ? " " : "") + text + (pad ? " " : "") + fence;
}

std::string code_block(std::string_view untrusted) {
  std::string text = sanitise(untrusted);
  const std::string fence(std::max<std::size_t>(3, longest_run_of_ticks(text) + 1), '`');
  if (text.empty() || text.back() != '\n') text += "\n";
  return fence + "text\n" + text + fence + "\n";
}

std::string markdown(const model::RunReport& report, std::size_t limit) {
  std::vector<Section> sections{overview(report), stopped(report),    cause(report),   deployment(report),
                                analysis(report), validation(report), warnings(report)};
  std::erase_if(sections, [](const Section& section) { return section.body.empty(); });
  std::vector<std::string> left_out;
  const auto compose = [&] {
    std::string out = verdict(report);
    for (const Section& section : sections) out += "\n### " + section.title + "\n\n" + section.body;
    if (!left_out.empty()) out += "\nLeft out for length: " + join(left_out, ", ") + ".\n";
    return out;
  };
  std::string out = compose();
  while (out.size() > limit && !sections.empty()) {
    // What explains a failure goes last; the largest of the rest goes first.
    const auto keep = std::min<std::size_t>(sections.size() - 1, 1);
    const auto largest =
        std::max_element(sections.begin() + static_cast<std::ptrdiff_t>(keep), sections.end(),
                         [](const Section& a, const Section& b) { return a.body.size() < b.body.size(); });
    left_out.push_back(largest->title);
    sections.erase(largest);
    out = compose();
  }
  return out;
}

}  // namespace instantexec::report
