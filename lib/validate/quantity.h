#pragma once

#include <optional>
#include <string_view>

#include "model/object.h"

namespace instantexec::validate {

// Reads a Kubernetes quantity (apimachinery resource.Quantity): "100m", "1.5", "2Gi", "12e3", "1E". The value
// is in units (cores, bytes, pieces); precise enough to compare and to add, not to print. Nothing when the
// text is not a quantity.
[[nodiscard]] std::optional<double> parse_quantity(std::string_view text);

// The same for a JSON value, which may be a string or a number; nothing for any other type.
[[nodiscard]] std::optional<double> quantity_of(const model::Json* value);

}  // namespace instantexec::validate
