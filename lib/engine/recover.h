#pragma once

#include "base/result.h"
#include "engine/operation.h"

namespace instantexec::engine {

// The head tells of work that a recovery can do: an operation that did not end, or an undo that was
// incomplete.
[[nodiscard]] bool recoverable(const journal::Head& head);

// With the lock held and a head that is recoverable: goes forward past the commit point, back before it. With
// `resume` an operation that was being applied is carried on with; what it could not check or write then
// fails it as usual.
Result<model::DeployReport> recover_operation(Operation& operation, bool resume);

}  // namespace instantexec::engine
