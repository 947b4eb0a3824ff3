// Headers that say when to come back, and what is made of them.
#include <algorithm>
#include <array>

#include "fuzz/fuzz.h"
#include "kube/rest.h"
#include "kube/retry.h"

namespace instantexec::fuzz {
namespace {

constexpr std::array<int, 6> kStatuses = {0, 429, 500, 502, 503, 504};

// No answers, whatever they say, keep one request going for ever.
void repeat(Choices& choices, std::optional<Duration> hint) {
  kube::ApiCall call;
  call.method = choices.flip() ? "GET" : "PATCH";
  call.write = call.method == "PATCH";
  kube::RetryState state;
  kube::RetryBudget budget;
  Duration waited{0};
  int tries = 0;
  for (; tries < 100; ++tries) {
    kube::Attempt attempt;
    attempt.http_status = kStatuses[choices.below(kStatuses.size())];
    const unsigned bits = choices.byte();
    attempt.outcome = attempt.http_status == 429 ? engine::Outcome::kRejected
                      : (bits & 1U) != 0         ? engine::Outcome::kUnknown
                                                 : engine::Outcome::kNotSent;
    if ((bits & 2U) != 0) attempt.retry_after = hint;
    attempt.connection_trouble = (bits & 4U) != 0;
    attempt.reached_before = (bits & 8U) != 0;
    const auto delay = kube::retry_delay(call, attempt, state, budget, (bits >> 4U) / 16.0);
    if (!delay) break;
    promise(!call.write || attempt.outcome != engine::Outcome::kUnknown,
            "a write whose outcome is not known is not repeated");
    promise(*delay >= Duration{0}, "a wait is not negative");
    waited += *delay;
  }
  promise(tries <= 10, "a request is tried ten times at most");
  promise(waited <= Duration{60'000}, "a request waits a minute at most");
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(retry_after) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  net::HttpResponse response;
  response.status = 429;
  response.headers.push_back({"Retry-After", std::string(choices.part())});
  response.headers.push_back({"warning", std::string(choices.part())});
  const auto hint = kube::parse_retry_after(response);
  promise(!hint || (*hint >= Duration{0} && *hint <= Duration{3'600'000}), "a hint to wait has bounds");
  for (const std::string& text : kube::parse_warnings(response))
    promise(harmless(text, false), "warnings are harmless");
  static_cast<void>(response.media_type());
  repeat(choices, hint);
}
