#include "kube/retry.h"

#include <gtest/gtest.h>

namespace instantexec::kube {
namespace {

using engine::Outcome;

ApiCall call(bool write) {
  ApiCall out;
  out.write = write;
  out.method = write ? "PATCH" : "GET";
  return out;
}

struct Row {
  const char* name;
  bool write;
  Attempt attempt;
  bool repeated;
};
class Retry : public ::testing::TestWithParam<Row> {};

TEST_P(Retry, Row) {
  RetryState state;
  RetryBudget budget;
  EXPECT_EQ(retry_delay(call(GetParam().write), GetParam().attempt, state, budget, 0.5).has_value(),
            GetParam().repeated);
}

constexpr Duration kHint{2'000};
INSTANTIATE_TEST_SUITE_P(
    Rows, Retry,
    ::testing::Values(
        Row{"write_overload", true, {Outcome::kRejected, 429, kHint, false, true}, true},
        Row{"write_500", true, {Outcome::kUnknown, 500, kHint, false, true}, false},
        Row{"write_503_hint", true, {Outcome::kUnknown, 503, kHint, false, true}, false},
        Row{"write_conflict", true, {Outcome::kRejected, 409, {}, false, true}, false},
        Row{"write_not_sent", true, {Outcome::kNotSent, 0, {}, true, true}, true},
        Row{"write_lost", true, {Outcome::kUnknown, 0, {}, true, true}, false},
        Row{"write_not_sent_bad_certificate", true, {Outcome::kNotSent, 0, {}, false, true}, false},
        Row{"never_reached", false, {Outcome::kNotSent, 0, {}, true, false}, false},
        Row{"read_lost", false, {Outcome::kUnknown, 0, {}, true, true}, true},
        Row{"read_overload", false, {Outcome::kRejected, 429, {}, false, true}, true},
        Row{"read_500", false, {Outcome::kUnknown, 500, {}, false, true}, true},
        Row{"read_500_hint", false, {Outcome::kUnknown, 500, kHint, false, true}, true},
        Row{"read_503", false, {Outcome::kUnknown, 503, {}, false, true}, true},
        Row{"read_404", false, {Outcome::kRejected, 404, {}, false, true}, false}),
    [](const auto& row) { return row.param.name; });

// An admission webhook that is down answers a dry run with 500, after up to 30 s.
TEST(RetryDelay, DryRunsAreNotRepeatedAfter500) {
  RetryState state;
  RetryBudget budget;
  ApiCall trial = call(false);
  trial.method = "PATCH";
  EXPECT_FALSE(retry_delay(trial, {Outcome::kUnknown, 500, {}, false, true}, state, budget, 0.5));
}

TEST(RetryDelay, HonoursTheHintAndAddsJitter) {
  RetryState state;
  RetryBudget budget;
  const Attempt attempt{Outcome::kRejected, 429, kHint, false, true};
  EXPECT_EQ(retry_delay(call(true), attempt, state, budget, 0.0), Duration{2'000});
  EXPECT_EQ(retry_delay(call(true), attempt, state, budget, 0.5), Duration{2'200});
}

TEST(RetryDelay, GrowsWithoutAHint) {
  RetryState state;
  RetryBudget budget;
  const Attempt attempt{Outcome::kNotSent, 0, {}, true, true};
  std::vector<long> waits;
  while (const auto wait = retry_delay(call(true), attempt, state, budget, 0.999999))
    waits.push_back(wait->count());
  EXPECT_EQ(waits, (std::vector<long>{199, 399, 799, 1599, 3199, 4999, 4999, 4999, 4999, 4999}));
}

TEST(RetryDelay, StopsAtTheLimits) {
  const Attempt slow{Outcome::kRejected, 429, Duration{32'000}, false, true};
  RetryState state;
  RetryBudget budget;
  EXPECT_TRUE(retry_delay(call(true), slow, state, budget, 0.0));
  EXPECT_FALSE(retry_delay(call(true), slow, state, budget, 0.0)) << "60 s of waiting for one request";
  RetryBudget spent{0};
  RetryState fresh;
  EXPECT_FALSE(retry_delay(call(true), slow, fresh, spent, 0.0)) << "the budget of the run";
  RetryState watch_state;
  ApiCall watch = call(false);
  watch.watch = true;
  EXPECT_FALSE(retry_delay(watch, slow, watch_state, budget, 0.0)) << "watches have a back-off of their own";
}

}  // namespace
}  // namespace instantexec::kube
