#pragma once

#include "cli/outcome.h"
#include "cli/verbs.h"

namespace instantexec::cli {

// Prints the roles that deploying, rolling back and recovering a release takes: of the manifests named, and
// of what its records hold if there is a cluster to ask. Creates nothing.
[[nodiscard]] Outcome run_rbac(const VerbContext& context);

}  // namespace instantexec::cli
