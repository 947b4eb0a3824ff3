#pragma once

#include <string>
#include <vector>

#include "engine/live_health.h"
#include "status/tree.h"

namespace instantexec::engine {

// What came of watching objects.
struct WatchedHealth {
  std::string release;  // empty: there is none
  int revision = 0;
  std::vector<std::string> unreadable;    // kinds that could not be listed, sanitised
  std::vector<status::HealthNode> nodes;  // of every object, as it was at the end
};

// Follows the objects' health until each of them is ready or has failed, or `limit` has passed: one
// ObjectHealthChanged for the state that each is found in, and one for each change. Failures end it only when
// they still stand kConfirmAfter later. Nothing ends it that another read does not confirm: of the objects,
// and of what belongs to those that failed. Errors as read_live_health, and interrupted.
[[nodiscard]] Result<WatchedHealth> watch_health(Environment environment, const ReleaseOptions& options,
                                                 const HealthQuery& query, Duration limit);

}  // namespace instantexec::engine
