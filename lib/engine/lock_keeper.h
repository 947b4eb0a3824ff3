#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "engine/ports.h"
#include "model/object.h"

namespace instantexec::engine {

// Lease timing. A holder that cannot renew stops writing long before anyone may take over; both sides measure
// on their own monotonic clock, so wrong clocks do not matter.
inline constexpr Duration kLeaseLength{30'000};
inline constexpr Duration kRenewEvery{4'000};
inline constexpr Duration kGiveUpAfter{10'000};
// A write that was handed to the adapter takes effect soon or never: it leaves within 3 s
// (kube/rest_client.cc), its bytes reach the API server within 7 s more or the connection is broken
// (net/curl_transport.cc), and the server works on it no longer than kWriteTakes (?timeout=,
// kube/api_path.cc).
inline constexpr Duration kWriteTravels{10'000};
inline constexpr Duration kWriteTakes{20'000};
// So long after a Lease was seen unchanged for its length a write of its former holder may still take effect.
inline constexpr Duration kLateAfterTakeover = kGiveUpAfter + kWriteTravels + kWriteTakes - kLeaseLength;
static_assert(kLateAfterTakeover >= Duration{0});

// A held Lease (coordination.k8s.io/v1), kept alive between other work. Does not wait by itself.
class LockKeeper {
 public:
  // `lease` as stored by the write that took it, sent at `taken`.
  LockKeeper(model::Object lease, std::string holder, Clock& clock, Instant taken);

  // Sends a renewal when one is due and none is under way.
  void work(Cluster& cluster, Instant now);
  // Whether the answer belongs to a renewal; then it has been dealt with.
  bool answered(const Response& response, Instant now);
  // When work() should be called next.
  [[nodiscard]] Instant next_due(Instant now) const;

  // Writes under this lock are safe: it is not known to be lost and was renewed within kGiveUpAfter.
  [[nodiscard]] bool safe(Instant now) const { return !lost_ && now - renewed_ < kGiveUpAfter; }
  // Somebody else has it, or it is gone. A lock that is neither safe nor lost may become safe again.
  [[nodiscard]] bool lost() const { return lost_; }
  [[nodiscard]] Instant renewed() const { return renewed_; }
  // How often in a row a renewal was refused (session.h: refused_outright), and the last refusal.
  [[nodiscard]] int refusals() const { return refusals_; }
  [[nodiscard]] const std::optional<Error>& refusal() const { return refusal_; }
  // It was due to a webhook that could not be called.
  [[nodiscard]] bool refusal_may_pass() const { return refusal_may_pass_; }
  [[nodiscard]] std::uint64_t epoch() const;
  [[nodiscard]] const model::Object& lease() const { return lease_; }

 private:
  model::Object lease_;
  std::string holder_;
  Clock& clock_;
  Instant renewed_;  // when the last successful renewal was sent
  Instant due_;
  Instant sent_;          // what is in flight
  Instant renewal_sent_;  // the last renewal
  std::optional<RequestId> in_flight_;
  std::set<RequestId> abandoned_;  // answers nobody waits for any more
  bool reading_ = false;           // the request in flight settles a renewal whose outcome is not known
  bool lost_ = false;
  int refusals_ = 0;
  std::optional<Error> refusal_;
  bool refusal_may_pass_ = false;
};

// Lease fields.
[[nodiscard]] std::string lease_holder(const model::Object& lease);
[[nodiscard]] std::uint64_t lease_epoch(const model::Object& lease);
[[nodiscard]] model::Gvk lease_gvk();

}  // namespace instantexec::engine
