#pragma once

#include "base/time.h"
#include "model/object.h"
#include "sim/refusal.h"
#include "sim/registry.h"

namespace instantexec::sim {

// What the server's storage strategies do to an object before it is stored. Pure.

// The name conflicts and 422s speak of: "Deployment.apps", "ConfigMap".
[[nodiscard]] std::string kind_and_group(const ServedKind& kind);
// "deployments.apps", "configmaps".
[[nodiscard]] std::string resource_and_group(const ServedKind& kind);

// Drops what clients may not set and gives the initial status.
void prepare_create(model::Object& object, const ServedKind& kind, std::string uid, Timestamp now);
// Keeps identity and status of the live object, and counts the generation when the specification changed.
// 422 when the object's identity differs.
[[nodiscard]] Verdict prepare_update(model::Object& object, const model::Object& live,
                                     const ServedKind& kind);

}  // namespace instantexec::sim
