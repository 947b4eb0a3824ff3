#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/object.h"

namespace instantexec::manifest {

// How a scalar stands in the text.
enum class ScalarTag { kPlain, kString, kInt, kFloat, kBool, kNull, kBinary, kTimestamp };

// The type of a YAML scalar as goyaml v2, and so kubectl, resolves it (resolve.go); see yaml.h. kPlain is an
// untagged unquoted scalar. Errors yaml.unsupported-value (.inf, .nan, text that does not fit its tag, binary
// that is not UTF-8 text); the message does not hold the value.
[[nodiscard]] Result<model::Json> resolve_scalar(std::string_view text, ScalarTag tag);

// The string a scalar used as a key becomes. Error yaml.unsupported-value for null.
[[nodiscard]] Result<std::string> key_from_scalar(std::string_view text, ScalarTag tag);

// Floats as JSON clients write them: an integral one within int64 is an integer. NaN and infinities, which
// JSON lacks, must not come here.
[[nodiscard]] model::Json json_number(double value);

}  // namespace instantexec::manifest
