#pragma once

#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "engine/operation.h"
#include "engine/undo_work.h"

namespace instantexec::engine {

// A workload of the release that the operation did not write, and that was ready before.
struct Bystander {
  model::Gvk gvk;
  model::ObjectRef object;
};

// What is undone and why.
struct UndoTask {
  std::vector<journal::SavedObject> saved;  // what the operation may have written
  std::optional<model::FailureCause> cause;
  // A write that was sent may still be done until then. The last look comes after it, if some write has no
  // known outcome (`unsettled`), some object was not written yet, or a created one is deleted; an object that
  // was written and stays refuses the late write.
  std::optional<Instant> quarantine_until;
  bool unsettled = false;
  Unread withheld = {};  // must not be touched now, and why; reported like what cannot be read
  // Have to be ready again: what they use (a ConfigMap, a policy) may have been written.
  std::vector<Bystander> bystanders = {};
  // What was not ready before the operation. Unset: not known, so its saved state is judged.
  std::optional<std::set<model::ObjectRef>> unready = {};
};

// Puts everything the operation recorded in the head has written back, waits until it is healthy, and
// verifies it with independent reads. The report says kRolledBack only when every object has its former
// values and identity; else kRollbackIncomplete. With kPartlyUndone (some objects could not be read and are
// as they are; the others were dealt with) and with kInterrupted (it was stopped) the record still says
// rolling-back, so that a recovery goes on.
Result<model::DeployReport> undo_operation(Operation& operation, UndoTask task);

}  // namespace instantexec::engine
