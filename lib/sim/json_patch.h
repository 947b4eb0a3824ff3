#pragma once

#include "model/object.h"
#include "sim/refusal.h"

namespace instantexec::sim {

// Applies a JSON Patch (RFC 6902). 422 when an operation cannot be done or a test fails, 400 when it is no
// patch.
[[nodiscard]] Answer<model::Json> json_patch(const model::Json& document, const model::Json& patch);

}  // namespace instantexec::sim
