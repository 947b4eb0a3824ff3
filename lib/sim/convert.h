#pragma once

#include "sim/registry.h"

namespace instantexec::sim {

// Objects are stored as the first version of their kind in the server's order shows them. These turn them
// into another version's form and back; custom kinds only change their apiVersion (conversion strategy None).
[[nodiscard]] model::Object shown_as(const model::Object& stored, const ServedKind& kind);
[[nodiscard]] model::Object to_stored(model::Object object, const ServedKind& kind);

}  // namespace instantexec::sim
