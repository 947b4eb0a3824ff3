#include "report/progress.h"

#include <fmt/format.h>

#include "base/text.h"

namespace instantexec::report {
namespace {

using model::HealthStatus;

Colour colour_of(HealthStatus status) {
  switch (status) {
    case HealthStatus::kCurrent:
      return Colour::kGreen;
    case HealthStatus::kFailed:
    case HealthStatus::kNotFound:
      return Colour::kRed;
    case HealthStatus::kSuspended:
    case HealthStatus::kUnknown:
      return Colour::kYellow;
    case HealthStatus::kInProgress:
    case HealthStatus::kTerminating:
      return Colour::kCyan;
  }
  return Colour::kCyan;
}

std::string with_colon(std::string_view text) {
  return text.empty() ? std::string{} : ": " + sanitise_line(text);
}

struct LineOf {
  const Style& style;
  std::string_view ns;

  std::string operator()(const model::StageStarted& e) const {
    return fmt::format("[{}] started", model::to_string(e.stage));
  }
  std::string operator()(const model::StepFinished& e) const {
    return fmt::format("[{}] {}{}", model::to_string(e.stage),
                       e.ok ? "" : paint(style, Colour::kRed, "failed: "), sanitise_line(e.text));
  }
  std::string operator()(const model::StageFinished& e) const {
    return fmt::format("[{}] {} in {}{}", model::to_string(e.stage),
                       paint(style, e.ok ? Colour::kGreen : Colour::kRed, e.ok ? "passed" : "failed"),
                       format_duration(e.elapsed), with_colon(e.summary));
  }
  std::string operator()(const model::PhaseStarted& e) const {
    return e.objects == 0 ? std::string(model::to_string(e.phase))
                          : fmt::format("{} {}", model::to_string(e.phase), counted(e.objects, "object"));
  }
  std::string operator()(const model::ObjectWritten& e) const {
    const bool bad = e.action == model::Action::kFailed;
    return fmt::format("{} {}{}", resource_name(e.object, ns),
                       bad ? paint(style, Colour::kRed, "failed") : std::string(model::to_string(e.action)),
                       with_colon(e.message));
  }
  std::string operator()(const model::ObjectHealthChanged& e) const {
    const std::string status = paint(style, colour_of(e.health.status), model::to_string(e.health.status));
    return fmt::format("{} {}{}", resource_name(e.object, ns), status,
                       with_colon(e.health.message.empty() ? e.health.reason : e.health.message));
  }
  std::string operator()(const model::StillWaiting& e) const {
    return fmt::format("still waiting after {}: {} of {} ready{}", format_duration(e.elapsed), e.ready,
                       e.total, e.missing.empty() ? "" : "; missing " + sanitise_line(e.missing));
  }
  std::string operator()(const model::WarningRaised& e) const {
    return paint(style, Colour::kYellow, "warning:") + " " + sanitise_line(e.text);
  }
  std::string operator()(const model::Note& e) const { return sanitise_line(e.text); }
};

}  // namespace

std::string event_line(const model::Event& event, const Style& style, std::string_view ns) {
  const std::string line = std::visit(LineOf{style, ns}, event);
  return line.empty() ? line : line + "\n";
}

LineProgress::LineProgress(Output output, Style style, std::string ns)
    : output_(std::move(output)), style_(style), ns_(std::move(ns)) {}

void LineProgress::emit(const model::Event& event) {
  std::string line = event_line(event, style_, ns_);
  if (line.empty() || line == last_) return;
  last_ = std::move(line);
  output_(last_);
}

}  // namespace instantexec::report
