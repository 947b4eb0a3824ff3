#pragma once

#include <vector>

#include "engine/deploy.h"
#include "engine/session.h"
#include "model/deploy_report.h"

// Writes that are tried with dryRun=All: authorisation, admission and validation run, and nothing is stored.
namespace instantexec::engine {

// Every write that an undo of the plan would make, as far as it can be tried before the plan was carried out:
// the former values and owners are written over what is there now, and what will be created is deleted (that
// it does not exist yet is an answer too). Steps that the server cannot check yet are left out.
[[nodiscard]] std::vector<model::DrillOutcome> drill_undo(Session& session, const PlanResult& planned,
                                                          const ReleaseOptions& options);

// The deletions of the plan. Planning has tried its other writes.
[[nodiscard]] std::vector<model::DrillOutcome> drill_prunes(Session& session, const PlanResult& planned);

// What refused writes mean for the plan: errors, or warnings when the user accepts what cannot be undone.
[[nodiscard]] std::vector<model::Finding> drill_findings(const std::vector<model::DrillOutcome>& outcomes,
                                                         bool accepted);

}  // namespace instantexec::engine
