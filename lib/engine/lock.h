#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/session.h"

namespace instantexec::engine {

struct LockWish {
  std::string release;
  std::string ns;
  Duration timeout{0};  // how long to wait for another holder; zero: not at all
  // Called once when the server refuses a Lease that is free (session.h: refused_outright). True: something
  // was done about it, so it is tried for some more seconds. Empty: nothing can be done.
  std::function<bool()> make_way = {};
};

struct LockTaken {
  // The Lease still was as it was known, so what was read with it is not older than the lock.
  bool as_known = false;
  // Its last holder did not give it back: that run died, and may have left things lying about.
  bool from_the_dead = false;
};

// Takes the release's lock and hands it to the session, which renews it from then on. A Lease that somebody
// else holds is taken over only after its record has been seen unchanged for its whole duration on the local
// clock. `known`: the Lease as read a moment ago, if it was; absent ones are an object without a name.
//
// Errors release.locked with the holder, interrupted, record.refused, and those of the cluster.
Result<LockTaken> acquire_lock(Session& session, const LockWish& wish, std::optional<model::Object> known);

// Gives the lock back, so that the next run need not wait. Best effort.
void release_lock(Session& session);

}  // namespace instantexec::engine
