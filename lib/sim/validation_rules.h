#pragma once

#include <functional>
#include <string_view>

#include "model/object.h"
#include "sim/refusal.h"

namespace instantexec::sim {

using ValidationRule = std::function<void(const model::Json& object, FieldErrors& errors)>;
using ImmutabilityRule =
    std::function<void(const model::Json& object, const model::Json& live, FieldErrors& errors)>;

// The rule of one built-in kind ("Deployment.apps"); empty when it has none.
[[nodiscard]] ValidationRule rule_for(std::string_view kind_and_group);
// What may not change once an object exists.
[[nodiscard]] ImmutabilityRule immutability_for(std::string_view kind_and_group);

// A pod specification found at `path`. `in_template` allows restartPolicy Always only, as workloads do.
void check_pod_spec(const model::Json& spec, const std::string& path, FieldErrors& errors);

}  // namespace instantexec::sim
