#pragma once

#include "model/object.h"
#include "sim/refusal.h"
#include "sim/registry.h"

namespace instantexec::sim {

// The hand-written validation of the server for the kinds people deploy most: names, selectors, containers,
// ports, fields that may not change. 422 with every finding. `live` is an empty object for a new one.
[[nodiscard]] Verdict validate(const model::Object& object, const model::Object& live,
                               const ServedKind& kind);

// Names: "" or why the text is no DNS-1123 label or subdomain.
[[nodiscard]] std::string label_problem(std::string_view name);
[[nodiscard]] std::string subdomain_problem(std::string_view name);

}  // namespace instantexec::sim
