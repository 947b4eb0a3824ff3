#pragma once

#include <functional>
#include <string_view>

#include "model/object.h"
#include "sim/refusal.h"
#include "sim/registry.h"

namespace instantexec::sim {

using ValidationRule = std::function<void(const model::Json& object, FieldErrors& errors)>;
using ImmutabilityRule =
    std::function<void(const model::Json& object, const model::Json& live, FieldErrors& errors)>;

// The rule of one built-in kind ("Deployment.apps"); empty when it has none.
[[nodiscard]] ValidationRule rule_for(std::string_view kind_and_group);
// What may not change once an object exists.
[[nodiscard]] ImmutabilityRule immutability_for(std::string_view kind_and_group);

// Names, labels, annotations, finalizers and owners of any object.
void check_metadata(const model::Object& object, const ServedKind& kind, FieldErrors& errors);
// Labels, or a map that selects by them, found at `path`.
void check_labels(const model::Json& labels, const std::string& path, FieldErrors& errors);
// What the schema of a custom kind says of its values; nothing for built-in kinds.
void check_schema(const model::Json& object, const ServedKind& kind, FieldErrors& errors);

void check_service(const model::Json& object, FieldErrors& errors);

// A pod specification found at `path`. `in_template` allows restartPolicy Always only, as workloads do.
void check_pod_spec(const model::Json& spec, const std::string& path, FieldErrors& errors);

}  // namespace instantexec::sim
