#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace instantexec {

// Lengths of time. Whole milliseconds are fine enough for everything here.
using Duration = std::chrono::milliseconds;

// A reading of the monotonic clock, counted from an arbitrary start: for deadlines and for lengths of time.
struct Instant {
  Duration since_start{0};
  friend auto operator<=>(const Instant&, const Instant&) = default;
  friend Instant operator+(Instant at, Duration length) { return {at.since_start + length}; }
  friend Duration operator-(Instant later, Instant earlier) {
    return later.since_start - earlier.since_start;
  }
};

// A point in calendar time: milliseconds since 1970-01-01T00:00:00Z. Never used to compare two machines'
// clocks.
struct Timestamp {
  Duration since_epoch{0};
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
  friend Timestamp operator+(Timestamp at, Duration length) { return {at.since_epoch + length}; }
  friend Duration operator-(Timestamp later, Timestamp earlier) {
    return later.since_epoch - earlier.since_epoch;
  }
};

// RFC 3339 in UTC with seconds, as Kubernetes metav1.Time writes it: "2026-01-31T09:05:00Z".
[[nodiscard]] std::string format_rfc3339(Timestamp at);
// RFC 3339 in UTC with six fractional digits, as metav1.MicroTime: "2026-01-31T09:05:00.120000Z".
[[nodiscard]] std::string format_rfc3339_micro(Timestamp at);
// Reads RFC 3339 with any offset and any number of fractional digits; nothing when the text is not one.
[[nodiscard]] std::optional<Timestamp> parse_rfc3339(std::string_view text);

// Reads the date of an HTTP header ("Sun, 06 Nov 1994 08:49:37 GMT": RFC 9110, section 5.6.7, the one form
// that may be written today); nothing when the text is something else.
[[nodiscard]] std::optional<Timestamp> parse_http_date(std::string_view text);

// Reads a Go duration ("1h30m", "1.5s", "300ms") or a bare number of seconds ("90"), as kubectl's
// --request-timeout does. "0" is zero. Error input.invalid otherwise; negative lengths are refused.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

// For people: "850ms", "12.3s", "4m05s", "2h03m".
[[nodiscard]] std::string format_duration(Duration length);

}  // namespace instantexec
