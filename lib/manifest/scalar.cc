#include "manifest/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/digest.h"
#include "manifest/errors.h"
#include "manifest/text_check.h"

namespace instantexec::manifest {
namespace {

using model::Json;

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 12> kNotFinite{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                      "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Go's strconv.ParseInt(text, 0, 64), and ParseUint beyond it: optional sign, then 0x, 0o, 0b or a bare 0 for
// octal. Integers above int64 become floats because that is what reaches the server.
std::optional<Json> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    text.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (negative) {
    if (magnitude > kMax + 1) return std::nullopt;
    return Json(static_cast<std::int64_t>(0 - magnitude));
  }
  if (magnitude > kMax) return Json(static_cast<double>(magnitude));
  return Json(static_cast<std::int64_t>(magnitude));
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t whole = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// The float in Go's reading: too large is no float (the scalar stays a string), too small is zero.
std::optional<double> parse_float(std::string_view text) {
  if (!looks_like_float(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say in which direction; a negative exponent or a leading 0. is an underflow.
    const auto exponent = text.find_first_of("eE");
    const bool tiny = exponent == std::string_view::npos ? text.find_first_of("123456789") > text.find('.')
                                                         : text[exponent + 1] == '-';
    return tiny ? std::optional<double>(0.0) : std::nullopt;
  }
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Number of a scalar that begins with a digit, a sign or a dot. `is_float` tells the notation apart.
std::optional<Json> parse_number(std::string_view text, bool& is_float) {
  const char first = text.front();
  is_float = true;
  if (first == '.') {
    const auto value = parse_float(text);
    return value ? std::optional(json_number(*value)) : std::nullopt;
  }
  if (!is_digit(first) && first != '-' && first != '+') return std::nullopt;
  std::string plain(text);
  std::erase(plain, '_');
  if (auto integer = parse_integer(plain)) {
    is_float = false;
    return integer;
  }
  const auto value = parse_float(plain);
  return value ? std::optional(json_number(*value)) : std::nullopt;
}

tl::unexpected<Error> mismatch(std::string_view what) {
  return fail(errors::kUnsupported, "the value does not fit its tag " + std::string(what));
}

Result<Json> resolve_binary(std::string_view text) {
  auto bytes = base64_decode(text);
  if (!bytes) return mismatch("!!binary: it is not base64");
  if (!is_utf8(*bytes)) {
    return fail(errors::kUnsupported, "a !!binary value is not text, and JSON holds only text",
                "write the base64 form as a string where Kubernetes expects it (data, binaryData)");
  }
  return Json(std::move(*bytes));
}

}  // namespace

Json json_number(double value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (value == std::trunc(value) && value >= -kTwoTo63 && value < kTwoTo63) {
    return Json(static_cast<std::int64_t>(value));
  }
  return Json(value);
}

Result<Json> resolve_scalar(std::string_view text, ScalarTag tag) {
  if (tag == ScalarTag::kString || tag == ScalarTag::kTimestamp) return Json(std::string(text));
  if (tag == ScalarTag::kBinary) return resolve_binary(text);
  const bool plain = tag == ScalarTag::kPlain;
  if (one_of(text, kNull)) {
    if (plain || tag == ScalarTag::kNull) return Json(nullptr);
    return mismatch("(it is null)");
  }
  if (one_of(text, kTrue) || one_of(text, kFalse)) {
    if (plain || tag == ScalarTag::kBool) return Json(one_of(text, kTrue));
    return mismatch("(it is a boolean)");
  }
  if (one_of(text, kNotFinite)) {
    return fail(errors::kUnsupported, "JSON has no infinity and no not-a-number",
                "quote it to keep the text");
  }
  bool is_float = false;
  if (auto number = parse_number(text, is_float)) {
    if (plain || tag == ScalarTag::kFloat || (tag == ScalarTag::kInt && !is_float)) return std::move(*number);
    return mismatch("(it is a number)");
  }
  if (plain) return Json(std::string(text));
  return mismatch("(it is a string)");
}

Result<std::string> key_from_scalar(std::string_view text, ScalarTag tag) {
  IE_TRY_ASSIGN(const Json value, resolve_scalar(text, tag));
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return std::string(value.get<bool>() ? "true" : "false");
  if (value.is_null()) return fail(errors::kUnsupported, "null cannot be a key", "quote it to keep the text");
  bool is_float = false;
  const auto number = parse_number(text, is_float);
  if (value.is_number_integer() && !is_float) return std::to_string(value.get<std::int64_t>());
  if (!is_float) return fail(errors::kUnsupported, "the key is a number beyond 64 bits", "quote it");
  // sigs.k8s.io/yaml writes float keys with FormatFloat(…, 'g', -1, 32).
  std::array<char, 64> buffer{};
  const auto as_float = value.get<float>();
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), as_float, std::chars_format::general);
  return std::string(buffer.data(), end.ptr);
}

}  // namespace instantexec::manifest
