#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/operation.h"

namespace instantexec::engine {

// What kind of operation goes into the records.
struct ForwardKind {
  std::string kind = "deploy";
  int target = 0;  // of a rollback: the revision it goes back to
};

// Carries a plan out, with the lock held: saves the former states, applies, waits for health, passes the
// commit point, prunes, records. On failure it undoes everything, unless that is switched off. `planned` must
// be executable.
//
// Errors record.changed when another run worked on the release since it was planned (nothing was written
// then), and those of the cluster.
Result<model::DeployReport> run_forward(Operation& operation, PlanResult& planned, const ForwardKind& kind);

// Carries on with an operation that the head says is applying, with its own plan and saved states.
Result<model::DeployReport> resume_forward(Operation& operation, PlanResult& planned);

}  // namespace instantexec::engine
