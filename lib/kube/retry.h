#pragma once

#include <optional>

#include "base/time.h"
#include "engine/ports.h"
#include "kube/api_path.h"
#include "net/http.h"

// When a request may be sent again, and after how long. Pure.
namespace instantexec::kube {

// What is spent over a whole run, so that an overloaded server is not asked ten times by each of a thousand
// requests.
struct RetryBudget {
  int tries_left = 500;
};

// What one request has used up.
struct RetryState {
  int tries = 0;
  Duration waited{0};
};

// How one attempt ended.
struct Attempt {
  engine::Outcome outcome = engine::Outcome::kUnknown;
  int http_status = 0;                  // 0: no answer
  std::optional<Duration> retry_after;  // of the answer
  bool connection_trouble = false;      // connect, timeout, lost: not TLS, not a wrong name
  bool reached_before = false;          // this server has answered earlier in this run
};

// How long to wait before the next attempt, or nothing when there must be none. A write is repeated only when
// it was refused for overload (429) or provably not sent; a read also after 5xx with Retry-After, 502-504 and
// lost connections, a GET also twice after a 500. Retry-After is honoured and full jitter added; otherwise
// the wait is full jitter over 0.2 s, 0.4 s … 5 s. At most 10 tries and 60 s of waiting for one request; of a
// write the client itself repeats only what can leave within 3 s. A
// server never reached before is not waited for. `random` is uniform in [0, 1).
[[nodiscard]] std::optional<Duration> retry_delay(const ApiCall& call, const Attempt& attempt,
                                                  RetryState& state, RetryBudget& budget, double random);

}  // namespace instantexec::kube
