#include "analyze/metrics.h"

#include <algorithm>
#include <utility>

#include "analyze/syntax.h"

namespace instantexec::analyze {
namespace {

bool is_binary(std::string_view text) {
  return text.substr(0, 8192).find('\0') != std::string_view::npos;
}

std::size_t count_lines(std::string_view text) {
  const auto breaks = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return text.empty() || text.back() == '\n' ? breaks : breaks + 1;
}

}  // namespace

FileMetrics skipped_file(std::string path, std::string why) {
  FileMetrics metrics;
  metrics.language = language_of(path);
  metrics.path = std::move(path);
  metrics.skipped_because = std::move(why);
  return metrics;
}

FileMetrics measure_file(std::string path, std::string_view text) {
  if (text.size() > kMaxFileBytes) return skipped_file(std::move(path), "larger than 1 MB");
  if (is_binary(text)) return skipped_file(std::move(path), "binary");
  FileMetrics metrics;
  metrics.language = language_of(path);
  metrics.path = std::move(path);
  metrics.depth = Depth::kText;
  metrics.bytes = text.size();
  metrics.lines = count_lines(text);
  if (const auto counts = count_syntax(metrics.language, text)) {
    metrics.depth = Depth::kSyntax;
    metrics.comment_lines = counts->comment_lines;
    metrics.functions = counts->functions;
    metrics.longest_function = counts->longest_function;
    metrics.deepest_nesting = counts->deepest_nesting;
    metrics.error_bytes = counts->error_bytes;
  }
  return metrics;
}

bool makes_no_sense(const FileMetrics& file) {
  const bool has_macros = file.language == Language::kC || file.language == Language::kCpp;
  return file.error_bytes * (has_macros ? 5U : 20U) > file.bytes;
}

CodebaseMetrics sum_metrics(std::span<const FileMetrics> files) {
  CodebaseMetrics sum;
  sum.total_files = files.size();
  for (const FileMetrics& file : files) {
    if (file.depth == Depth::kSkipped) continue;
    ++sum.analyzed_files;
    sum.total_lines += file.lines;
    sum.functions += file.functions;
    sum.longest_function = std::max(sum.longest_function, file.longest_function);
    sum.deepest_nesting = std::max(sum.deepest_nesting, file.deepest_nesting);
    if (makes_no_sense(file)) ++sum.syntax_error_files;
    sum.lines_by_language[std::string(to_string(file.language))] += file.lines;
  }
  return sum;
}

}  // namespace instantexec::analyze
