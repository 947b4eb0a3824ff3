#include "kube/retry.h"

#include <algorithm>

namespace instantexec::kube {
namespace {

constexpr int kMaxTries = 10;
constexpr int kMaxTriesWithoutHint = 4;  // of reads after 502-504 without Retry-After
constexpr int kMaxTriesAfter500 = 2;  // of GETs: etcd changing its leader passes, a broken webhook does not
constexpr Duration kMaxWaiting{60'000};
constexpr Duration kFirstStep{200};
constexpr Duration kLongestStep{5'000};

bool worth_repeating(const ApiCall& call, const Attempt& attempt, const RetryState& state) {
  const int status = attempt.http_status;
  if (status == 429) return true;
  if (status == 0) {
    if (!attempt.connection_trouble || !attempt.reached_before) return false;
    return attempt.outcome == engine::Outcome::kNotSent || !call.write;
  }
  if (call.write || status < 500) return false;
  if (attempt.retry_after) return true;
  if (status == 500) return call.method == "GET" && state.tries < kMaxTriesAfter500;
  return status >= 502 && status <= 504 && state.tries < kMaxTriesWithoutHint;
}

}  // namespace

std::optional<Duration> retry_delay(const ApiCall& call, const Attempt& attempt, RetryState& state,
                                    RetryBudget& budget, double random) {
  if (call.watch || !worth_repeating(call, attempt, state)) return std::nullopt;
  if (state.tries >= kMaxTries || budget.tries_left <= 0) return std::nullopt;
  const Duration step = std::min(kLongestStep, Duration{kFirstStep * (1 << std::min(state.tries, 10))});
  const Duration base = attempt.retry_after.value_or(Duration{0});
  const auto jitter = Duration{static_cast<std::int64_t>(static_cast<double>(step.count()) * random)};
  const Duration delay = base + jitter;
  if (state.waited + delay > kMaxWaiting) return std::nullopt;
  ++state.tries;
  --budget.tries_left;
  state.waited += delay;
  return delay;
}

}  // namespace instantexec::kube
