#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "analyze/language.h"

namespace instantexec::analyze {

// Counts taken from a syntax tree.
struct SyntaxCounts {
  std::size_t comment_lines = 0;
  std::size_t functions = 0;
  std::size_t longest_function = 0;  // lines
  std::size_t deepest_nesting = 0;
  std::size_t error_bytes = 0;
};

// Parses the text and counts. Nothing when the language has no grammar here or when the work bound
// (proportional to the size of the text) was used up.
[[nodiscard]] std::optional<SyntaxCounts> count_syntax(Language language, std::string_view text);

}  // namespace instantexec::analyze
