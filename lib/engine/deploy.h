#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/environment.h"
#include "engine/ports.h"
#include "engine/rights.h"
#include "journal/blob.h"
#include "journal/seal.h"
#include "model/deploy_report.h"
#include "model/finding.h"
#include "model/manifest.h"
#include "plan/desired.h"
#include "plan/plan.h"
#include "plan/saved_plan.h"
#include "status/custom_rule.h"
#include "status/former.h"

// Releases: plan, deploy, rollback, history, status, recover. Each function runs to its end on the calling
// thread; progress goes to Environment::events, and an interruption delivered by Cluster::wait starts the
// safe way out.
//
// Every function returns the Errors of engine/errors.h and those of the Cluster. An Error means that the job
// could not be done; a deploy that failed and was undone is a report.
namespace instantexec::engine {

struct ReleaseOptions {
  std::string release;  // a DNS label of at most 53 characters
  std::string ns;       // of the records, and of objects that name none
  std::string field_manager = "kubectl-instantexec";
  bool prune = true;  // delete what the last release had and this one lacks; false keeps it listed
  bool rollback_on_failure = true;   // false: a failed release is left as it is
  bool force_conflicts = false;      // take fields that other field managers own
  bool adopt = false;                // take objects that another tool or release owns
  bool accept_irreversible = false;  // go on though a step of grade R2 is in the plan
  bool warnings_as_errors = false;   // what the API server warns of while planning stops the run
  // Try every write of an undo with dryRun=All before the first real write; a refused one stops the run,
  // unless accept_irreversible.
  bool drill = false;
  bool dry_run_server = false;  // stop after the plan: DeployResult::kDryRun, nothing written
  bool wait = true;             // false: commit once everything is written, without waiting for health
  Duration timeout{std::chrono::minutes(10)};  // of the health wait as a whole, and of an undo's
  // No change of one object for that long fails the wait; 0: none; unset: what its kind and spec allow.
  std::optional<Duration> per_object_timeout;
  Duration lock_timeout{std::chrono::seconds(35)};  // how long to wait for another holder
  int history_limit = 10;                           // revisions kept
  // Unpacked bytes of what a release saves before it begins; more is refused while planning.
  std::size_t record_limit = journal::kMaxBlob;
  std::string source_commit;  // of the change, recorded with the revision; may be empty
  std::string description;    // recorded with the revision; may be empty
  // By which the records are signed and encrypted; null: they are not. Records that are sealed need it.
  std::shared_ptr<const journal::Seal> seal;
  // When custom resources are ready or have failed; the first rule that applies decides.
  std::vector<status::CustomRule> health_rules;
  // What ready means for kinds that can be judged in two ways.
  status::Options readiness;
};

// An operation that did not reach its end: the process died, was interrupted or lost the cluster; or whose
// undo was incomplete.
struct UnfinishedOperation {
  std::string phase;  // "applying", "committing", "rolling-back", "rollback-incomplete"
  std::string operation;
  std::string holder;
  int revision = 0;
  std::string started;  // RFC 3339
};

// A plan with everything needed to execute it without reading again.
struct PlanResult {
  plan::Plan plan;
  // Why it must not be executed (severity error), and what is worth knowing. Subjects and places are set.
  std::vector<model::Finding> findings;
  std::vector<std::string> warnings;  // server Warning headers, each once
  int revision = 0;                   // in force now; 0: none
  std::optional<UnfinishedOperation> unfinished;
  std::vector<plan::Desired> desired;               // as they will be applied; same order as the first steps
  std::map<model::ObjectRef, model::Object> live;   // what exists of all objects in the plan
  std::map<model::ObjectRef, model::Object> after;  // what the server would store (dry-run), where known
  // Found out when it is deployed: what was broken before, and what was not ready and not broken either.
  std::map<model::ObjectRef, status::Former> former;
  std::vector<model::ObjectRef> under_way;

  std::shared_ptr<const model::ApiCatalog> catalog;  // what the server serves
  model::Object record;                              // of the release, as read; without a name: none
  model::Object lease;                               // likewise
  bool namespace_missing = false;                    // of the release
  // Rights that the plan or its rollback lacks, as the error with which a deploy refuses it.
  std::optional<Error> access_error;

  // No finding of severity error.
  [[nodiscard]] bool executable() const;
};

// One revision, as recorded.
struct RevisionInfo {
  int revision = 0;
  std::string result;  // "deployed", "superseded", "rolled_back", "rollback_incomplete", "failed_kept"
  bool in_force = false;
  std::string kind;      // "deploy" or "rollback"
  std::string started;   // RFC 3339
  std::string finished;  // RFC 3339
  std::string source_commit;
  std::string description;
  int target = 0;  // of a rollback: the revision it went back to
  std::size_t created = 0;
  std::size_t configured = 0;
  std::size_t unchanged = 0;
  std::size_t pruned = 0;
  std::string failure;  // first line of the cause; empty when it went well
};

struct ReleaseStatus {
  std::string release;
  std::string ns;
  bool exists = false;  // a record was found
  int revision = 0;     // in force; 0: none
  std::string source_commit;
  std::string deployed;                           // RFC 3339
  std::optional<UnfinishedOperation> unfinished;  // what a recovery would take up
  int not_undone = 0;       // the revision that failed and was left, as asked or incompletely undone; 0: none
  std::string lock_holder;  // empty: free
  std::string lock_renewed;                   // RFC 3339, by the holder's clock; empty: free, or never
  std::string lock_unread;                    // why nothing is known of the lock; empty: it was read
  bool at_work = false;                       // on what is unfinished: its lock was renewed a moment ago
  std::vector<model::ObjectOutcome> objects;  // of the revision in force, with their health now
};

struct RecoverOptions {
  bool resume = false;  // go forward instead of back
};

// What deploy would do. Reads only: live objects, the last record, and a server dry-run of every object.
Result<PlanResult> plan_release(Environment environment, const ReleaseOptions& options,
                                std::vector<model::Manifest> manifests);

// Plans and deploys. An unfinished operation found in the records is recovered first.
Result<model::DeployReport> deploy(Environment environment, const ReleaseOptions& options,
                                   std::vector<model::Manifest> manifests);

// Deploys exactly what was planned; an object that changed since stops it (DeployResult::kRefused when
// nothing was written yet).
Result<model::DeployReport> deploy(Environment environment, const ReleaseOptions& options,
                                   PlanResult planned);

// The plan for a file. Only an executable one can be deployed later.
[[nodiscard]] plan::SavedPlan freeze(const PlanResult& planned, const ReleaseOptions& options);
// Plans again from the file's manifests and with its options, and returns that plan when it does exactly what
// was saved. Errors plan.drifted, with what is different, and plan.invalid for another release.
Result<PlanResult> thaw(Environment environment, ReleaseOptions& options, const plan::SavedPlan& saved);

// A forward release whose target is what `revision` recorded; 0: the last good revision before the one in
// force, or the one in force itself if a failed deploy has left something else (journal::rollback_target).
// What an earlier run left is recovered first. Errors release.not-found, revision.not-found.
Result<model::DeployReport> rollback(Environment environment, const ReleaseOptions& options, int revision);

// Finishes or undoes an interrupted operation; kNothingToDo when there is none. Safe to repeat.
Result<model::DeployReport> recover(Environment environment, const ReleaseOptions& options,
                                    RecoverOptions how);
// Nothing of the earlier run is left to do or to repair.
[[nodiscard]] bool recovered_cleanly(const model::DeployReport& recovered);

// Recorded revisions, newest first. Empty when the release is not known.
Result<std::vector<RevisionInfo>> history(Environment environment, const ReleaseOptions& options);

// The release as it is now: record, lock, and the health of every object from fresh reads.
Result<ReleaseStatus> release_status(Environment environment, const ReleaseOptions& options);

// The objects of the revision in force; none when there is no record.
Result<std::vector<Touched>> release_objects(Environment environment, const ReleaseOptions& options);

// Names of the releases recorded in a namespace, sorted.
Result<std::vector<std::string>> list_releases(Environment environment, const std::string& ns);

}  // namespace instantexec::engine
