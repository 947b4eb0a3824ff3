#pragma once

#include <cstdint>
#include <optional>

#include "status/status.h"

// Before and after: an object that was broken before a deploy does not fail it, and a rollout is compared
// with what it replaced.
namespace instantexec::status {

// An object that was broken before anything was written.
struct Former {
  model::ObjectStatus health;
  std::int64_t ready = 0;  // replicas that were ready, of whatever revision
};

// How long an object must have been unready, with nothing happening to it, to count as broken. Anything
// quicker may be a rollout under way.
inline constexpr Duration kBrokenAfter{180'000};

// What was wrong with an object as last read before the deploy; nothing when it was ready, suspended, or on
// its way. `context.now` must be set; without it only what has failed for certain counts.
[[nodiscard]] std::optional<Former> read_former(const model::Object& object, const ChildIndex& index,
                                                const Context& context);

// Replicas of the newest revision that are ready: from its pods, else from the status where that speaks of
// one revision only. 0 for kinds without replicas.
[[nodiscard]] std::int64_t ready_of_newest(const model::Object& object, const Family& family);

// Whether the object, which is not ready, is no worse than before. One that this deploy wrote needs as many
// ready replicas of its new revision as were ready before; where none was, it is not ready for the same
// reason again. One that it did not write is worse only if replicas that were ready fail for a new reason.
[[nodiscard]] bool no_worse(const Former& former, const model::ObjectStatus& health, std::int64_t ready,
                            bool written);

}  // namespace instantexec::status
