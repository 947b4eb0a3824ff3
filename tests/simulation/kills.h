#pragma once

#include <cstdint>

namespace instantexec::simulation {

// Eight kinds of work (create, update, prune, a definition with its custom resource, a stateful set, a
// failing rollout, a rollback, a recovery), each killed at every request: before it is sent, before its
// answer, and after it. Then another process recovers, and the namespace holds the old state or the new one,
// with identities and field owners. Prints what it counted; false when something was wrong.
[[nodiscard]] bool kill_everywhere();

// So many kills of such work whose recovery is killed too, once or twice, at points chosen from the seed.
[[nodiscard]] bool kill_recoveries_too(std::uint32_t seed, std::uint32_t count);

// Eight processes want to deploy the same release at once, over and over. False when a rule was broken or one
// of them did not get its turn.
[[nodiscard]] bool contend(std::uint32_t seed, int rounds);

}  // namespace instantexec::simulation
