#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/finding.h"

// Workflow commands: lines on standard output that the runner of a GitHub Action acts upon. Whoever can print
// one controls the step, so text from a cluster or a repository is printed between stop_commands and
// resume_commands, and what goes into a command of ours is escaped.
//
// Source: "Workflow commands for GitHub Actions" in GitHub's documentation; the escapes are those of its
// toolkit. Pure.
namespace instantexec::cli::action {

// At most this many annotations of one kind are shown per step.
inline constexpr std::size_t kMaxAnnotations = 10;

// The text of a command: %, CR and LF escaped.
[[nodiscard]] std::string escape_data(std::string_view text);
// The value of a property: also ":" and ",".
[[nodiscard]] std::string escape_property(std::string_view text);

// From here on the runner takes every line as text, until resume_commands with the same token. The token must
// be one nobody can guess.
[[nodiscard]] std::string stop_commands(std::string_view token);
[[nodiscard]] std::string resume_commands(std::string_view token);

// One annotation, with a line feed: an error, a warning or a notice, at the finding's place if it has one.
[[nodiscard]] std::string annotation(const model::Finding& finding);

// The annotations worth showing: kMaxAnnotations of each kind, the most certain first, in their order
// otherwise.
[[nodiscard]] std::string annotations(std::span<const model::Finding> findings);

}  // namespace instantexec::cli::action
