#pragma once

#include <string>
#include <string_view>
#include <vector>

// What the words of an unknown controller mean: phases, reasons, types of conditions, messages. Identifiers
// are split into their parts ("FailedCreateOrUpdate", "SUBMISSION_FAILED"), so that a word never seen before
// is still understood by what it is made of. Internal to the module.
namespace instantexec::status {

// kNone: the word says nothing known.
enum class Sense { kNone, kGood, kBusy, kBad, kHold, kUnclear };

// Parts of an identifier in lower case: "ReconcileError" → reconcile, error; "HEALTH_OK" → health, ok.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view identifier);

// A phase or state. `runs_to_end`: of a kind that is done only when it has ended, to which "Running" is busy.
[[nodiscard]] Sense sense_of_phase(std::string_view phase, bool runs_to_end);

// The reason of a condition that is not as it should be: kBad when it names an error, kBusy when it names
// work under way, kHold when somebody paused it.
[[nodiscard]] Sense sense_of_reason(std::string_view reason);

// The message speaks of an attempt that did not succeed, in the words Go programs use for errors.
[[nodiscard]] bool reports_error(std::string_view message);

// What a type of condition claims when it is True.
enum class Claim {
  kNone,     // nothing known
  kGood,     // "Available", "BucketReady"
  kVerdict,  // the spec was found in order: "Accepted", "ResolvedRefs", "Valid"
  kBusy,     // "Progressing", "RollingUpdate"
  kBad,      // "Degraded", "FetchFailed"
  kLack,     // "NotReady", "Unavailable": the opposite of a good one
  kHold      // "Paused"
};
[[nodiscard]] Claim claim_of(std::string_view type);

// The reason of "Progressing" is True says that the work is done: "NewReplicaSetAvailable", "Completed".
[[nodiscard]] bool says_done(std::string_view reason);
// The reason names work under way: "Pending", "Reconciling".
[[nodiscard]] bool says_waiting(std::string_view reason);

// The reason names work by a verb, and no error: "DeploymentInProgress", "Upgrading"; not "MissingSecret".
[[nodiscard]] bool names_work(std::string_view reason);

// Kinds that do nothing until their time comes: CronWorkflow, ScheduledBackup, BackupSchedule.
[[nodiscard]] bool waits_for_its_time(std::string_view kind);

// Kinds that end: AnalysisRun, AnsibleJob, Backup. Not those that start others: CronJob, ScheduledBackup.
[[nodiscard]] bool runs_to_end(std::string_view kind);

}  // namespace instantexec::status
