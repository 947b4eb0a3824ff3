#pragma once

#include <optional>

#include "engine/deploy.h"
#include "engine/session.h"

namespace instantexec::engine {

// The lock and the records of a release live in its namespace, so a namespace that arrives with the release
// is created before anything else, and the release is planned again: then the server can check every object.
//
// It is the one write ahead of the records and of the lock, so others may do the same at that moment. When
// the second plan is refused, remove_namespace takes it back; once records are in it, it stays, whatever
// becomes of the release, because it holds them.

struct ReleaseNamespace {
  bool defined = false;  // a manifest of the release defines it
  std::string uid;       // of the namespace that was created; empty: somebody else was first
};

// Creates the release's namespace from its manifest; one that exists by now is left as it is. Error
// cluster.write-failed.
[[nodiscard]] Result<ReleaseNamespace> create_namespace(Session& session, const ReleaseOptions& options,
                                                        const PlanResult& planned);

// Deletes the namespace again if it still is the one with this UID and holds nothing. Best effort: a failure
// leaves it, and a warning says so; under a lock only while that is safe. Returns whether it was deleted.
bool remove_namespace(Session& session, const ReleaseOptions& options, const std::string& uid);

// Waits for a minute until it is gone. False: its deletion is pending.
bool await_removal(Session& session, const ReleaseOptions& options, const std::string& uid);

// The namespace of a release without a record, when a run of the release created it, long enough ago that no
// run can still be about to begin there, and it holds nothing: such a run died before it could record
// anything. Else, and when that cannot be seen, an object without a name.
[[nodiscard]] model::Object abandoned_namespace(Session& session, const ReleaseOptions& options);

}  // namespace instantexec::engine
