#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace instantexec {

// Makes text from a cluster, a repository or a plugin safe to print on a terminal or into a log: C0 controls
// (CR and ESC included; newline and tab are kept), C1 controls, DEL, bidirectional overrides, zero-width
// characters and invalid UTF-8 become visible escapes such as \x1b or \u202e.
[[nodiscard]] std::string sanitise(std::string_view untrusted);

// As sanitise, and on one line: newlines and tabs become escapes too. `limit` counts bytes of the result, 0
// is no limit; a longer text ends in "…".
[[nodiscard]] std::string sanitise_line(std::string_view untrusted, std::size_t limit = 0);

// Without leading and trailing ASCII white space.
[[nodiscard]] std::string_view trim(std::string_view text);

// Parts between separators; "" gives one empty part.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

// ASCII only.
[[nodiscard]] std::string to_lower(std::string_view text);

// The candidate nearest to `word` by edit distance, for "did you mean"; nothing when none is near (more than
// a third of the word's length away).
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

// "1 object", "2 objects"; `plural` defaults to singular + "s".
[[nodiscard]] std::string counted(std::size_t count, std::string_view singular, std::string_view plural = {});

}  // namespace instantexec
