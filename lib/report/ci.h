#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/run_report.h"

// Forms of a run's report for continuous integration. Everything external is escaped for the format it goes
// into; our own verdict never stands in the same span as text from a cluster or a repository.
namespace instantexec::report {

// GitHub refuses step summaries above 1024 KiB.
inline constexpr std::size_t kMaxSummary = std::size_t{1024} * 1024;

// GitHub-flavoured Markdown for a step summary or a comment. Sections are left out, largest first, until the
// text fits into `limit` bytes, and the end says which.
[[nodiscard]] std::string markdown(const model::RunReport& report, std::size_t limit = kMaxSummary);

// Text as a Markdown code span on one line, with a delimiter longer than any run of backticks inside. ""
// gives "".
[[nodiscard]] std::string code_span(std::string_view untrusted);
// Lines as a fenced block, the fence longer than any run of backticks inside.
[[nodiscard]] std::string code_block(std::string_view untrusted);

// GitHub workflow commands "::error file=…::message", at most `per_kind` of each kind, most severe first; one
// more notice says how many were left out. `%`, CR and LF are escaped, in properties ":" and "," as well.
[[nodiscard]] std::string github_annotations(const model::RunReport& report, std::size_t per_kind = 10);
// Untrusted text between ::stop-commands::token and ::token::, so that no line of it is taken for a command.
// `token` must be random and new each time.
[[nodiscard]] std::string without_commands(std::string_view untrusted, std::string_view token);

// SARIF 2.1.0, one run, with the findings of analysis and validation; those without a place in a file are
// notifications of the run.
[[nodiscard]] std::string sarif(const model::RunReport& report);

// JUnit XML as the common consumers read it: the suites of the validation, and a suite "deployment" with one
// case per object.
[[nodiscard]] std::string junit(const model::RunReport& report);

}  // namespace instantexec::report
