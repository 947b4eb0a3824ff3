#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace instantexec {
namespace {

struct Civil {
  int year;
  unsigned month;
  unsigned day;
};

constexpr long long kMillisPerDay = 86'400'000;

long long days_from_civil(Civil date) {
  const std::chrono::year_month_day day{std::chrono::year{date.year}, std::chrono::month{date.month},
                                        std::chrono::day{date.day}};
  return std::chrono::sys_days{day}.time_since_epoch().count();
}

// Days and milliseconds of the day, the latter never negative.
std::pair<long long, long long> split_day(Timestamp at) {
  const long long millis = at.since_epoch.count();
  long long days = millis / kMillisPerDay;
  long long rest = millis % kMillisPerDay;
  if (rest < 0) {
    rest += kMillisPerDay;
    --days;
  }
  return {days, rest};
}

std::string format_with(Timestamp at, bool micro) {
  const auto [days, rest] = split_day(at);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  const long long seconds = rest / 1000;
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (micro) out += fmt::format(".{:03}000", rest % 1000);
  return out + "Z";
}

// Reads exactly `count` digits and removes them.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Fraction digits to milliseconds; further digits are dropped.
int take_millis(std::string_view& text) {
  int millis = 0;
  int scale = 100;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    millis += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return millis;
}

std::optional<long long> take_offset_minutes(std::string_view& text) {
  if (take(text, "Zz")) return 0;
  const bool negative = !text.empty() && text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes) return std::nullopt;
  const long long total = *hours * 60LL + *minutes;
  return negative ? -total : total;
}

constexpr std::array<std::pair<std::string_view, double>, 7> kUnits{
    {{"ns", 1e-6}, {"us", 1e-3}, {"µs", 1e-3}, {"ms", 1.0}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}};

// Reads "12" or "1.5"; nothing when there is no digit.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  double scale = 1;
  bool digits = false;
  bool fraction = false;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      digits = true;
      if (fraction) {
        scale /= 10;
        value += (c - '0') * scale;
      } else {
        value = value * 10 + (c - '0');
      }
    } else {
      break;
    }
    text.remove_prefix(1);
  }
  return digits ? std::optional<double>(value) : std::nullopt;
}

// The unit at the front, as its milliseconds.
std::optional<double> take_unit(std::string_view& text) {
  std::size_t size = 0;
  double scale = 0;
  for (const auto& [name, millis] : kUnits) {
    if (text.substr(0, name.size()) == name && name.size() > size) {
      size = name.size();
      scale = millis;
    }
  }
  if (size == 0) return std::nullopt;
  text.remove_prefix(size);
  return scale;
}

}  // namespace

std::string format_rfc3339(Timestamp at) {
  return format_with(at, false);
}
std::string format_rfc3339_micro(Timestamp at) {
  return format_with(at, true);
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  const int millis = take(text, ".") ? take_millis(text) : 0;
  const auto offset = take_offset_minutes(text);
  if (!offset || !text.empty()) return std::nullopt;
  const Civil date{*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day)};
  const bool exists = std::chrono::year_month_day{
      std::chrono::year{date.year}, std::chrono::month{date.month},
      std::chrono::day{
          date.day}}.ok();
  if (!exists || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const long long seconds = *hour * 3600LL + *minute * 60LL + *second - *offset * 60;
  // An offset or a leap second may lead out of the years that four digits can write.
  const Timestamp at{Duration{days_from_civil(date) * kMillisPerDay + seconds * 1000 + millis}};
  const Timestamp first{Duration{days_from_civil({0, 1, 1}) * kMillisPerDay}};
  const Timestamp beyond{Duration{days_from_civil({10000, 1, 1}) * kMillisPerDay}};
  if (at < first || at >= beyond) return std::nullopt;
  return at;
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  static constexpr std::string_view kDays = "MonTueWedThuFriSatSun";
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::size_t kLength = 29;
  if (text.size() != kLength || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  const auto day = kDays.find(text.substr(0, 3));
  const auto month = kMonths.find(text.substr(8, 3));
  if (day == std::string_view::npos || day % 3 != 0) return std::nullopt;
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return std::nullopt;
  return parse_rfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1, text.substr(5, 2),
                                   text.substr(17, 8)));
}

Result<Duration> parse_duration(std::string_view text) {
  const auto invalid = [whole = std::string(text)] {
    return fail(errors::kInvalidInput, fmt::format("\"{}\" is not a length of time", whole),
                "write seconds (90) or a duration such as 300ms, 1m30s, 2h");
  };
  if (text.empty()) return invalid();
  double millis = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number) return invalid();
    const bool bare = rest.empty() && millis == 0;
    const auto unit = bare ? std::optional<double>(1e3) : take_unit(rest);
    if (!unit) return invalid();
    millis += *number * *unit;
  }
  if (millis > 9e15) return invalid();
  return Duration{std::llround(millis)};
}

std::string format_duration(Duration length) {
  const long long millis = length.count();
  if (millis < 1000) return fmt::format("{}ms", millis);
  if (millis < 60'000) return fmt::format("{:.1f}s", static_cast<double>(millis) / 1000.0);
  const long long seconds = millis / 1000;
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
}

}  // namespace instantexec
