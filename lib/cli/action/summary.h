#pragma once

#include <cstddef>
#include <string>

#include "model/run_report.h"

// The page GitHub shows under a finished job. Pure.
namespace instantexec::cli::action {

// The runner refuses a step summary of more than 1024 KiB as a whole.
inline constexpr std::size_t kMaxSummaryBytes = std::size_t{1024} * 1024;

// The report as Markdown: the verdict, the stages, why it failed, the objects, the findings. Sections that do
// not fit into `limit` bytes are cut at a line and say so; the verdict comes first and is never cut.
//
// Every text that may come from a cluster or a repository stands in a code span or fence longer than any run
// of backquotes in it, so it can neither forge a heading nor mention a person.
[[nodiscard]] std::string step_summary(const model::RunReport& report, std::size_t limit = kMaxSummaryBytes);

// `text` as a code span that nothing inside can end, safe in a table cell too. Line feeds become spaces.
[[nodiscard]] std::string code_span(std::string_view text);

// `text` as a fenced block that nothing inside can end.
[[nodiscard]] std::string code_block(std::string_view text);

}  // namespace instantexec::cli::action
