#include "manifest/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "manifest/scalar.h"

namespace instantexec::manifest {
namespace {

using model::Json;

enum class Style { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral };

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

// A date, as readers of YAML 1.1 take it: four digits, a dash, a digit.
bool looks_like_date(std::string_view text) {
  return text.size() >= 6 && std::all_of(text.begin(), text.begin() + 4, is_digit) && text[4] == '-' &&
         is_digit(text[5]);
}

// Sexagesimal numbers of YAML 1.1: 1:30, 190:20:30.5.
bool looks_like_base60(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return false;
  const auto begin = text.begin() + (text.front() == '-' || text.front() == '+' ? 1 : 0);
  return begin != text.end() && is_digit(*begin) && std::all_of(begin, text.end(), [](char c) {
           return is_digit(c) || c == ':' || c == '_' || c == '.';
         });
}

bool reads_as_string(const std::string& text) {
  const auto value = resolve_scalar(text, ScalarTag::kPlain);
  return value && value->is_string() && text != "<<" && !looks_like_date(text) && !looks_like_base60(text);
}

bool is_marked(std::string_view character) {
  return character == "\uFEFF" || character == "\uFFFE" || character == "\uFFFF";
}

// Characters goyaml escapes: controls, NEL, U+2028 and U+2029, byte order marks, the two at the end of the
// first plane that are no characters, and all beyond it.
bool needs_escape(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if ((byte < 0x20 && byte != '\n') || byte == 0x7F || byte >= 0xF0) return true;
    if (byte == 0xC2 && static_cast<std::uint8_t>(text[i + 1]) < 0xA0) return true;
    if (byte == 0xE2 && (text.substr(i, 3) == "\u2028" || text.substr(i, 3) == "\u2029")) return true;
    if (byte == 0xEF && is_marked(text.substr(i, 3))) return true;
  }
  return false;
}

// Whether YAML syntax would see more in a plain scalar than its text (libyaml's analysis of a scalar).
bool has_indicators(std::string_view text) {
  if (text.starts_with("---") || text.starts_with("...")) return true;
  constexpr std::string_view kFirst = "#,[]{}&*!|>'\"%@`";
  const char first = text.front();
  if (kFirst.find(first) != std::string_view::npos) return true;
  const bool first_stands_alone = text.size() == 1 || is_blank(text[1]);
  if ((first == '?' || first == ':' || first == '-') && first_stands_alone) return true;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':' && (i + 1 == text.size() || is_blank(text[i + 1]))) return true;
    if (text[i] == '#' && is_blank(text[i - 1])) return true;
  }
  return false;
}

Style style_of(const std::string& text, bool key) {
  if (needs_escape(text)) return Style::kDoubleQuoted;
  if (text.find('\n') != std::string::npos) {
    // A literal block cannot show blanks before a line break or at the end; a key has no room for one.
    const bool hidden = text.find(" \n") != std::string::npos || text.back() == ' ';
    return key || hidden ? Style::kDoubleQuoted : Style::kLiteral;
  }
  if (!reads_as_string(text)) return Style::kDoubleQuoted;
  if (text.front() == ' ' || text.back() == ' ' || has_indicators(text)) return Style::kSingleQuoted;
  return Style::kPlain;
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::uint32_t decode(std::string_view text, std::size_t& i) {
  const auto lead = static_cast<std::uint8_t>(text[i]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  std::uint32_t value = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
    value = (value << 6U) | (static_cast<std::uint8_t>(text[i + k]) & 0x3FU);
  }
  i += length;
  return value;
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t from = i;
    const std::uint32_t c = decode(text, i);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      out += fmt::format("\\x{:02X}", c);
    } else if (c == 0x2028 || c == 0x2029 || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF) {
      out += fmt::format("\\u{:04X}", c);
    } else if (c > 0xFFFF) {
      out += fmt::format("\\U{:08X}", c);
    } else {
      out += text.substr(from, i - from);
    }
  }
  return out + "\"";
}

std::string literal(std::string_view text, std::size_t indent) {
  std::string out = "|";
  if (text.front() == ' ' || text.front() == '\n') out += "2";  // the indentation cannot be guessed
  if (!text.ends_with('\n')) {
    out += "-";
  } else if (text == "\n" || text.ends_with("\n\n")) {
    out += "+";
  }
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out += '\n';
    if (end > from) out += std::string(indent, ' ') + std::string(text.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

std::string number(double value) {
  if (!std::isfinite(value)) return "null";  // JSON has none of these
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general);
  return std::string(buffer.data(), end.ptr);
}

class Emitter {
 public:
  [[nodiscard]] std::string take() { return std::move(out_); }

  // Writes the value after its key or dash; `indent` is where its own lines begin.
  void value(const Json& json, std::size_t indent) {
    if (json.is_object() && !json.empty()) {
      map(json, indent, true);
    } else if (json.is_array() && !json.empty()) {
      sequence(json, indent, true);
    } else {
      out_ += scalar(json, indent) + "\n";
    }
  }

 private:
  // `first`: the cursor stands where the first line begins.
  void map(const Json& json, std::size_t indent, bool first) {
    for (const auto& [key, item] : json.items()) {
      if (!std::exchange(first, false)) out_ += std::string(indent, ' ');
      out_ += text(key, 0, true) + ":";
      if (item.is_object() && !item.empty()) {
        out_ += "\n" + std::string(indent + 2, ' ');
        map(item, indent + 2, true);
      } else if (item.is_array() && !item.empty()) {
        out_ += "\n" + std::string(indent, ' ');
        sequence(item, indent, true);
      } else {
        out_ += " " + scalar(item, indent + 2) + "\n";
      }
    }
  }
  void sequence(const Json& json, std::size_t indent, bool first) {
    for (const Json& item : json) {
      if (!std::exchange(first, false)) out_ += std::string(indent, ' ');
      out_ += "- ";
      value(item, indent + 2);
    }
  }
  static std::string text(const std::string& value, std::size_t indent, bool key) {
    if (value.empty()) return "\"\"";
    switch (style_of(value, key)) {
      case Style::kPlain:
        return value;
      case Style::kSingleQuoted:
        return single_quoted(value);
      case Style::kDoubleQuoted:
        return double_quoted(value);
      case Style::kLiteral:
        return literal(value, indent);
    }
    return double_quoted(value);
  }
  static std::string scalar(const Json& json, std::size_t indent) {
    if (json.is_string()) return text(json.get_ref<const std::string&>(), indent, false);
    if (json.is_number_float()) return number(json.get<double>());
    return json.dump();
  }

  std::string out_;
};

}  // namespace

std::string to_yaml(const Json& value) {
  Emitter emitter;
  // YAML lets the lines of a block that is the whole document begin at the margin; yaml-cpp does not.
  emitter.value(value, value.is_string() ? 2 : 0);
  return emitter.take();
}

}  // namespace instantexec::manifest
