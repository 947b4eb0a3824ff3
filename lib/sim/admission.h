#pragma once

#include <cstdint>

#include "sim/refusal.h"
#include "sim/registry.h"
#include "sim/store.h"

namespace instantexec::sim {

// What the built-in admission plugins and allocators do.

// NamespaceLifecycle: nothing is created in a namespace that is missing (404) or terminating (403).
[[nodiscard]] Verdict may_create(const Store& store, const ServedKind& kind, const model::ObjectRef& ref);

// ResourceQuota: refuses a new object that would exceed a quota of its namespace (403).
[[nodiscard]] Verdict admit(const Store& store, const model::Object& object, const model::Object* live,
                            const ServedKind& kind);

// Cluster IPs, node ports, a Job's selector: what nobody owns because the server gives it. With `dry_run` the
// next address is shown and not used up.
void allocate(const Store& store, model::Object& object, const model::Object* live,
              std::uint32_t& next_address, bool dry_run);

}  // namespace instantexec::sim
