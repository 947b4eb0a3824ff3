#pragma once

#include <string_view>

#include "model/object.h"
#include "sim/refusal.h"

namespace instantexec::sim {

// Whether labels satisfy the text of a label selector: "a=b,c!=d,e in (f,g),h notin (i),j,!k". Empty: always.
// 400 when the text is none.
[[nodiscard]] Answer<bool> matches_label_selector(std::string_view selector, const model::Json& labels);

// Whether the object satisfies a field selector ("metadata.name=a,status.phase!=Running"). Any scalar field
// may be named.
[[nodiscard]] Answer<bool> matches_field_selector(std::string_view selector, const model::Object& object);

// Whether labels satisfy a metav1.LabelSelector (matchLabels, matchExpressions). An empty one matches all.
[[nodiscard]] bool matches_selector(const model::Json& selector, const model::Json& labels);

// Whether labels hold every pair of the map; an empty map matches nothing, as in Service.spec.selector.
[[nodiscard]] bool holds_all(const model::Json& pairs, const model::Json& labels);

}  // namespace instantexec::sim
