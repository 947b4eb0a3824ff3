#include "validate/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace instantexec::validate {
namespace {

constexpr double kKibi = 1024.0;
constexpr std::array<std::pair<std::string_view, double>, 16> kSuffixes{{
    {"n", 1e-9},
    {"u", 1e-6},
    {"m", 1e-3},
    {"", 1.0},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
    {"Ki", kKibi},
    {"Mi", kKibi* kKibi},
    {"Gi", kKibi* kKibi* kKibi},
    {"Ti", kKibi* kKibi* kKibi* kKibi},
    {"Pi", kKibi* kKibi* kKibi* kKibi* kKibi},
    {"Ei", kKibi* kKibi* kKibi* kKibi* kKibi* kKibi},
}};

// "e3", "E-3": an exponent rather than the suffix E.
bool is_exponent(std::string_view suffix) {
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return false;
  const std::size_t from = suffix[1] == '-' || suffix[1] == '+' ? 2 : 1;
  return from < suffix.size() && std::all_of(suffix.begin() + static_cast<std::ptrdiff_t>(from), suffix.end(),
                                             [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<double> parse_quantity(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto suffix_at = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view digits = text.substr(0, suffix_at);
  const std::string_view suffix = text.substr(suffix_at);
  if (digits.empty() || digits == ".") return std::nullopt;
  double scale = 1;
  std::string number(digits);
  if (is_exponent(suffix)) {
    number += suffix;
  } else {
    const auto known = std::find_if(kSuffixes.begin(), kSuffixes.end(),
                                    [&](const auto& row) { return row.first == suffix; });
    if (known == kSuffixes.end()) return std::nullopt;
    scale = known->second;
  }
  // from_chars takes no plus sign in an exponent.
  std::erase(number, '+');
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  return (negative ? -value : value) * scale;
}

std::optional<double> quantity_of(const model::Json* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->get<double>();
  if (value->is_string()) return parse_quantity(value->get_ref<const std::string&>());
  return std::nullopt;
}

}  // namespace instantexec::validate
