#include "engine/operation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/errors.h"
#include "engine/lock.h"
#include "journal/errors.h"

namespace instantexec::engine {

model::DeployReport new_report(const Operation& operation) {
  model::DeployReport out;
  out.release = operation.options.release;
  out.ns = operation.options.ns;
  out.revision = operation.stored.head.revision;
  out.previous_revision = journal::rollback_target(operation.stored.head);
  out.operation = operation.verb;
  out.target = operation.target;
  out.drill = operation.drill;
  out.evidence = operation.evidence;
  out.recover_command = operation.session.recover_command();
  out.warnings = operation.session.warnings();
  out.elapsed = operation.session.now() - operation.started;
  return out;
}

Status record_end(Operation& operation, journal::Phase phase, const journal::Counts& counts,
                  const std::string& failure) {
  journal::Head& head = operation.stored.head;
  const journal::Head former = head;
  const journal::Operation& done = *head.operation;
  journal::Revision entry;
  entry.revision = done.revision;
  entry.result = phase;
  entry.kind = done.kind;
  entry.target = done.target;
  entry.started = done.started;
  entry.finished = format_rfc3339(operation.session.wall());
  entry.source_commit = done.source_commit;
  entry.description = done.description;
  entry.plan_digest = done.plan_digest;
  entry.counts = counts;
  entry.failure = failure;
  entry.payload = done.payload;
  std::vector<journal::Blob> dropped;
  // Nothing of a release that was undone completely is needed again.
  if (phase == journal::Phase::kRolledBack) dropped.push_back(std::exchange(entry.payload, {}));
  std::erase_if(head.revisions, [&](const journal::Revision& one) { return one.revision == entry.revision; });
  head.revisions.insert(head.revisions.begin(), std::move(entry));
  head.phase = phase;
  const auto expired = journal::expired(head.revisions, head.revision, operation.options.history_limit);
  const std::set<int> gone(expired.begin(), expired.end());
  for (journal::Revision& one : head.revisions) {
    if (gone.contains(one.revision)) dropped.push_back(std::move(one.payload));
  }
  std::erase_if(head.revisions, [&](const journal::Revision& one) { return gone.contains(one.revision); });
  if (phase == journal::Phase::kRolledBack) head.operation->payload = {};
  if (Status saved = operation.store.save_head(operation.stored, kMaxRepetitions, WhenGone::kReplace);
      !saved) {
    head = former;  // as far as anybody knows, the records still say so
    return saved;
  }
  operation.store.drop(head, dropped);
  return {};
}

void give_lock_back(const Operation& operation) {
  Session& session = operation.session;
  const bool late = operation.late_until && session.now() < *operation.late_until;
  if (late && journal::unfinished(operation.stored.head.phase)) session.keep(nullptr);
  release_lock(session);
}

Error with_unfinished_work(Error error, const journal::Head& head) {
  // These say by themselves what is left and who has to do it.
  const bool speaks_for_itself = error.code == &errors::kLockLost || error.code == &errors::kRecordChanged ||
                                 error.code == &errors::kLocked || error.code == &errors::kUnfinished ||
                                 error.code == &journal::errors::kBroken ||
                                 error.code == &journal::errors::kScope ||
                                 error.code == &journal::errors::kNewer;
  if (!journal::unfinished(head.phase) || speaks_for_itself) return error;
  Error out = make_error(errors::kUnfinished, error.to_string());
  out.reason = error.reason;
  out.http_status = error.http_status;
  return out;
}

namespace {

// Nobody else stands in the way, and the release itself does not: the API server could not be used.
bool lost_the_cluster(const Error& error, const Session& session) {
  return error.code->exit == ExitCode::kUnreachable || error.code == &errors::kLockLost || session.silent();
}

// Where it is stored; empty: nowhere.
std::string store_state(const Operation& operation, const std::string& why) {
  Session& session = operation.session;
  const journal::Head& head = operation.stored.head;
  if (session.files() == nullptr || !head.operation) return {};
  const journal::Operation& left = *head.operation;
  const auto place =
      session.files()->save_state({operation.options.release, operation.options.ns, left.id, left.revision,
                                   std::string(journal::to_string(head.phase)), left.started, left.holder,
                                   format_rfc3339(session.wall()), sanitise_line(why, 1000)});
  if (place) return *place;
  session.warn("what is left could not be noted on this machine: " + place.error().message);
  return {};
}

}  // namespace

Result<model::DeployReport> settle_files(const Operation& operation, Result<model::DeployReport> result) {
  Session& session = operation.session;
  const bool left = journal::unfinished(operation.stored.head.phase);
  if (result) {
    const bool interrupted = result->result == model::DeployResult::kInterrupted;
    if (!left && session.files() != nullptr) {
      session.files()->forget_state(operation.options.release, operation.options.ns);
    }
    if (left && interrupted && session.silent()) {
      store_state(operation, "interrupted while the API server did not answer");
    }
    return result;
  }
  Error error = with_unfinished_work(result.error(), operation.stored.head);
  const bool ours = error.code == &errors::kUnfinished || error.code == &errors::kLockLost;
  if (!left || !ours) return fail(std::move(error));
  if (!session.recover_command().empty()) error.hint = session.recover_command();
  if (lost_the_cluster(result.error(), session)) {
    const std::string place = store_state(operation, std::string(error.code->name) + ": " + error.message);
    if (!place.empty()) error.message += "; what is left is noted in " + place;
  }
  return fail(std::move(error));
}

Error no_record(const std::string& what) {
  return make_error(
      journal::errors::kBroken,
      what + ", and somebody has deleted the record of the release, so nobody can go on with it",
      "look at the objects with the label instantexec.dev/release, then deploy again");
}

HealthOptions health_options(const ReleaseOptions& options) {
  HealthOptions out;
  out.per_object_timeout = options.per_object_timeout;
  out.status = options.readiness;
  out.rules = options.health_rules;
  return out;
}

model::Action action_of(plan::Op op) {
  switch (op) {
    case plan::Op::kCreate:
      return model::Action::kCreated;
    case plan::Op::kConfigure:
      return model::Action::kConfigured;
    case plan::Op::kUnchanged:
      return model::Action::kUnchanged;
    case plan::Op::kPrune:
      return model::Action::kPruned;
    case plan::Op::kRestore:
      return model::Action::kRestored;
    case plan::Op::kDelete:
      return model::Action::kDeleted;
    case plan::Op::kKeep:
      return model::Action::kSkipped;
  }
  return model::Action::kSkipped;
}

journal::Counts counts_of(const plan::Plan& plan) {
  return {plan.count(plan::Op::kCreate), plan.count(plan::Op::kConfigure), plan.count(plan::Op::kUnchanged),
          plan.count(plan::Op::kPrune)};
}

}  // namespace instantexec::engine
