#include "cli/action/commands.h"

#include <algorithm>
#include <array>
#include <vector>

namespace instantexec::cli::action {
namespace {

std::string escape(std::string_view text, bool property) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c == '%') {
      result += "%25";
    } else if (c == '\r') {
      result += "%0D";
    } else if (c == '\n') {
      result += "%0A";
    } else if (property && c == ':') {
      result += "%3A";
    } else if (property && c == ',') {
      result += "%2C";
    } else {
      result += c;
    }
  }
  return result;
}

std::string_view command_name(model::Severity severity) {
  switch (severity) {
    case model::Severity::kError:
      return "error";
    case model::Severity::kWarning:
      return "warning";
    case model::Severity::kInfo:
      break;
  }
  return "notice";
}

}  // namespace

std::string escape_data(std::string_view text) {
  return escape(text, false);
}

std::string escape_property(std::string_view text) {
  return escape(text, true);
}

std::string stop_commands(std::string_view token) {
  return "::stop-commands::" + std::string(token) + "\n";
}

std::string resume_commands(std::string_view token) {
  return "::" + std::string(token) + "::\n";
}

std::string annotation(const model::Finding& finding) {
  std::string line = "::" + std::string(command_name(finding.severity)) + " ";
  if (!finding.at.file.empty() && finding.at.file != "-") {
    line += "file=" + escape_property(finding.at.file) + ",";
    if (finding.at.begin.line != 0) line += "line=" + std::to_string(finding.at.begin.line) + ",";
    if (finding.at.begin.column != 0) line += "col=" + std::to_string(finding.at.begin.column) + ",";
  }
  line += "title=" + escape_property(finding.rule) + "::";
  if (finding.subject) line += escape_data(finding.subject->to_string() + ": ");
  line += escape_data(finding.message);
  if (!finding.hint.empty()) line += escape_data("\n" + finding.hint);
  return line + "\n";
}

std::string annotations(std::span<const model::Finding> findings) {
  std::vector<const model::Finding*> order;
  for (const model::Finding& finding : findings) order.push_back(&finding);
  std::ranges::stable_sort(order, [](const model::Finding* a, const model::Finding* b) {
    if (a->severity != b->severity) return a->severity > b->severity;
    return a->evidence < b->evidence;
  });
  std::array<std::size_t, 3> shown{};
  std::string text;
  for (const model::Finding* finding : order) {
    if (shown.at(static_cast<std::size_t>(finding->severity))++ < kMaxAnnotations)
      text += annotation(*finding);
  }
  return text;
}

}  // namespace instantexec::cli::action
