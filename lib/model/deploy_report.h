#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/finding.h"
#include "model/gvk.h"
#include "model/status.h"

namespace instantexec::model {

// What was done to one object, in kubectl's words.
enum class Action { kCreated, kConfigured, kUnchanged, kPruned, kRestored, kDeleted, kSkipped, kFailed };

// How a deploy, rollback or recovery ended.
enum class DeployResult {
  kNothingToDo,         // live state already is the release, healthy; nothing written
  kRefused,             // the plan holds findings of severity error; nothing written
  kDryRun,              // planned and checked, nothing written
  kDeployed,            // the new release is recorded and healthy
  kRolledBack,          // failed; every touched object verified back at its former state
  kRollbackIncomplete,  // failed, and something could not be put back; see objects
  kPartlyUndone,        // failed; some objects could not be read, the others were undone; unfinished work is
                        // recorded
  kFailedKept,          // failed, and left as it is because rollback was switched off
  kUnhealthy,           // live state already is the release, which is not healthy; nothing written
  kInterrupted,         // stopped with unfinished work recorded
};

struct ObjectOutcome {
  ObjectRef object;
  Action action = Action::kUnchanged;
  ObjectStatus health;
  std::string message;  // why, for kFailed and kSkipped; sanitised
  // Not ready, and it was no better before anything was written; so it does not fail the deploy.
  bool broken_before = false;
};

// Last lines of one container's log.
struct LogTail {
  ObjectRef pod;
  std::string container;
  bool previous = false;  // of the instance before the last restart
  std::vector<std::string> lines;
};

// Why a rollout failed, collected before the first write of the undo.
struct FailureCause {
  ObjectRef object;
  std::string summary;  // the first line a person reads
  std::string hint;
  std::vector<Evidence> evidence;   // conditions and container states
  std::vector<std::string> events;  // "Warning FailedCreate x3: …", newest last
  std::vector<LogTail> logs;
};

// Result of reading every touched object afresh after an undo.
struct Verification {
  bool values = false;     // E1: canonical(after) = canonical(before)
  bool identity = false;   // E2: same UIDs, nothing created left behind but what is kept
  bool ownership = false;  // E3: the same managers own the same fields, times aside
  bool behaviour = false;  // E4: what was healthy before is healthy again, from the same template
  std::vector<std::string> differences;
  // Created objects that stay for a reason, which is among the differences: a volume claim; a namespace or
  // the definition of a kind that somebody uses by now.
  std::size_t kept = 0;
};

// One write that was tried with dryRun=All and stored nothing.
struct DrillOutcome {
  ObjectRef object;
  std::string write;  // "patch values", "patch ownership", "delete"
  bool accepted = true;
  std::string message;  // why it was refused, sanitised
};

// Everything a deploy, rollback or recover has to say at its end.
struct DeployReport {
  DeployResult result = DeployResult::kNothingToDo;
  std::string release;
  std::string ns;
  int revision = 0;           // the revision recorded or, after an undo, the one in force; 0: none
  int previous_revision = 0;  // what `rollback` would return to; 0: none
  std::string operation;      // what was done: "deploy", "rollback" or "recover"; empty: not known
  int target = 0;             // of a rollback: the revision it goes back to; 0: another operation
  bool offline = false;       // a dry run without a cluster: the objects were read and compared with nothing
  std::vector<ObjectOutcome> objects;
  std::vector<Finding> findings;  // of the plan: why it was refused, and what else is worth knowing
  std::optional<FailureCause> cause;
  std::optional<Verification> verification;  // set after an undo
  std::vector<std::string> warnings;         // server Warning headers and own remarks, each once
  Duration elapsed{0};
  std::vector<DrillOutcome> drill;  // writes of the undo, or deletions of a dry run, that were tried
  std::string evidence;             // where what was seen of a failure is stored; empty: nowhere
  std::string recover_command;      // finishes what is left; empty: the renderer's own, without a connection
};

[[nodiscard]] std::string_view to_string(Action action);        // "created", "configured", …
[[nodiscard]] std::string_view to_string(DeployResult result);  // "deployed", "rolled_back", …

}  // namespace instantexec::model
