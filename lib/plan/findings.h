#pragma once

#include <vector>

#include "model/finding.h"
#include "plan/make_plan.h"
#include "plan/owner.h"

// What make_plan has to say about objects, in words.
namespace instantexec::plan {

// object.terminating: it is being deleted and takes no changes.
[[nodiscard]] model::Finding terminating(const Desired& desired);
// object.foreign-owner; a warning object.taken-over when taking it was asked for.
[[nodiscard]] model::Finding foreign(const Desired& desired, const ForeignOwner& owner, bool adopt);
// server.conflict: one for each field that another manager owns.
[[nodiscard]] std::vector<model::Finding> conflicts(const Desired& desired, const DryRun& dry_run);
// server.immutable, namespace.missing, server.invalid (one for each cause), server.unknown-field (one for
// each, where it stands), server.quota, server.denied, server.forbidden or server.refused.
[[nodiscard]] std::vector<model::Finding> refusals(const Desired& desired, const DryRun& dry_run,
                                                   bool exists);
// server.warning, one for each warning of the API server about an object it accepts.
[[nodiscard]] std::vector<model::Finding> warned(const Desired& desired, const DryRun& dry_run);

// plan.irreversible: an error, or a warning when accepted. `desired` is null for prunes.
[[nodiscard]] model::Finding irreversible(const Step& step, const Desired* desired, bool accepted);
// prune.kept: a former member stays, for step.reason.
[[nodiscard]] model::Finding kept(const Step& step);

}  // namespace instantexec::plan
