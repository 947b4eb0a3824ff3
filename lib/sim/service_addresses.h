#pragma once

#include <cstdint>

#include "sim/refusal.h"
#include "sim/store.h"

// Cluster IPs (10.0.0.0/16) and node ports (30000-32767) of Services. What is taken is what the stored
// Services have, so an address is free again as soon as its Service is gone.
namespace instantexec::sim {

// Gives a Service what it does not name itself: the next free address and ports. What belonged to a former
// type goes.
void give_addresses(const Store& store, model::Object& service, const model::Object* live,
                    std::uint32_t& next);

// Refuses addresses and ports out of range, and, but for dry-runs, those of another Service: the server's
// dry-run looks at no allocator.
[[nodiscard]] Verdict addresses_free(const Store& store, const model::Object& service,
                                     const model::Object* live, bool dry_run);

}  // namespace instantexec::sim
