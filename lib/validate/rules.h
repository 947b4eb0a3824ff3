#pragma once

#include <vector>

#include "model/finding.h"
#include "validate/index.h"
#include "validate/rule.h"

namespace instantexec::validate {

// Every rule, family by family.
[[nodiscard]] const std::vector<Rule>& all_rules();

// The rule of this id, or null.
[[nodiscard]] const Rule* find_rule(std::string_view id);

// Runs every rule over the manifests of the scope. Findings are about manifests only, never about live
// objects; ordered by file, line and rule. Errors are what will fail: the API server, a controller or a
// kubelet will refuse or never finish it. Warnings are risks and do not fail the gate.
[[nodiscard]] std::vector<model::Finding> check_manifests(const Scope& scope);

}  // namespace instantexec::validate
