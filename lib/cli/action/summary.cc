#include "cli/action/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace instantexec::cli::action {
namespace {

// The longest run of backquotes in the text.
std::size_t longest_run(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

std::string headline(const model::RunReport& report) {
  switch (report.exit) {
    case ExitCode::kDone:
      return report.deployment && report.deployment->result == model::DeployResult::kNothingToDo
                 ? "✅ Nothing to do"
                 : "✅ Done";
    case ExitCode::kValidationFailed:
      return "❌ Validation failed, cluster untouched";
    case ExitCode::kRejected:
      return "✋ Not approved, cluster untouched";
    case ExitCode::kRolledBack:
      return "↩️ Deployment failed, everything put back";
    case ExitCode::kRollbackFailed:
      return "🔥 Rollback incomplete";
    case ExitCode::kUnreachable:
      return "🔌 The cluster cannot be used";
    case ExitCode::kLocked:
      return "🔒 Another run holds the release";
    case ExitCode::kInterrupted:
      return "⏸️ Interrupted, unfinished work is recorded";
    case ExitCode::kDifferences:
      return "Differences found";
    case ExitCode::kInternal:
    case ExitCode::kUsage:
      break;
  }
  return "❌ Error";
}

std::string verdict(const model::RunReport& report) {
  std::string text = "## " + headline(report) + "\n\n";
  text +=
      fmt::format("{} of {} in {}", code_span(report.verb), code_span(report.release), code_span(report.ns));
  if (!report.context.empty()) text += ", context " + code_span(report.context);
  text +=
      ", " + format_duration(report.elapsed) + fmt::format(", exit code {}\n", static_cast<int>(report.exit));
  if (report.analysis) {
    text += fmt::format("\nDecision **{}**, confidence {:.0f} %, risk {:.1f} of 100 ({})\n",
                        model::to_string(report.analysis->decision), report.analysis->confidence * 100,
                        report.analysis->risk_score, model::to_string(report.analysis->risk_level));
  }
  if (report.error) {
    text += "\n" + code_block(report.error->to_string());
    if (!report.error->next_step().empty()) text += "Next: " + code_span(report.error->next_step()) + "\n";
  }
  return text;
}

using Lines = std::vector<std::string>;

Lines stage_lines(const model::RunReport& report) {
  if (report.stages.empty()) return {};
  Lines lines{"### Stages\n\n| stage | result | time | |\n|---|---|---|---|\n"};
  for (const model::StageResult& stage : report.stages) {
    lines.push_back(fmt::format("| {} | {} | {} | {} |\n", model::to_string(stage.id),
                                model::to_string(stage.status), format_duration(stage.elapsed),
                                code_span(stage.summary)));
  }
  return lines;
}

Lines cause_lines(const model::RunReport& report) {
  if (!report.deployment || !report.deployment->cause) return {};
  const model::FailureCause& cause = *report.deployment->cause;
  Lines lines{"### Why it failed\n\n",
              code_span(cause.object.to_string()) + ": " + code_span(cause.summary) + "\n\n"};
  if (!cause.hint.empty()) lines.push_back("Next: " + code_span(cause.hint) + "\n\n");
  if (!cause.events.empty()) lines.push_back("Events\n\n" + code_block(join(cause.events, "\n")));
  for (const model::LogTail& log : cause.logs) {
    lines.push_back("Log of " + code_span(log.pod.to_string() + " " + log.container) + "\n\n" +
                    code_block(join(log.lines, "\n")));
  }
  return lines;
}

Lines object_lines(const model::RunReport& report) {
  if (!report.deployment || report.deployment->objects.empty()) return {};
  Lines lines{"### Objects\n\n| object | action | health | |\n|---|---|---|---|\n"};
  for (const model::ObjectOutcome& outcome : report.deployment->objects) {
    const std::string& why = outcome.message.empty() ? outcome.health.message : outcome.message;
    lines.push_back(fmt::format("| {} | {} | {} | {} |\n", code_span(outcome.object.to_string()),
                                model::to_string(outcome.action), model::to_string(outcome.health.status),
                                code_span(why)));
  }
  return lines;
}

Lines finding_lines(const model::RunReport& report) {
  std::vector<model::Finding> findings;
  const auto take = [&findings](const std::vector<model::Finding>& more) {
    findings.insert(findings.end(), more.begin(), more.end());
  };
  if (report.analysis) take(report.analysis->conflicts);
  if (report.validation) take(report.validation->findings);
  if (report.deployment) take(report.deployment->findings);
  if (findings.empty()) return {};
  std::ranges::stable_sort(findings, std::ranges::greater{}, &model::Finding::severity);
  Lines lines{"### Findings\n\n| severity | rule | place | finding |\n|---|---|---|---|\n"};
  for (const model::Finding& finding : findings) {
    const std::string place =
        finding.at.file.empty() && finding.subject ? finding.subject->to_string() : finding.at.to_string();
    lines.push_back(fmt::format("| {} | {} | {} | {} |\n", model::to_string(finding.severity),
                                code_span(finding.rule), code_span(place), code_span(finding.message)));
  }
  return lines;
}

// Adds the lines that fit, the first of which is the section's head.
void append_section(std::string& text, const Lines& lines, std::size_t limit) {
  constexpr std::string_view kCut = "\n*Cut here: the report is longer than this page may be.*\n";
  if (lines.empty() || text.ends_with(kCut)) return;
  text += "\n";
  for (const std::string& line : lines) {
    if (text.size() + line.size() + kCut.size() > limit) {
      text += kCut;
      return;
    }
    text += line;
  }
}

}  // namespace

std::string code_span(std::string_view text) {
  if (text.empty()) return {};
  std::string inside;
  for (const char c : sanitise_line(text)) {
    // In a table a bar ends the cell even inside a code span unless it is escaped (GFM, section 4.10).
    if (c == '|') inside += '\\';
    inside += c;
  }
  const std::string fence(longest_run(inside) + 1, '`');
  // A space next to the fence is taken off again by the reader, and keeps a backquote in the text apart from
  // it.
  const bool pad = inside.front() == '`' || inside.back() == '`';
  return fence + (pad ? " " : "") + inside + (pad ? " " : "") + fence;
}

std::string code_block(std::string_view text) {
  const std::string inside = sanitise(text);
  const std::string fence(std::max<std::size_t>(3, longest_run(inside) + 1), '`');
  return fence + "text\n" + inside + (inside.ends_with('\n') ? "" : "\n") + fence + "\n";
}

std::string step_summary(const model::RunReport& report, std::size_t limit) {
  std::string text = verdict(report);
  append_section(text, stage_lines(report), limit);
  append_section(text, cause_lines(report), limit);
  append_section(text, object_lines(report), limit);
  append_section(text, finding_lines(report), limit);
  return text;
}

}  // namespace instantexec::cli::action
