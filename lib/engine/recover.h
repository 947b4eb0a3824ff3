#pragma once

#include <optional>

#include "base/result.h"
#include "engine/operation.h"

namespace instantexec::engine {

// The head tells of work that a recovery can do: an operation that did not end, or an undo that was
// incomplete.
[[nodiscard]] bool recoverable(const journal::Head& head);

// Takes the lock of the release; `known` as for acquire_lock. When the server refuses the Lease and the head
// tells of an operation that did not end, the admission configuration that this one wrote is put back first,
// without the lock: nobody can hold it then. Not with `resume`, which would bring it again, and not past the
// commit point. Notes in `operation` when the lock was taken over from a run that died. Returns whether the
// Lease was as known.
Result<bool> lock_release(Operation& operation, std::optional<model::Object> known, bool resume);

// With the lock held and a head that is recoverable: goes forward past the commit point, back before it. With
// `resume` an operation that was being applied is carried on with; what it could not check or write then
// fails it as usual.
Result<model::DeployReport> recover_operation(Operation& operation, bool resume);

}  // namespace instantexec::engine
