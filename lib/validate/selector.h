#pragma once

#include <map>
#include <string>

#include "model/object.h"

namespace instantexec::validate {

using Labels = std::map<std::string, std::string>;

// String values of a JSON mapping; other values are left out. Empty for anything but a mapping.
[[nodiscard]] Labels labels_of(const model::Json* value);

// Whether a metav1.LabelSelector (matchLabels, matchExpressions) selects the labels. An empty selector
// selects everything; an expression with an unknown operator selects nothing.
[[nodiscard]] bool label_selector_matches(const model::Json& selector, const Labels& labels);

// Whether every label of an equality selector (Service, ReplicationController) is among the labels. An empty
// one selects nothing: such a Service has its endpoints from elsewhere.
[[nodiscard]] bool equality_selector_matches(const Labels& selector, const Labels& labels);

}  // namespace instantexec::validate
