#pragma once

#include <string>

#include "model/object.h"

namespace instantexec::manifest {

// Block-style YAML that parse_yaml and kubectl read back as the same value: keys sorted, sequences at the
// indentation of their key, strings that would read as another type in quotes, several lines as a literal
// block. Ends with a newline. Long lines are not folded.
[[nodiscard]] std::string to_yaml(const model::Json& value);

}  // namespace instantexec::manifest
