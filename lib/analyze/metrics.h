#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/language.h"

namespace instantexec::analyze {

// How deeply one file was looked at.
enum class Depth {
  kSyntax,   // parsed
  kText,     // read as text: prose, data, or a language that is not parsed here
  kSkipped,  // not read: too large, binary, vendored, or out of time
};

// What one file holds. Lines count from the bytes; the rest from the syntax tree and is zero without one.
struct FileMetrics {
  std::string path;
  Language language = Language::kUnknown;
  Depth depth = Depth::kSkipped;
  std::string skipped_because;  // one phrase, for kSkipped
  std::size_t bytes = 0;
  std::size_t lines = 0;
  std::size_t comment_lines = 0;
  std::size_t functions = 0;
  std::size_t longest_function = 0;  // lines
  std::size_t deepest_nesting = 0;   // of control structures within one function
  std::size_t error_bytes = 0;       // inside regions the parser could not make sense of
};

// Sums over files; the type name is the one of the pipeline's design.
struct CodebaseMetrics {
  std::size_t total_files = 0;     // looked at, whatever their depth
  std::size_t analyzed_files = 0;  // read as syntax or text
  std::size_t total_lines = 0;
  std::size_t functions = 0;
  std::size_t longest_function = 0;
  std::size_t deepest_nesting = 0;
  std::size_t syntax_error_files = 0;  // see makes_no_sense
  std::map<std::string, std::size_t> lines_by_language;
};

// Largest file that is read; larger ones are generated more often than written.
inline constexpr std::size_t kMaxFileBytes = 1'000'000;

// Measures one file. Work is bounded by the size of the text, also on input made to be slow to parse: such a
// file comes back as text. Binary content (a NUL byte in the first 8 KiB) is skipped.
[[nodiscard]] FileMetrics measure_file(std::string path, std::string_view text);

// A file that was not read, and why.
[[nodiscard]] FileMetrics skipped_file(std::string path, std::string why);

// More of the file is beyond its parser than a dialect would explain: over 5 % of its bytes; in C and C++,
// where in sources that compile a macro that takes a declaration costs up to a tenth, over a fifth.
[[nodiscard]] bool makes_no_sense(const FileMetrics& file);

[[nodiscard]] CodebaseMetrics sum_metrics(std::span<const FileMetrics> files);

}  // namespace instantexec::analyze
