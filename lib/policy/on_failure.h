#pragma once

#include <string>

// What to do when an operation cannot go on.
namespace instantexec::policy {

// How far the operation has come.
enum class Progress {
  kNothingWritten,  // no object of the release was touched
  kWriting,         // some may have been
  kUndoing,         // it is already being put back
  kCommitted,       // past the commit point: the new release is in force
};

enum class Trouble {
  kRefused,      // the API server refused a write, or the rollout failed or took too long
  kInterrupted,  // the user, or the CI system, asked to stop
  kLockLost,     // another run may be working on the release
  kUnreachable,  // the API server does not answer
};

struct Situation {
  Progress progress = Progress::kNothingWritten;
  Trouble trouble = Trouble::kRefused;
  bool rollback_wanted = true;  // not switched off by the user
};

enum class Response {
  kNothing,  // there is nothing to put back
  kUndo,     // put everything back now
  kKeep,     // leave it as it is and record that
  kForward,  // finish what is left
  kLeave,    // stop writing; the record says what a later `recover` has to do
};

// Past the commit point work only goes forward: what was pruned cannot come back as it was. Whoever lost the
// lock or the cluster must not write. An interruption leaves a few seconds (a cancelled CI step is killed
// after ten), less than an undo takes, so it leaves the undo to `recover`.
[[nodiscard]] Response on_failure(const Situation& situation);

[[nodiscard]] std::string to_string(Response response);

}  // namespace instantexec::policy
