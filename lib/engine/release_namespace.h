#pragma once

#include <optional>

#include "engine/deploy.h"
#include "engine/session.h"

namespace instantexec::engine {

// The lock and the records of a release live in its namespace, so a namespace that arrives with the release
// is created before anything else, and the release is planned again: then the server can check every object.
//
// It is the one write ahead of the records. When the second plan is refused, remove_namespace takes it back;
// once records are in it, it stays, whatever becomes of the release, because it holds them.

// Creates the release's namespace from its manifest; the UID, or nothing when no manifest defines it. Error
// cluster.write-failed.
[[nodiscard]] Result<std::optional<std::string>> create_namespace(Session& session,
                                                                  const ReleaseOptions& options,
                                                                  const PlanResult& planned);

// Deletes the namespace again if it still is the one with this UID. Best effort: a failure leaves an empty
// namespace.
void remove_namespace(Session& session, const ReleaseOptions& options, const std::string& uid);

}  // namespace instantexec::engine
