#pragma once

#include <map>
#include <string>

#include "model/object.h"
#include "sim/store.h"

namespace instantexec::sim {

// A resource quantity ("500m", "1Gi", 2) in thousandths; nothing useful for text that is none: 0.
[[nodiscard]] double quantity(const model::Json& value);
// The number as the server writes it: "1500m", "2".
[[nodiscard]] std::string format_quantity(double value);

// What one object counts under resource names of quotas: {"pods": 1, "requests.cpu": 0.5,
// "count/configmaps": 1}. Finished pods count nothing.
[[nodiscard]] std::map<std::string, double> usage_of(const model::Object& object);
// The sum over a namespace.
[[nodiscard]] std::map<std::string, double> usage_in(const Store& store, const std::string& ns);

}  // namespace instantexec::sim
