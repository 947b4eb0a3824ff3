#pragma once

#include <string>
#include <string_view>

#include "model/object.h"
#include "sim/schema.h"

namespace instantexec::sim {

// Brings an object into the form the server gives it by decoding into Go structures and encoding again:
// nulls, empty lists and empty maps go, structures held by value and required fields are always there,
// quantities take their canonical form ("1000m" is "1"). Values of custom kinds only lose their nulls.
void canonicalise(model::Json& object, const Type& type);

// "1000m" → "1", "1024Mi" → "1Gi", "0.5" → "500m". Text that is no quantity stays.
[[nodiscard]] std::string canonical_quantity(std::string_view text);

}  // namespace instantexec::sim
