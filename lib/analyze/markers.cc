#include "analyze/markers.h"

#include <fmt/format.h>

namespace instantexec::analyze {
namespace {

// A marker is exactly seven characters, then the end of the line or a space.
bool is_marker(std::string_view line, char c) {
  return line.size() >= 7 && line.find_first_not_of(c) >= 7 &&
         line.substr(0, 7).find_first_not_of(c) == std::string_view::npos &&
         (line.size() == 7 || line[7] == ' ' || line[7] == '\r');
}

}  // namespace

std::vector<model::Finding> find_merge_markers(const std::string& path, std::string_view text) {
  std::vector<model::Finding> found;
  std::uint32_t line_number = 0;
  std::uint32_t opened_at = 0;
  bool divided = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    ++line_number;
    if (is_marker(line, '<')) {
      opened_at = line_number;
      divided = false;
    } else if (opened_at != 0 && is_marker(line, '=')) {
      divided = true;
    } else if (opened_at != 0 && divided && is_marker(line, '>')) {
      model::Finding finding;
      finding.rule = "conflict.merge-marker";
      finding.message =
          fmt::format("an unresolved merge conflict stands in lines {}-{}", opened_at, line_number);
      finding.hint = "resolve the conflict and commit the result";
      finding.at = {path, {opened_at, 1}, {line_number, 1}};
      found.push_back(std::move(finding));
      opened_at = 0;
    }
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return found;
}

}  // namespace instantexec::analyze
