#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/outcome.h"
#include "report/table.h"

namespace instantexec::report {
namespace {

using model::Severity;

std::string line_of(std::string_view label, std::string_view text) {
  return text.empty() ? std::string{} : fmt::format("  {}: {}\n", label, sanitise_line(text));
}

Colour colour_of(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return Colour::kCyan;
    case Severity::kWarning:
      return Colour::kYellow;
    case Severity::kError:
      return Colour::kRed;
  }
  return Colour::kRed;
}

std::string place_of(const model::Finding& finding) {
  if (!finding.at.file.empty()) return sanitise_line(finding.at.to_string());
  if (!finding.subject) return {};
  return resource_name(*finding.subject) + (finding.field.empty() ? "" : " " + sanitise_line(finding.field));
}

std::string log_text(const model::LogTail& log, const TextOptions& options) {
  std::string out =
      fmt::format("  log of {} container {}{}:\n", resource_name(log.pod, options.ns),
                  sanitise_line(log.container), log.previous ? " (before its last restart)" : "");
  for (const std::string& text : log.lines) out += "    | " + sanitise_line(text) + "\n";
  return out;
}

// "deployment.apps/web configured", with what is wrong with it.
std::string object_line(const model::ObjectOutcome& object, const model::DeployReport& report,
                        const TextOptions& options) {
  const bool dry = report.result == model::DeployResult::kDryRun;
  const bool bad = object.action == model::Action::kFailed || object.health.doomed();
  std::string action(model::to_string(object.action));
  if (bad) action = paint(options.style, Colour::kRed, action);
  std::string out = fmt::format("{} {}{}", resource_name(object.object, options.ns), action,
                                !dry             ? ""
                                : report.offline ? " (client dry run)"
                                                 : " (server dry run)");
  const bool unwell = object.health.status == model::HealthStatus::kInProgress ||
                      object.health.status == model::HealthStatus::kFailed ||
                      object.health.status == model::HealthStatus::kSuspended;
  const std::string why = !object.message.empty() ? object.message : unwell ? object.health.message : "";
  if (!why.empty()) out += ": " + sanitise_line(why);
  return out + "\n";
}

std::string differences_text(const model::DeployReport& report) {
  if (!report.verification || report.verification->differences.empty()) return {};
  std::string out = "differences from the state before:\n";
  for (const std::string& text : report.verification->differences) out += "  " + sanitise_line(text) + "\n";
  return out;
}

std::string drill_text(const model::DeployReport& report) {
  if (report.drill.empty()) return {};
  std::string refused;
  std::size_t accepted = 0;
  for (const model::DrillOutcome& one : report.drill) {
    accepted += one.accepted ? 1 : 0;
    if (one.accepted) continue;
    refused += "  " + resource_name(one.object, report.ns) + " " + one.write + ": " +
               sanitise_line(one.message) + "\n";
  }
  return fmt::format("tried without storing anything: {}, {} accepted\n",
                     counted(report.drill.size(), "write"), accepted) +
         refused;
}

}  // namespace

std::string error_text(const Error& error, const Style& style) {
  std::string out = paint(style, Colour::kRed, "error:") + " " + sanitise_line(error.message) + "\n";
  for (auto frame = error.context.rbegin(); frame != error.context.rend(); ++frame)
    out += line_of("while", *frame);
  if (error.http_status != 0) {
    out += line_of("server", fmt::format("{}HTTP {}", error.reason.empty() ? "" : error.reason + ", ",
                                         error.http_status));
  }
  out += line_of("next", error.next_step());
  if (error.code != nullptr) out += line_of("code", error.code->name);
  return out;
}

std::string finding_text(const model::Finding& finding, const Style& style) {
  const std::string place = place_of(finding);
  std::string out = place.empty() ? "" : paint(style, Colour::kBold, place + ":") + " ";
  out += paint(style, colour_of(finding.severity), fmt::format("{}:", model::to_string(finding.severity)));
  out += fmt::format(" {} [{}]\n", sanitise_line(finding.message), sanitise_line(finding.rule));
  if (!finding.at.file.empty() && finding.subject) {
    out +=
        line_of("in", resource_name(*finding.subject) + (finding.field.empty() ? "" : ", " + finding.field));
  }
  out += line_of("hint", finding.hint);
  return out;
}

std::string count_findings(std::span<const model::Finding> findings) {
  std::vector<std::string> parts;
  for (const Severity severity : {Severity::kError, Severity::kWarning, Severity::kInfo}) {
    const auto count = std::count_if(findings.begin(), findings.end(),
                                     [&](const model::Finding& f) { return f.severity == severity; });
    if (count == 0) continue;
    const std::string_view word = severity == Severity::kInfo ? "remark" : model::to_string(severity);
    parts.push_back(counted(static_cast<std::size_t>(count), word));
  }
  return parts.empty() ? "no findings" : join(parts, ", ");
}

std::string finding_lines(std::span<const model::Finding> findings, const Style& style) {
  std::string out;
  for (const Severity severity : {Severity::kError, Severity::kWarning, Severity::kInfo}) {
    for (const model::Finding& finding : findings) {
      if (finding.severity == severity) out += finding_text(finding, style);
    }
  }
  return out;
}

std::string findings_text(std::span<const model::Finding> findings, const Style& style) {
  if (findings.empty()) return {};
  return finding_lines(findings, style) + count_findings(findings) + "\n";
}

std::string cause_text(const model::FailureCause& cause, const TextOptions& options) {
  std::string out = fmt::format("{} {}: {}\n", paint(options.style, Colour::kRed, "cause:"),
                                resource_name(cause.object, options.ns), sanitise_line(cause.summary));
  out += line_of("hint", cause.hint);
  for (const model::Evidence& item : cause.evidence) {
    const std::string text = sanitise_line(item.text);
    // The headline has said it already.
    if (cause.summary.find(item.text) != std::string::npos) continue;
    out += fmt::format("  {}: {}\n", resource_name(item.subject, options.ns), text);
  }
  for (const std::string& event : cause.events) out += line_of("event", event);
  for (const model::LogTail& log : cause.logs) out += log_text(log, options);
  return out;
}

std::string deploy_text(const model::DeployReport& report, const TextOptions& options) {
  std::string out;
  if (report.cause) out += cause_text(*report.cause, options) + "\n";
  if (!report.findings.empty()) out += findings_text(report.findings, options.style) + "\n";
  for (const model::ObjectOutcome& object : report.objects) out += object_line(object, report, options);
  if (!report.objects.empty()) out += "\n";
  out += differences_text(report);
  out += drill_text(report);
  const std::string counts = count_actions(report);
  const std::string state = fmt::format("release {} in {}: {}", sanitise_line(report.release),
                                        sanitise_line(report.ns), state_sentence(report));
  out += paint(options.style, succeeded(report) ? Colour::kGreen : Colour::kRed, state);
  if (!counts.empty()) out += " (" + counts + ")";
  if (report.elapsed > Duration{0}) out += " in " + format_duration(report.elapsed);
  out += "\n";
  out += line_of("evidence", report.evidence);
  for (const std::string& warning : report.warnings) {
    out += paint(options.style, Colour::kYellow, "warning:") + " " + sanitise_line(warning) + "\n";
  }
  return out + line_of("next", next_command(report));
}

}  // namespace instantexec::report
