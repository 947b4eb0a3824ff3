#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/deploy.h"
#include "engine/health.h"
#include "engine/release_store.h"
#include "engine/session.h"
#include "journal/record.h"
#include "model/api_catalog.h"
#include "model/deploy_report.h"

namespace instantexec::engine {

// What the parts of one operation share.
struct Operation {
  Session& session;
  const ReleaseOptions& options;
  ReleaseStore& store;
  StoredHead stored;
  std::shared_ptr<const model::ApiCatalog> catalog;
  Instant started;
  bool touched = false;               // some object of the release may have been written
  std::optional<Instant> late_until;  // writes of a run that died may be done until then
  // The lock was taken over from a run that died: chunks nobody names are to be collected. Not before a write
  // of the head by this run: one of the dead run's may be under way until then, and name them.
  bool collect_orphans = false;
  std::vector<model::DrillOutcome> drill = {};  // writes that were only tried
  std::string evidence = {};                    // where the evidence of a failure was stored
  std::string verb = {};                        // "deploy", "rollback" or "recover", for its report
  int target = 0;                               // of a rollback
};

// A report with everything filled in that does not depend on how the operation ended.
[[nodiscard]] model::DeployReport new_report(const Operation& operation);

// Ends the operation in the records: the phase, an entry in the history, and what the history drops. Chunks
// that nothing names any more are deleted.
Status record_end(Operation& operation, journal::Phase phase, const journal::Counts& counts,
                  const std::string& failure);

// Gives the lock back. Not while writes of a run that died may still be done and work is left: then it runs
// out by itself, so that the next run knows that it has to wait for them too.
void give_lock_back(const Operation& operation);

// The error of an operation that stopped: unfinished, with its cause as the message, when the head as last
// known says that work is left.
[[nodiscard]] Error with_unfinished_work(Error error, const journal::Head& head);

// What an operation leaves on this machine at its end. Work that is left because the API server could not be
// reached is written into a state file, and the error says so and how to go on; the file of an operation that
// left nothing is removed. Call it when the lock was given back.
[[nodiscard]] Result<model::DeployReport> settle_files(const Operation& operation,
                                                       Result<model::DeployReport> result);

// The error of an operation that stopped half-way when somebody has deleted its record: nobody can go on.
[[nodiscard]] Error no_record(const std::string& what);

[[nodiscard]] HealthOptions health_options(const ReleaseOptions& options);

[[nodiscard]] model::Action action_of(plan::Op op);

[[nodiscard]] journal::Counts counts_of(const plan::Plan& plan);

}  // namespace instantexec::engine
