#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace instantexec::manifest {

struct TextProblem {
  std::size_t offset = 0;
  std::string message;
};

// The first byte that is not UTF-8 or not a character YAML 1.1 §5.1 allows (C0 controls but tab, LF and CR;
// DEL; C1 but NEL; U+FFFE, U+FFFF).
[[nodiscard]] std::optional<TextProblem> find_bad_character(std::string_view text);

// Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);

// The text with every single byte 0x85 and 0xA0 that belongs to no character as the character of that number,
// NEL or NBSP: what readers of YAML leave behind that take the escapes \N and \_ (YAML 1.2 §5.7) for bytes.
// All else stays.
[[nodiscard]] std::string with_whole_escapes(std::string_view text);

}  // namespace instantexec::manifest
