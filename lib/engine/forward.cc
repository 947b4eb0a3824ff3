#include "engine/forward.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/digest.h"
#include "engine/apply_work.h"
#include "engine/commit.h"
#include "engine/errors.h"
#include "engine/evidence.h"
#include "engine/former_health.h"
#include "engine/payload.h"
#include "engine/schemas.h"
#include "engine/undo.h"
#include "engine/webhooks.h"
#include "journal/secrets.h"
#include "model/marks.h"
#include "plan/desired.h"
#include "plan/order.h"
#include "policy/on_failure.h"

namespace instantexec::engine {
namespace {

// From the write of an admission policy or webhook to its first use, by any API server.
constexpr Duration kAdmissionTakes{3'000};
constexpr Duration kLookAgainAfter{500};

policy::Trouble trouble_of(Stop stop) {
  switch (stop) {
    case Stop::kInterrupted:
      return policy::Trouble::kInterrupted;
    case Stop::kLockLost:
      return policy::Trouble::kLockLost;
    case Stop::kNone:
    case Stop::kFailed:
      break;
  }
  return policy::Trouble::kRefused;
}

policy::Trouble trouble_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kInterrupted:
      return policy::Trouble::kInterrupted;
    case Verdict::kLockLost:
      return policy::Trouble::kLockLost;
    case Verdict::kHealthy:
    case Verdict::kFailed:
    case Verdict::kTimedOut:
      break;
  }
  return policy::Trouble::kRefused;
}

class Forward {
 public:
  Forward(Operation& operation, PlanResult& planned, const ForwardKind& kind)
      : operation_(operation), session_(operation.session), planned_(planned), kind_(kind) {}

  Result<model::DeployReport> run() {
    note_former_health(session_, planned_, health_options(operation_.options));
    IE_TRY(save());
    return go_on();
  }

  // From where the records say that objects are being written. Each write finds out by itself whether it was
  // done before.
  Result<model::DeployReport> resume() {
    resumed_ = true;
    return go_on();
  }

 private:
  Result<model::DeployReport> go_on() {
    operation_.touched = true;
    auto out = carry_out();
    // Requests that are still under way must not meet the next run. A short rest is waited for, else that run
    // has to wait for the lock to expire.
    const Duration rest = late_until_ - session_.now();
    if (out && rest > Duration{0} && rest <= kLateAfterTakeover) session_.pause(rest);
    if (session_.now() < late_until_) session_.keep(nullptr);
    return out;
  }

  Result<model::DeployReport> carry_out() {
    HealthOptions options = health_options(operation_.options);
    options.former = planned_.former;
    options.declares_status = read_schemas(session_, *operation_.catalog, planned_.desired);
    options.minds_refusal = true;
    session_.suspect_webhooks(brings_admission());
    health_.emplace(session_, std::move(options));
    watch();
    IE_TRY_ASSIGN(auto trouble, apply());
    if (!trouble && operation_.options.wait) trouble = wait();
    if (!trouble && brings_admission()) trouble = try_lock();
    if (trouble) return fall_back(*trouble);
    return commit();
  }

  // --- before the first touch ---

  Status save() {
    session_.emit(model::PhaseStarted{model::Phase::kSaving, planned_.plan.steps.size()});
    // Chunks belong to the head, so it has to be there first.
    if (!operation_.stored.exists()) {
      operation_.stored.head.epoch = session_.keeper()->epoch();
      IE_TRY(operation_.store.save_head(operation_.stored));
    }
    journal::Operation record;
    record.id = sha256_hex(session_.holder() + format_rfc3339_micro(session_.wall()) +
                           operation_.options.release + std::to_string(session_.keeper()->epoch()))
                    .substr(0, kOperationId);
    record.kind = kind_.kind;
    record.target = kind_.target;
    record.revision = planned_.plan.revision;
    record.holder = session_.holder();
    record.started = format_rfc3339(session_.wall());
    record.field_manager = operation_.options.field_manager;
    record.source_commit = operation_.options.source_commit;
    record.description = operation_.options.description;
    record.plan_digest = plan::digest(planned_.plan);
    const journal::PayloadView payload = make_payload(planned_, record.id);
    auto stored = operation_.store.save_payload(operation_.stored, record.revision, payload);
    if (session_.interrupted()) {
      if (stored) operation_.store.drop(operation_.stored.head, {*stored});
      return fail(errors::kInterrupted, "interrupted before anything was changed");
    }
    if (!stored) {
      // Some of it may have been stored.
      if (!operation_.collect_orphans) operation_.store.drop_orphans(operation_.stored.head);
      return fail(stored.error());
    }
    record.payload = std::move(*stored);
    const journal::Blob payload_stored = record.payload;
    journal::Head& head = operation_.stored.head;
    journal::Head former = head;
    head.operation = std::move(record);
    head.phase = journal::Phase::kApplying;
    head.epoch = session_.keeper()->epoch();
    // Its chunks go with a head that is deleted, and nothing was written yet.
    Status saved = operation_.store.save_head(operation_.stored, kMaxRepetitions, WhenGone::kFail);
    // What was refused is not what is stored.
    const bool refused = !saved && (saved.error().code == &errors::kRecordRefused ||
                                    (saved.error().http_status >= 400 && saved.error().http_status < 500));
    if (refused) {
      head = std::move(former);
      operation_.store.drop(head, {payload_stored});
    }
    if (saved && operation_.collect_orphans) operation_.store.drop_orphans(head);
    return saved;
  }

  // --- applying ---

  void watch() {
    for (std::size_t i = 0; i < planned_.desired.size(); ++i) {
      const plan::Step& step = planned_.plan.steps[i];
      const bool has_children = !status::child_kinds(step.gvk, operation_.options.readiness).empty();
      if (step.op == plan::Op::kUnchanged) {
        // Not there any more when others deleted it before a recovery went on from here.
        const auto live = planned_.live.find(step.object);
        if (live != planned_.live.end()) health_->track({live->second, false});
      } else if (has_children) {
        // Early, so that nothing of the rollout is missed; other kinds when they turn out not to be ready.
        health_->watch(step.gvk, step.object.ns);
      }
    }
  }

  Result<std::optional<policy::Trouble>> apply() {
    const auto writes = planned_.plan.count(plan::Op::kCreate) + planned_.plan.count(plan::Op::kConfigure);
    session_.emit(model::PhaseStarted{model::Phase::kApplying, writes});
    input_ = {&planned_.plan,
              planned_.desired,
              &planned_.live,
              &planned_.after,
              operation_.stored.head.operation->id,
              operation_.stored.head.operation->field_manager,
              kind_.target > 0,
              resumed_};
    work_.emplace(session_, *health_, input_);
    Graph graph = graph_of(planned_.plan);
    for (std::size_t i = planned_.desired.size(); i < graph.included.size(); ++i) graph.included[i] = false;
    const GraphResult result = run_graph(session_, graph, *work_);
    if (work_->unsettled() || result.unanswered) late_until_ = session_.now() + kWriteTravels + kWriteTakes;
    // What the process that began it has sent comes on top; only creations can be done once more.
    if (resumed_ && operation_.late_until && planned_.plan.count(plan::Op::kCreate) > 0) {
      late_until_ = std::max(late_until_, *operation_.late_until);
    }
    if (result.stop == Stop::kNone) return std::optional<policy::Trouble>{};
    if (const auto failed = work_->first_failure()) {
      cause_ = refused_write(planned_.plan.steps[*failed].object, work_->outcomes()[*failed].message);
    } else if (const Error* refusal = session_.lock_refusal(); refusal && result.stop == Stop::kFailed) {
      cause_ = lock_refused(*refusal);
    }
    return std::optional(trouble_of(result.stop));
  }

  std::optional<policy::Trouble> wait() {
    session_.emit(model::PhaseStarted{model::Phase::kWaiting, planned_.desired.size()});
    const Verdict verdict = health_->wait(operation_.options.timeout);
    if (verdict == Verdict::kHealthy) return std::nullopt;
    if (const Error* refusal = session_.lock_refusal(); refusal && verdict == Verdict::kLockLost) {
      cause_ = lock_refused(*refusal);
      return policy::Trouble::kRefused;
    }
    if (verdict == Verdict::kFailed || verdict == Verdict::kTimedOut) {
      if (const auto culprit = health_->culprit())
        cause_ = collect_cause(session_, *health_, *culprit, secrets());
      if (verdict == Verdict::kTimedOut && cause_)
        cause_->summary += " (" + words_of_timeout(*health_, operation_.options.timeout) + ")";
    }
    return trouble_of(verdict);
  }

  [[nodiscard]] bool brings_admission() const {
    const auto& steps = planned_.plan.steps;
    return std::any_of(steps.begin(), steps.end(), [](const plan::Step& step) {
      return (step.op == plan::Op::kCreate || step.op == plan::Op::kConfigure) &&
             plan::is_admission(step.object);
    });
  }

  // Admission that the release brings is in force a moment after it was written. Past the commit point it is
  // too late to find out that it refuses the lock.
  std::optional<policy::Trouble> try_lock() {
    const Instant in_force = session_.now() + kAdmissionTakes;
    const LockKeeper& keeper = *session_.keeper();
    while (keeper.renewed() < in_force) {
      if (session_.interrupted()) return policy::Trouble::kInterrupted;
      if (session_.lock_lost()) return policy::Trouble::kLockLost;
      if (const Error* refusal = session_.lock_refusal()) {
        cause_ = lock_refused(*refusal);
        return policy::Trouble::kRefused;
      }
      session_.pause(kLookAgainAfter);
    }
    return std::nullopt;
  }

  // While it is applied or waited for. What the release itself has brought may be what refuses it.
  [[nodiscard]] model::FailureCause lock_refused(const Error& refusal) const {
    model::FailureCause out = refused_record({"coordination.k8s.io", "Lease", operation_.options.ns,
                                              journal::lease_name(operation_.options.release)},
                                             refusal);
    out.summary += " (the lock of the release can no longer be renewed)";
    return out;
  }

  // --- after a failure ---

  // What must not be shown of the release.
  Redactor secrets() {
    Redactor out;
    for (const plan::Desired& desired : planned_.desired) out.learn(desired.object());
    for (const auto& [ref, object] : planned_.live) out.learn(object);
    return out;
  }

  Result<model::DeployReport> fall_back(policy::Trouble trouble) {
    Redactor redactor = secrets();
    UndoTask task = make_task();
    // Collecting takes longer than a lock is good for that cannot be renewed.
    if (trouble == policy::Trouble::kRefused && session_.lock_refusal() == nullptr) {
      keep_evidence(operation_, task.saved, cause_, std::move(redactor));
    }
    // Evidence was collected; an interruption during that counts.
    if (session_.interrupted()) trouble = policy::Trouble::kInterrupted;
    const policy::Response response =
        policy::on_failure({policy::Progress::kWriting, trouble, operation_.options.rollback_on_failure});
    switch (response) {
      case policy::Response::kUndo:
        return undo(std::move(task));
      case policy::Response::kKeep:
        return keep();
      case policy::Response::kNothing:
      case policy::Response::kForward:
      case policy::Response::kLeave:
        break;
    }
    if (trouble == policy::Trouble::kLockLost) {
      return fail(errors::kLockLost, "the lock was lost while the release was being applied");
    }
    return report(model::DeployResult::kInterrupted);
  }

  // What would have to be undone. Takes the saved states out of the plan.
  UndoTask make_task() {
    UndoTask task;
    for (std::size_t i = 0; i < planned_.plan.steps.size(); ++i) {
      const plan::Step& step = planned_.plan.steps[i];
      if (step.op != plan::Op::kCreate && step.op != plan::Op::kConfigure) continue;
      // What others made of it meanwhile is theirs, even where it looks like what was planned. Of what
      // another process of this operation has written nothing is known here.
      if (!resumed_ && work_ && work_->left_to_others(i)) continue;
      journal::SavedObject saved{step.gvk, step.object, std::nullopt, std::nullopt};
      if (const auto live = planned_.live.find(step.object); live != planned_.live.end()) {
        saved.before = std::move(live->second);
      }
      const auto after = planned_.after.find(step.object);
      if (after != planned_.after.end()) saved.after = std::move(after->second);
      task.saved.push_back(std::move(saved));
    }
    task.unready = unready_before(planned_.former, planned_.under_way);
    task.bystanders = bystanders_of(planned_.plan, *task.unready, operation_.options.readiness);
    return task;
  }

  Result<model::DeployReport> undo(UndoTask task) {
    task.cause = std::move(cause_);
    task.unsettled = session_.now() < late_until_;
    if (task.unsettled) task.quarantine_until = late_until_;
    health_.reset();
    return undo_operation(operation_, std::move(task));
  }

  // --no-rollback: what is there now is what later runs start from.
  Result<model::DeployReport> keep() {
    std::vector<journal::Member> members = commit_members(planned_.plan, uids_by_now(), {});
    std::set<model::ObjectRef> known;
    for (const journal::Member& member : members) {
      known.insert(member.ref());
    }
    for (const journal::Member& member : operation_.stored.head.members) {
      if (known.insert(member.ref()).second) {
        members.push_back(member);
      }
    }
    operation_.stored.head.members = std::move(members);
    IE_TRY(record_end(operation_, journal::Phase::kFailedKept, counts_of(planned_.plan),
                      cause_ ? cause_->summary : std::string{}));
    return report(model::DeployResult::kFailedKept);
  }

  // --- the commit point and after ---

  // What exists of the wanted objects, as last written or read.
  Uids uids() {
    Uids out;
    for (std::size_t i = 0; i < planned_.desired.size(); ++i) {
      const plan::Step& step = planned_.plan.steps[i];
      const std::string& written = work_->outcomes()[i].uid;
      if (!written.empty()) {
        out[step.object] = written;
      } else if (!step.uid.empty()) {
        out[step.object] = step.uid;
      }
    }
    return out;
  }

  // The same once nothing is under way any more: a creation whose answer got lost may have been done.
  Uids uids_by_now() {
    Uids out = uids();
    if (!work_->unsettled()) return out;
    if (session_.now() < late_until_) {
      session_.emit(model::Note{"waiting until no unanswered write can take effect any more"});
      session_.pause(late_until_ - session_.now());
    }
    LiveQuery query;
    for (std::size_t i = 0; i < planned_.desired.size(); ++i) {
      const plan::Step& step = planned_.plan.steps[i];
      if (step.op == plan::Op::kCreate && !out.contains(step.object)) query.want(step.gvk, step.object);
    }
    const auto look = look_live(session_, query);
    if (!look) {
      session_.warn("what was created without an answer is not known to the release: " +
                    look.error().to_string());
      return out;
    }
    for (const auto& [ref, error] : look->unread) {
      session_.warn(ref.to_string() +
                    " may have been created, and is not known to the release: " + error.to_string());
    }
    for (const auto& [ref, object] : look->objects) {
      if (object.annotation(model::marks::kCreatedBy) == input_.operation) out[ref] = object.uid();
    }
    return out;
  }

  // What was broken before does not fail the release; that is said. So is what counts as ready and still
  // waits for a person, such as a paused Deployment.
  void tell_of_health() {
    if (!operation_.options.wait) return;
    for (const plan::Desired& desired : planned_.desired) {
      const model::ObjectRef ref = desired.object().ref();
      const model::ObjectStatus health = health_->status_of(ref);
      if (health_->as_before(ref)) {
        session_.warn(words_of_broken(ref, health));
      } else if (counts_as_ready(health) && !health.hint.empty()) {
        session_.warn(ref.to_string() + ": " + health.message + "; next: " + health.hint);
      }
    }
  }

  Result<model::DeployReport> commit() {
    tell_of_health();
    const auto pruned = commit_release(operation_, planned_.plan, uids(), planned_.live);
    if (!pruned) {
      // A release that its record does not know of is none.
      const bool before_commit = operation_.stored.head.phase == journal::Phase::kApplying;
      if (pruned.error().code != &errors::kRecordRefused || !before_commit) return fail(pruned.error());
      cause_ = refused_record(operation_.stored.secret.ref(), pruned.error());
      return fall_back(policy::Trouble::kRefused);
    }
    // It may wait for a few seconds, which a release that is ready must not.
    if (operation_.options.wait) warn_of_webhooks(session_, planned_.desired);
    auto out = report(model::DeployResult::kDeployed);
    for (std::size_t i = planned_.desired.size(); i < out.objects.size(); ++i) {
      if (planned_.plan.steps[i].op != plan::Op::kPrune) continue;
      out.objects[i].action = (*pruned)[i].gone ? model::Action::kPruned : model::Action::kSkipped;
      out.objects[i].message = (*pruned)[i].message;
    }
    return out;
  }

  model::DeployReport report(model::DeployResult result) {
    model::DeployReport out = new_report(operation_);
    out.result = result;
    out.cause = cause_;
    out.findings = planned_.findings;
    for (std::size_t i = 0; i < planned_.plan.steps.size(); ++i) {
      const plan::Step& step = planned_.plan.steps[i];
      model::ObjectOutcome entry;
      entry.object = step.object;
      entry.action = action_of(step.op);
      entry.message = step.op == plan::Op::kKeep ? step.reason : std::string{};
      if (i < planned_.desired.size()) {
        const StepOutcome& outcome = work_->outcomes()[i];
        entry.health = health_->status_of(step.object);
        if (const auto former = health_->as_before(step.object); former && outcome.done) {
          entry.broken_before = true;
          entry.message = "not ready, as before the deploy: " + entry.health.message;
        }
        if (outcome.failed) {
          entry.action = model::Action::kFailed;
          entry.message = outcome.message;
        } else if (outcome.done) {
          if (!outcome.message.empty()) entry.message = outcome.message;
        } else {
          entry.action = model::Action::kSkipped;
          entry.message = "not written";
        }
      } else if (result != model::DeployResult::kDeployed && step.op == plan::Op::kPrune) {
        entry.action = model::Action::kSkipped;
        entry.message = "not pruned";
      }
      out.objects.push_back(std::move(entry));
    }
    return out;
  }

  Operation& operation_;
  Session& session_;
  PlanResult& planned_;
  const ForwardKind& kind_;
  ApplyInput input_;
  std::optional<HealthMonitor> health_;
  std::optional<ApplyWork> work_;
  std::optional<model::FailureCause> cause_;
  bool resumed_ = false;
  Instant late_until_;  // some write whose outcome is not known may take effect until then
};

}  // namespace

Result<model::DeployReport> resume_forward(Operation& operation, PlanResult& planned) {
  const journal::Operation& record = *operation.stored.head.operation;
  const ForwardKind kind{record.kind, record.target};
  return Forward(operation, planned, kind).resume();
}

Result<model::DeployReport> run_forward(Operation& operation, PlanResult& planned, const ForwardKind& kind) {
  return Forward(operation, planned, kind).run();
}

}  // namespace instantexec::engine
