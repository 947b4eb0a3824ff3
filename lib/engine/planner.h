#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "engine/deploy.h"
#include "engine/live.h"
#include "engine/release_store.h"
#include "engine/session.h"
#include "plan/make_plan.h"

namespace instantexec::engine {

// Reads and plans: the head, the Lease, all live objects and a server dry-run of each wanted object at once,
// then whatever the last release has beside them. Writes nothing. Errors release.name and those of the
// cluster.
Result<PlanResult> make_planning(Session& session, const ReleaseOptions& options,
                                 std::vector<model::Manifest> manifests);

// The unfinished operation a head tells of.
[[nodiscard]] std::optional<UnfinishedOperation> unfinished_operation(const journal::Head& head);
// The last operation, whatever became of it; the head has to have one.
[[nodiscard]] UnfinishedOperation last_operation(const journal::Head& head);

// Error release.name unless the options name a release and a namespace that can hold it.
[[nodiscard]] Status check_names(const ReleaseOptions& options);

}  // namespace instantexec::engine
