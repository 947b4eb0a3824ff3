#include "engine/deploy.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/drill.h"
#include "engine/earlier_revision.h"
#include "engine/errors.h"
#include "engine/evidence.h"
#include "engine/former_health.h"
#include "engine/forward.h"
#include "engine/lock.h"
#include "engine/planner.h"
#include "engine/recover.h"
#include "engine/release_namespace.h"
#include "engine/schemas.h"
#include "journal/secrets.h"
#include "plan/errors.h"

namespace instantexec::engine {
namespace {

// Planning again after somebody else worked on the release; more than this is a fight.
constexpr int kTries = 3;

// What could not be read because the user stopped the run says nothing about the cluster.
Error unless_stopped(const Session& session, Error error) {
  if (!session.interrupted()) return error;
  return make_error(errors::kInterrupted, "interrupted before anything was changed");
}

// With the lock held and no record: what a run leaves that created the namespace and died before it could
// write one.
model::DeployReport clear_namespace(Operation& operation, const model::Object& left) {
  Session& session = operation.session;
  if (!remove_namespace(session, operation.options, left.uid())) return new_report(operation);
  session.keep(nullptr);  // it is in the namespace
  const bool gone = await_removal(session, operation.options, left.uid());
  model::DeployReport out = new_report(operation);
  out.result = gone ? model::DeployResult::kRolledBack : model::DeployResult::kRollbackIncomplete;
  // There was nothing else.
  out.verification = model::Verification{true, gone, true, true, {}, 0};
  if (!gone) out.verification->differences.push_back(left.ref().to_string() + ": its deletion is pending");
  model::ObjectOutcome entry;
  entry.object = left.ref();
  entry.action = model::Action::kDeleted;
  entry.message = "a run that did not get further had created it";
  out.objects.push_back(std::move(entry));
  return out;
}

Result<model::DeployReport> recover_in(Session& session, const ReleaseOptions& options, RecoverOptions how) {
  ReleaseStore store(session, options.release, options.ns, options.seal.get());
  Operation operation{session, options, store, {}, nullptr, session.now(), false, {}};
  operation.verb = "recover";
  IE_TRY_ASSIGN(operation.catalog, session.cluster().catalog(false));
  Result<StoredHead> stored = store.load_head();
  if (!stored) return fail(unless_stopped(session, stored.error()));
  operation.stored = std::move(*stored);
  model::Object left;
  if (!operation.stored.exists()) left = abandoned_namespace(session, options);
  if (left.name().empty() && !recoverable(operation.stored.head))
    return settle_files(operation, new_report(operation));
  // Whoever begins with the release meanwhile takes the lock first.
  IE_TRY(lock_release(operation, std::nullopt, how.resume));
  IE_TRY_ASSIGN(operation.stored, store.load_head());
  const bool recovers = recoverable(operation.stored.head);
  Result<model::DeployReport> out = new_report(operation);
  if (recovers) {
    out = recover_operation(operation, how.resume);
  } else if (!operation.stored.exists() && !left.name().empty()) {
    out = clear_namespace(operation, left);
  }
  if (recovers && out && operation.collect_orphans) store.drop_orphans(operation.stored.head);
  give_lock_back(operation);
  return settle_files(operation, std::move(out));
}

class Deployer {
 public:
  Deployer(Session& session, const ReleaseOptions& options, ForwardKind kind)
      : session_(session),
        options_(options),
        kind_(std::move(kind)),
        store_(session, options.release, options.ns, options.seal.get()),
        operation_{session, options, store_, {}, nullptr, session.now(), false, {}} {
    operation_.verb = kind_.kind;
    operation_.target = kind_.target;
  }

  ~Deployer() = default;
  Deployer(const Deployer&) = delete;
  Deployer& operator=(const Deployer&) = delete;

  Result<model::DeployReport> run(std::vector<model::Manifest> manifests) {
    IE_TRY_ASSIGN(PlanResult planned, make_planning(session_, options_, std::move(manifests)));
    return end(attempt(planned, true));
  }

  // Exactly this plan; whatever changed since stops it.
  Result<model::DeployReport> run(PlanResult planned) { return end(attempt(planned, false)); }

 private:
  Result<model::DeployReport> end(Result<model::DeployReport> out) {
    give_lock_back(operation_);
    if (out) tell_of_namespace(*out);
    return settle_files(operation_, std::move(out));
  }

  // It was created ahead of everything, and no undo takes it back.
  void tell_of_namespace(model::DeployReport& report) const {
    const bool undone = report.result == model::DeployResult::kRolledBack ||
                        report.result == model::DeployResult::kPartlyUndone ||
                        report.result == model::DeployResult::kRollbackIncomplete;
    if (!created_namespace_ || !undone || !report.verification) return;
    ++report.verification->kept;
    report.verification->differences.push_back("Namespace " + options_.ns +
                                               ": kept: it holds the records of the release");
  }

  Result<model::DeployReport> attempt(PlanResult& planned, bool may_plan_again) {
    for (int round = 1;; ++round) {
      IE_TRY(adopt(planned));
      const bool again = may_plan_again && round < kTries;
      if (planned.unfinished && !options_.dry_run_server) {
        IE_TRY_ASSIGN(auto stopped, recover_first(planned));
        if (stopped) return std::move(*stopped);
        if (!again) {
          return fail(may_plan_again ? errors::kRecordChanged : plan::errors::kDrifted,
                      "what an earlier run had left was recovered, so the plan no longer applies");
        }
        IE_TRY(plan_again(planned));
        continue;
      }
      IE_TRY(rehearse(planned));
      if (auto out = without_writing(planned)) return std::move(*out);
      if (planned.namespace_missing) {
        IE_TRY_ASSIGN(auto stopped, prepare_namespace(planned));
        if (stopped) return std::move(*stopped);
        continue;
      }
      if (session_.keeper() == nullptr) {
        IE_TRY_ASSIGN(const bool as_planned, lock_release(operation_, planned.lease, false));
        if (!as_planned && again) {
          IE_TRY(plan_again(planned));
          continue;
        }
      }
      auto out = run_forward(operation_, planned, kind_);
      const bool changed = !out && out.error().code == &errors::kRecordChanged;
      if (!changed || !again || operation_.touched) return out;
      IE_TRY(plan_again(planned));
    }
  }

  // Takes over what was read while planning.
  Status adopt(const PlanResult& planned) {
    operation_.catalog = planned.catalog;
    operation_.stored = {};
    operation_.stored.head.release = options_.release;
    operation_.stored.head.ns = options_.ns;
    if (planned.record.name().empty()) return {};
    IE_TRY_ASSIGN(operation_.stored.head, journal::read_head(planned.record, options_.seal.get()));
    operation_.stored.secret = planned.record;
    return {};
  }

  Status plan_again(PlanResult& planned) {
    std::vector<model::Manifest> manifests;
    for (plan::Desired& desired : planned.desired) manifests.push_back(std::move(desired.manifest));
    IE_TRY_ASSIGN(planned, make_planning(session_, options_, std::move(manifests)));
    return {};
  }

  // A report when the deploy must not go on, because what was left behind cannot be cleared up.
  Result<std::optional<model::DeployReport>> recover_first(const PlanResult& planned) {
    if (session_.keeper() == nullptr) {
      IE_TRY(lock_release(operation_, planned.lease, false));
      IE_TRY_ASSIGN(operation_.stored, store_.load_head());
    }
    if (!journal::unfinished(operation_.stored.head.phase)) return std::optional<model::DeployReport>{};
    IE_TRY_ASSIGN(model::DeployReport report, recover_operation(operation_, false));
    report.operation = "recover";
    report.target = 0;
    if (recovered_cleanly(report)) return std::optional<model::DeployReport>{};
    return std::optional(std::move(report));
  }

  // A report when the release must not go on: nobody defines its namespace, or the server, now able to check
  // every object, refuses one.
  Result<std::optional<model::DeployReport>> prepare_namespace(PlanResult& planned) {
    IE_TRY_ASSIGN(const ReleaseNamespace created, create_namespace(session_, options_, planned));
    if (!created.defined) {
      model::Finding finding;
      finding.rule = "namespace.missing";
      finding.message =
          "namespace " + options_.ns + " does not exist, and the release keeps its records there";
      finding.hint = "kubectl create namespace " + options_.ns + ", or add the Namespace to the release";
      planned.findings.push_back(std::move(finding));
      return std::optional(planned_report(planned, model::DeployResult::kRefused));
    }
    const Status again = plan_again(planned);
    if (again && planned.executable() && !planned.namespace_missing) {
      created_namespace_ = !created.uid.empty();
      return std::optional<model::DeployReport>{};
    }
    if (!created.uid.empty()) remove_namespace(session_, options_, created.uid);
    if (!again) return fail(again.error());
    return std::optional(planned_report(planned, model::DeployResult::kRefused));
  }

  // Tries what was asked for with dryRun=All.
  Status rehearse(PlanResult& planned) {
    operation_.drill.clear();
    if (!planned.executable() || !planned.plan.changes_anything()) return {};
    if (options_.drill) operation_.drill = drill_undo(session_, planned, options_);
    if (options_.dry_run_server) {
      for (model::DrillOutcome& one : drill_prunes(session_, planned))
        operation_.drill.push_back(std::move(one));
    }
    if (session_.interrupted()) return fail(errors::kInterrupted, "interrupted; nothing was changed");
    for (model::Finding& finding : drill_findings(operation_.drill, options_.accept_irreversible)) {
      planned.findings.push_back(std::move(finding));
    }
    return {};
  }

  // The ways to end without touching anything.
  std::optional<Result<model::DeployReport>> without_writing(PlanResult& planned) {
    if (!planned.executable()) return planned_report(planned, model::DeployResult::kRefused);
    if (planned.access_error && !options_.dry_run_server) return fail(*planned.access_error);
    if (options_.dry_run_server) return planned_report(planned, model::DeployResult::kDryRun);
    if (in_force(planned)) return verify_unchanged(planned);
    return std::nullopt;
  }

  // The plan changes nothing, and the records say what is there.
  [[nodiscard]] bool in_force(const PlanResult& planned) const {
    const journal::Head& head = operation_.stored.head;
    const bool settled = head.phase == journal::Phase::kDeployed || head.phase == journal::Phase::kRolledBack;
    if (planned.plan.changes_anything() || head.revision == 0 || !settled) return false;
    if (journal::left_as_failed(head) != nullptr) return false;
    if (kind_.target > 0) return false;
    std::vector<journal::Member> members = head.members;
    for (const plan::Step& step : planned.plan.steps) {
      if (step.op == plan::Op::kKeep && step.forgotten) return false;
      const auto known = std::find_if(members.begin(), members.end(), [&](const journal::Member& member) {
        return member.ref() == step.object && member.uid == step.uid;
      });
      if (known == members.end()) return false;
      members.erase(known);
    }
    return members.empty();
  }

  // What is not ready is waited for, unless it was broken before: as when something else had been written.
  Result<model::DeployReport> verify_unchanged(PlanResult& planned) {
    HealthOptions options = health_options(options_);
    if (options_.wait) {
      note_former_health(session_, planned, options);
      options.former = planned.former;
      options.declares_status = read_schemas(session_, *operation_.catalog, planned.desired);
    }
    HealthMonitor health(session_, std::move(options));
    for (const plan::Step& step : planned.plan.steps) {
      const auto live = planned.live.find(step.object);
      if (step.op == plan::Op::kUnchanged && live != planned.live.end()) health.track({live->second, false});
    }
    const Verdict verdict = options_.wait ? health.wait(options_.timeout) : Verdict::kHealthy;
    if (verdict == Verdict::kInterrupted)
      return fail(errors::kInterrupted, "interrupted; nothing was changed");
    if (verdict == Verdict::kLockLost)
      return fail(errors::kLockLost, "the lock was lost while the release was looked at");
    std::set<model::ObjectRef> broken;
    for (const plan::Desired& desired : planned.desired) {
      const model::ObjectRef ref = desired.object().ref();
      if (!options_.wait || !health.as_before(ref)) continue;
      session_.warn(words_of_broken(ref, health.status_of(ref)));
      broken.insert(ref);
    }
    auto out = planned_report(planned, verdict == Verdict::kHealthy ? model::DeployResult::kNothingToDo
                                                                    : model::DeployResult::kUnhealthy);
    for (model::ObjectOutcome& entry : out.objects) {
      entry.health = health.status_of(entry.object);
      entry.broken_before = broken.contains(entry.object);
    }
    if (const auto culprit = health.culprit(); verdict != Verdict::kHealthy && culprit) {
      Redactor redactor;
      for (const auto& [ref, object] : planned.live) redactor.learn(object);
      out.cause = collect_cause(session_, health, *culprit, redactor);
    }
    return out;
  }

  model::DeployReport planned_report(const PlanResult& planned, model::DeployResult result) {
    model::DeployReport out = new_report(operation_);
    out.result = result;
    out.findings = planned.findings;
    for (const plan::Step& step : planned.plan.steps) {
      model::ObjectOutcome entry;
      entry.object = step.object;
      entry.action = action_of(step.op);
      if (result == model::DeployResult::kRefused && plan::writes(step.op)) {
        entry.action = model::Action::kSkipped;
      }
      entry.message = step.reason;
      out.objects.push_back(std::move(entry));
    }
    return out;
  }

  Session& session_;
  const ReleaseOptions& options_;
  ForwardKind kind_;
  ReleaseStore store_;
  Operation operation_;
  bool created_namespace_ = false;
};

// The states that were saved beside them are of no use to a rollback, and large.
Result<std::vector<model::Manifest>> recorded_manifests(ReleaseStore& store, const journal::Blob& blob) {
  IE_TRY_ASSIGN(journal::Payload payload, store.load_payload(blob));
  std::vector<model::Manifest> out;
  for (model::Object& object : payload.manifests) {
    model::Manifest manifest;
    manifest.object = std::move(object);
    out.push_back(std::move(manifest));
  }
  return out;
}

}  // namespace

bool PlanResult::executable() const {
  return std::none_of(findings.begin(), findings.end(), [](const model::Finding& finding) {
    return finding.severity == model::Severity::kError;
  });
}

Result<PlanResult> plan_release(Environment environment, const ReleaseOptions& options,
                                std::vector<model::Manifest> manifests) {
  Session session(std::move(environment));
  return make_planning(session, options, std::move(manifests));
}

Result<model::DeployReport> deploy(Environment environment, const ReleaseOptions& options,
                                   std::vector<model::Manifest> manifests) {
  Session session(std::move(environment));
  return Deployer(session, options, {}).run(std::move(manifests));
}

Result<model::DeployReport> deploy(Environment environment, const ReleaseOptions& options,
                                   PlanResult planned) {
  IE_TRY(check_names(options));
  Session session(std::move(environment));
  return Deployer(session, options, {}).run(std::move(planned));
}

Result<model::DeployReport> rollback(Environment environment, const ReleaseOptions& options, int revision) {
  IE_TRY(check_names(options));
  Session session(std::move(environment));
  ReleaseStore store(session, options.release, options.ns, options.seal.get());
  Result<StoredHead> read = store.load_head();
  // Which revision is in force, and so which one is before it, is known once nothing is left half done.
  if (read && journal::unfinished(read->head.phase) && !options.dry_run_server) {
    IE_TRY_ASSIGN(model::DeployReport recovered, recover_in(session, options, {}));
    if (!recovered_cleanly(recovered)) return recovered;
    read = store.load_head();
  }
  if (!read) return fail(unless_stopped(session, read.error()));
  const StoredHead& stored = *read;
  if (!stored.exists()) {
    return fail(errors::kReleaseNotFound, "release " + options.release + " is not known in " + options.ns);
  }
  const journal::Head& head = stored.head;
  const int target = revision > 0 ? revision : journal::rollback_target(head);
  const auto found = std::find_if(head.revisions.begin(), head.revisions.end(), [&](const auto& one) {
    return one.revision == target && one.result == journal::Phase::kDeployed;
  });
  if (found != head.revisions.end() && found->payload.chunks.empty()) {
    return fail(errors::kRevisionNotFound, "what revision " + std::to_string(target) +
                                               " had saved was deleted together with a former record");
  }
  if (found == head.revisions.end()) {
    return fail(errors::kRevisionNotFound,
                target == 0
                    ? "release " + options.release + " has no earlier revision to go back to"
                    : "release " + options.release + " has no deployed revision " + std::to_string(target));
  }
  auto manifests = recorded_manifests(store, found->payload);
  if (!manifests) return fail(unless_stopped(session, manifests.error()));
  const Status fitted = fit_to_what_is_there(session, options, *manifests);
  if (!fitted) return fail(unless_stopped(session, fitted.error()));
  ReleaseOptions forward = options;
  if (forward.source_commit.empty()) forward.source_commit = found->source_commit;
  return Deployer(session, forward, {"rollback", target}).run(std::move(*manifests));
}

bool recovered_cleanly(const model::DeployReport& recovered) {
  return recovered.result == model::DeployResult::kRolledBack ||
         recovered.result == model::DeployResult::kDeployed ||
         recovered.result == model::DeployResult::kNothingToDo;
}

Result<model::DeployReport> recover(Environment environment, const ReleaseOptions& options,
                                    RecoverOptions how) {
  IE_TRY(check_names(options));
  Session session(std::move(environment));
  return recover_in(session, options, how);
}

}  // namespace instantexec::engine
