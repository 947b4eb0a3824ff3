#include "base/time.h"

#include <gtest/gtest.h>

namespace instantexec {
namespace {

TEST(Time, Rfc3339RoundTrip) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2026-11-22T18:45:19Z", "2024-02-29T23:59:59Z", "1969-12-31T23:59:59Z"}) {
    const auto at = parse_rfc3339(text);
    ASSERT_TRUE(at.has_value()) << text;
    EXPECT_EQ(format_rfc3339(*at), text);
  }
}

TEST(Time, Rfc3339OffsetsAndFractions) {
  EXPECT_EQ(format_rfc3339(*parse_rfc3339("2026-01-01T08:30:00+08:30")), "2026-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(*parse_rfc3339("2025-12-31T19:00:00-05:00")), "2026-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339_micro(*parse_rfc3339("2026-01-01T00:00:00.123456789Z")),
            "2026-01-01T00:00:00.123000Z");
}

TEST(Time, Rfc3339RefusesOtherTexts) {
  for (const char* text :
       {"", "2026-01-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00Zx", "26-01-01T00:00:00Z", "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Time, HttpDates) {
  EXPECT_EQ(format_rfc3339(*parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")), "1994-11-06T08:49:37Z");
  EXPECT_EQ(format_rfc3339(*parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT")), "2024-02-29T23:59:59Z");
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "unS, 06 Nov 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

struct DurationRow {
  const char* text;
  long long millis;
};

TEST(Time, ParsesGoDurationsAndSeconds) {
  const DurationRow rows[] = {
      {"0", 0},          {"90", 90'000},    {"1.5", 1500},       {"300ms", 300},
      {"1m30s", 90'000}, {"2h", 7'200'000}, {"1.5h", 5'400'000}, {"1h2m3s4ms", 3'723'004},
      {"500us", 1},      {"10s", 10'000}};
  for (const auto& row : rows) {
    const auto length = parse_duration(row.text);
    ASSERT_TRUE(length.has_value()) << row.text;
    EXPECT_EQ(length->count(), row.millis) << row.text;
  }
}

TEST(Time, RefusesWhatIsNotADuration) {
  for (const char* text : {"", "s", "-5", "5 s", "1m30", "1x", "ten", ".", "1e9h", "99999999999h"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Time, FormatsForPeople) {
  EXPECT_EQ(format_duration(Duration{850}), "850ms");
  EXPECT_EQ(format_duration(Duration{12'340}), "12.3s");
  EXPECT_EQ(format_duration(Duration{245'000}), "4m05s");
  EXPECT_EQ(format_duration(Duration{7'380'000}), "2h03m");
}

}  // namespace
}  // namespace instantexec
