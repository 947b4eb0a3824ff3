#include "manifest/text_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace instantexec::manifest {
namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {value, length};
}

bool allowed(std::uint32_t value) {
  if (value < 0x20) return value == '\t' || value == '\n' || value == '\r';
  if (value < 0xA0) return value <= 0x7E || value == 0x85;
  return value != 0xFFFE && value != 0xFFFF;
}

}  // namespace

std::optional<TextProblem> find_bad_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte >= 0x20 && byte < 0x7F) {  // nearly every byte of a manifest
      ++i;
      continue;
    }
    const CodePoint point = decode(text.substr(i, 4));
    if (point.length == 0) return TextProblem{i, fmt::format("byte 0x{:02x} is not UTF-8 text", byte)};
    if (!allowed(point.value)) {
      return TextProblem{i, fmt::format("control character U+{:04X} is not allowed", point.value)};
    }
    i += point.length;
  }
  return std::nullopt;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = decode(text.substr(i, 4));
    if (point.length == 0) return false;
    i += point.length;
  }
  return true;
}

std::string with_whole_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte == 0x85 || byte == 0xA0) out += '\xC2';  // neither begins a character
    const std::size_t length = std::max<std::size_t>(1, decode(text.substr(i, 4)).length);
    out += text.substr(i, length);
    i += length;
  }
  return out;
}

}  // namespace instantexec::manifest
