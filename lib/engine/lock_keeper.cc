#include "engine/lock_keeper.h"

#include <algorithm>
#include <utility>

#include "engine/session.h"

namespace instantexec::engine {
namespace {

// After a renewal that failed; several fit between it and giving up.
constexpr Duration kTryAgainAfter{2000};
// An answer that takes longer is given up, so that two more tries fit in before writing has to stop.
constexpr Duration kPatience{3000};

}  // namespace

model::Gvk lease_gvk() {
  return {"coordination.k8s.io", "v1", "Lease"};
}

std::string lease_holder(const model::Object& lease) {
  return model::get_string(lease.json, "/spec/holderIdentity");
}

std::uint64_t lease_epoch(const model::Object& lease) {
  return static_cast<std::uint64_t>(model::get_int(lease.json, "/spec/leaseTransitions"));
}

LockKeeper::LockKeeper(model::Object lease, std::string holder, Clock& clock, Instant taken)
    : lease_(std::move(lease)),
      holder_(std::move(holder)),
      clock_(clock),
      renewed_(taken),
      due_(taken + kRenewEvery) {}

std::uint64_t LockKeeper::epoch() const {
  return lease_epoch(lease_);
}

void LockKeeper::work(Cluster& cluster, Instant now) {
  if (in_flight_ && now - sent_ >= kPatience) {
    abandoned_.insert(*in_flight_);
    in_flight_.reset();
    reading_ = true;
    due_ = now;
  }
  if (lost_ || in_flight_ || now < due_) return;
  sent_ = now;
  if (reading_) {
    in_flight_ = cluster.submit(GetRequest{lease_gvk(), lease_.ns(), lease_.name()});
    return;
  }
  ReplaceRequest renewal;
  renewal.body = lease_;
  renewal_sent_ = now;
  renewal.body.json["spec"]["renewTime"] = format_rfc3339_micro(clock_.wall());
  in_flight_ = cluster.submit(std::move(renewal));
}

bool LockKeeper::answered(const Response& response, Instant now) {
  if (abandoned_.erase(response.id) > 0) return true;
  if (!in_flight_ || response.id != *in_flight_) return false;
  in_flight_.reset();
  if (reading_) {
    if (response.ok()) {
      reading_ = false;
      lost_ = lease_holder(response.object) != holder_ || response.object.uid() != lease_.uid() ||
              lease_epoch(response.object) != epoch();
      // Refused although nothing is in its way: then it will be so again in a moment.
      const bool moved = response.object.resource_version() != lease_.resource_version();
      due_ = moved ? now : std::max(now, renewal_sent_ + kTryAgainAfter);
      if (!lost_) lease_ = response.object;
    } else if (response.not_found()) {
      lost_ = true;
    } else {
      due_ = now + kTryAgainAfter;
    }
    return true;
  }
  if (response.ok()) {
    lease_ = response.object;
    renewed_ = sent_;
    due_ = sent_ + kRenewEvery;
    refusals_ = 0;
    refusal_.reset();
  } else if (response.outcome == Outcome::kNotSent || response.http_status == 429) {
    due_ = now + kTryAgainAfter;
  } else {
    // Refused as stale or not answered: our own renewal may have been stored. Look before trying again.
    if (refused_outright(response)) {
      ++refusals_;
      refusal_ = response.error;
      refusal_may_pass_ = response.passing;
    }
    reading_ = true;
    due_ = now;
  }
  return true;
}

Instant LockKeeper::next_due(Instant now) const {
  if (lost_) return Instant{Duration::max()};
  if (in_flight_) return std::max(now, sent_ + kPatience);
  return due_ < now ? now : due_;
}

}  // namespace instantexec::engine
