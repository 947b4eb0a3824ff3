#pragma once

#include <string>

#include "model/object.h"
#include "sim/registry.h"

// Whether an object can be read as its kind, before anything is asked about its meaning.
namespace instantexec::sim {

// Problems with fields the type does not have, or of the wrong type: "field not declared in schema" and the
// like; "" when there are none. `path` starts with ".".
[[nodiscard]] std::string typing_problem(const model::Json& value, const Type& type, const std::string& path);

// The first value of bytes that is not base64 (data of Secrets, binaryData of ConfigMaps), in the words of
// the server's decoder; "" when there is none.
[[nodiscard]] std::string bytes_problem(const model::Json& body, const ServedKind& kind);

}  // namespace instantexec::sim
