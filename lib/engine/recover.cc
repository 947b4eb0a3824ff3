#include "engine/recover.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/commit.h"
#include "engine/evidence.h"
#include "engine/former_health.h"
#include "engine/forward.h"
#include "engine/lock.h"
#include "engine/undo.h"
#include "engine/undo_work.h"
#include "journal/errors.h"
#include "model/marks.h"
#include "plan/diff.h"
#include "plan/order.h"
#include "plan/owner.h"

namespace instantexec::engine {
namespace {

// Of the plan that was saved with the operation.
Result<plan::Plan> saved_plan(const journal::Payload& payload) {
  auto plan = plan::from_json(payload.plan);
  if (!plan) return fail(journal::errors::kBroken, "the saved plan cannot be read: " + plan.error().message);
  return plan;
}

tl::unexpected<Error> outside(const std::string& what) {
  return fail(journal::errors::kScope, sanitise_line(what, 300));
}

tl::unexpected<Error> unmarked(const model::ObjectRef& ref, const std::string& ns) {
  return outside(ref.to_string() + " lies outside namespace " + ns +
                 " and does not carry the marks of the release");
}

// An undo does nothing to it, whoever's it is.
bool is_left_alone(const journal::SavedObject& saved, const model::Object& live, const Operation& operation) {
  if (!saved.before) {
    return live.annotation(model::marks::kCreatedBy) != operation.stored.head.operation->id;
  }
  return saved.before->uid() != live.uid() || plan::same(*saved.before, live);
}

bool is_that(const model::Object& object, const model::ObjectRef& ref) {
  return object.ref() == ref;
}

// One saved object must be what the plan was about to write, and nothing else.
Status check_saved(const plan::Plan& plan, const journal::SavedObject& saved) {
  const std::string name = saved.object.to_string();
  const auto step = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& one) {
    return one.object == saved.object && one.gvk == saved.gvk && plan::writes(one.op);
  });
  if (step == plan.steps.end())
    return outside("the plan does not write " + name + ", of which a state is saved");
  const bool named = (!saved.before || is_that(*saved.before, saved.object)) &&
                     (!saved.after || is_that(*saved.after, saved.object));
  if (!named) return outside("the state saved of " + name + " is that of another object");
  const std::string uid = saved.before ? saved.before->uid() : std::string{};
  if (uid != step->uid)
    return outside("the state saved of " + name + " is not of the object that was planned");
  return {};
}

// Every write has its saved state, and what is to be pruned was there. What is only in the plan was checked
// by nothing else.
Status check_steps(const plan::Plan& plan, const journal::Payload& payload) {
  std::set<model::ObjectRef> saved;
  for (const journal::SavedObject& one : payload.saved) saved.insert(one.object);
  for (const plan::Step& step : plan.steps) {
    if (!plan::writes(step.op)) continue;
    const std::string name = step.object.to_string();
    if (!saved.contains(step.object))
      return outside("no state is saved of " + name + ", which the plan writes");
    if (step.op == plan::Op::kPrune && step.uid.empty())
      return outside("the plan prunes " + name + ", which was not there");
  }
  return {};
}

// A saved state steers deletes and patches, so everything in it must follow from the plan the head names.
Status check_payload(const Operation& operation, const plan::Plan& plan, const journal::Payload& payload) {
  const journal::Operation& record = *operation.stored.head.operation;
  if (payload.operation != record.id) {
    return fail(journal::errors::kBroken, "the saved state belongs to another operation");
  }
  if (plan::digest(plan) != record.plan_digest)
    return outside("the saved plan is not the one the head names");
  if (plan.release != operation.options.release || plan.ns != operation.options.ns) {
    return outside("the saved plan is that of another release");
  }
  if (payload.manifests.size() > plan.steps.size()) {
    return fail(journal::errors::kBroken, "the saved plan does not fit the saved manifests");
  }
  for (std::size_t i = 0; i < payload.manifests.size(); ++i) {
    if (is_that(payload.manifests[i], plan.steps[i].object)) continue;
    return outside("a saved manifest is not that of " + plan.steps[i].object.to_string());
  }
  for (const journal::SavedObject& saved : payload.saved) IE_TRY(check_saved(plan, saved));
  return check_steps(plan, payload);
}

// What the head names, checked.
struct Recorded {
  plan::Plan plan;
  journal::Payload payload;
};

Result<Recorded> load(Operation& operation) {
  Recorded out;
  const journal::Blob& blob = operation.stored.head.operation->payload;
  IE_TRY_ASSIGN(out.payload, operation.store.load_payload(blob));
  IE_TRY_ASSIGN(out.plan, saved_plan(out.payload));
  IE_TRY(check_payload(operation, out.plan, out.payload));
  return out;
}

// Whoever may write Secrets here could write a record with saved states of objects elsewhere, or one that
// calls them its creations. Those are put back or deleted only if they carry the marks that our writes leave,
// which takes the right to write them. One that was created anew meanwhile is not touched anyway. Returns
// those of which that could not be seen.
Result<Unread> check_reach(Operation& operation, const std::vector<journal::SavedObject>& saved) {
  const ReleaseOptions& options = operation.options;
  LiveQuery query;
  for (const journal::SavedObject& one : saved) {
    if (one.object.ns != options.ns) query.want(one.gvk, one.object);
  }
  if (query.empty()) return Unread{};
  IE_TRY_ASSIGN(LiveLook live, look_live(operation.session, query));
  for (const journal::SavedObject& one : saved) {
    const auto found = live.objects.find(one.object);
    if (found == live.objects.end() || is_left_alone(one, found->second, operation)) continue;
    if (!plan::owned_by(found->second, {options.release, options.ns})) {
      return unmarked(one.object, options.ns);
    }
  }
  return std::move(live.unread);
}

// The same for what is to be pruned: elsewhere only what carries the marks, and here what lost them stays,
// as it does when a release is planned.
Status check_prunes(Operation& operation, plan::Plan& plan) {
  const ReleaseOptions& options = operation.options;
  LiveQuery query;
  const model::ApiCatalog& catalog = *operation.catalog;
  for (const plan::Step& step : plan.steps) {
    if (step.op != plan::Op::kPrune) continue;
    const auto* served = catalog.find(step.gvk);
    if (served == nullptr) served = catalog.find_preferred(step.gvk.group, step.gvk.kind);
    if (served != nullptr) query.want(served->gvk, step.object);
  }
  if (query.empty()) return {};
  IE_TRY_ASSIGN(const LiveLook live, look_live(operation.session, query));
  for (plan::Step& step : plan.steps) {
    if (step.op != plan::Op::kPrune) continue;
    const bool elsewhere = step.object.ns != options.ns;
    const auto unread = live.unread.find(step.object);
    if (elsewhere && unread != live.unread.end()) return fail(unread->second);
    const auto found = live.objects.find(step.object);
    if (found == live.objects.end() || plan::owned_by(found->second, {options.release, options.ns})) continue;
    if (elsewhere) {
      return unmarked(step.object, options.ns);
    }
    step.op = plan::Op::kKeep;
    step.forgotten = true;
    step.reason = "it no longer carries the marks of the release, so it is left where it is";
  }
  return {};
}

Result<model::DeployReport> go_forward(Operation& operation, Recorded recorded) {
  auto& [plan, payload] = recorded;
  IE_TRY(check_prunes(operation, plan));
  LiveQuery query;
  for (const plan::Step& step : plan.steps) {
    if (step.op != plan::Op::kPrune && step.op != plan::Op::kKeep) query.want(step.gvk, step.object);
  }
  IE_TRY_ASSIGN(const LiveObjects live, read_live(operation.session, query));
  Uids stored;
  for (const auto& [ref, object] : live) stored[ref] = object.uid();
  LiveObjects before;
  for (const journal::SavedObject& saved : payload.saved) {
    if (saved.before) before[saved.object] = *saved.before;
  }
  IE_TRY_ASSIGN(const auto pruned, commit_release(operation, plan, stored, before));
  model::DeployReport out = new_report(operation);
  out.result = model::DeployResult::kDeployed;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    model::ObjectOutcome entry;
    entry.object = plan.steps[i].object;
    entry.action = action_of(plan.steps[i].op);
    if (plan.steps[i].op == plan::Op::kKeep) entry.message = plan.steps[i].reason;
    if (plan.steps[i].op == plan::Op::kPrune) {
      if (!pruned[i].gone) entry.action = model::Action::kSkipped;
      entry.message = pruned[i].message;
    }
    out.objects.push_back(std::move(entry));
  }
  return out;
}

// Prunes come after the commit point, so they were not begun.
std::vector<journal::SavedObject> what_was_written(Recorded recorded) {
  std::vector<journal::SavedObject> out;
  for (journal::SavedObject& saved : recorded.payload.saved) {
    const auto& steps = recorded.plan.steps;
    const auto step = std::find_if(steps.begin(), steps.end(), [&](const plan::Step& one) {
      return one.object == saved.object && one.op != plan::Op::kPrune;
    });
    if (step != steps.end()) out.push_back(std::move(saved));
  }
  return out;
}

// What has to be ready again, as far as the record tells.
void note_health(const Operation& operation, const Recorded& recorded, UndoTask& task) {
  const journal::Payload& payload = recorded.payload;
  if (!payload.under_way) return;
  task.unready = unready_before(from_records(payload.unwell), *payload.under_way);
  task.bystanders = bystanders_of(recorded.plan, *task.unready, operation.options.readiness);
}

Result<model::DeployReport> go_back(Operation& operation, Recorded recorded) {
  UndoTask task;
  task.quarantine_until = operation.late_until;
  note_health(operation, recorded, task);
  task.saved = what_was_written(std::move(recorded));
  IE_TRY_ASSIGN(task.withheld, check_reach(operation, task.saved));
  // Once something was put back, what is seen is no longer what failed.
  if (operation.stored.head.phase == journal::Phase::kApplying) {
    keep_evidence(operation, task.saved, std::nullopt, {});
  }
  return undo_operation(operation, std::move(task));
}

// One object, without the graph, which needs the lock.
void finish(Session& session, UndoWork& work, std::size_t node) {
  Next next = work.start(node);
  while (!session.interrupted()) {
    if (next.kind == Next::Kind::kSend) {
      next = work.answered(node, session.call(std::move(*next.request)));
    } else if (next.kind == Next::Kind::kWait) {
      session.pause(next.at - session.now());
      next = work.resume(node);
    } else {
      return;
    }
  }
}

// The admission configuration among what the operation wrote. What cannot be put back now is left to the
// recovery. Returns whether something was put back.
Result<bool> restore_admission(Operation& operation) {
  IE_TRY_ASSIGN(const Recorded recorded, load(operation));
  std::vector<journal::SavedObject> saved = what_was_written(recorded);
  std::erase_if(saved, [](const journal::SavedObject& one) { return !plan::is_admission(one.object); });
  if (saved.empty()) return false;
  IE_TRY_ASSIGN(const Unread withheld, check_reach(operation, saved));
  std::erase_if(saved, [&](const journal::SavedObject& one) { return withheld.contains(one.object); });
  LiveQuery query;
  for (const journal::SavedObject& one : saved) query.want(one.gvk, one.object);
  IE_TRY_ASSIGN(LiveLook look, look_live(operation.session, query));
  std::erase_if(saved, [&](const journal::SavedObject& one) { return look.unread.contains(one.object); });
  const journal::Operation& record = *operation.stored.head.operation;
  const UndoPlan plan{saved, record.id, record.field_manager};
  UndoWork work(operation.session, plan, std::move(look.objects));
  for (std::size_t i = 0; i < saved.size(); ++i) finish(operation.session, work, i);
  return std::any_of(work.outcomes().begin(), work.outcomes().end(),
                     [](const UndoOutcome& outcome) { return outcome.wrote; });
}

// What an object that is not there yet will be is known from the record alone, so elsewhere it is created
// only from a record that is sealed.
Status check_creations(const Operation& operation, const plan::Plan& plan) {
  const ReleaseOptions& options = operation.options;
  if (options.seal != nullptr) return {};
  LiveQuery query;
  for (const plan::Step& step : plan.steps) {
    const bool created = plan::writes(step.op) && step.uid.empty();
    if (created && step.object.ns != options.ns) query.want(step.gvk, step.object);
  }
  if (query.empty()) return {};
  IE_TRY_ASSIGN(const LiveLook live, look_live(operation.session, query));
  for (const model::ObjectRef& ref : query.objects()) {
    if (live.objects.contains(ref)) continue;
    return outside(ref.to_string() + " would be created outside namespace " + options.ns +
                   " from a record without a seal; recover without --resume");
  }
  return {};
}

// What the operation was planned with, from its own records.
Result<model::DeployReport> carry_on(Operation& operation, Recorded recorded) {
  auto& [plan, payload] = recorded;
  IE_TRY(check_creations(operation, plan));
  IE_TRY_ASSIGN(const Unread unread, check_reach(operation, payload.saved));
  if (!unread.empty()) return fail(unread.begin()->second);
  PlanResult planned;
  planned.plan = std::move(plan);
  LiveQuery query;
  for (std::size_t i = 0; i < payload.manifests.size(); ++i) {
    const plan::Step& step = planned.plan.steps[i];
    plan::Desired desired;
    desired.manifest.object = std::move(payload.manifests[i]);
    desired.namespaced = !step.object.ns.empty();
    desired.kind_arrives = operation.catalog->find(step.gvk) == nullptr;
    planned.desired.push_back(std::move(desired));
    if (step.op == plan::Op::kUnchanged) query.want(step.gvk, step.object);
  }
  IE_TRY_ASSIGN(planned.live, read_live(operation.session, query));
  for (journal::SavedObject& saved : payload.saved) {
    if (saved.before) planned.live[saved.object] = std::move(*saved.before);
    if (saved.after) planned.after[saved.object] = std::move(*saved.after);
  }
  planned.former = from_records(payload.unwell);
  planned.under_way = payload.under_way.value_or(std::vector<model::ObjectRef>{});
  return resume_forward(operation, planned);
}

}  // namespace

bool recoverable(const journal::Head& head) {
  const bool incomplete = head.phase == journal::Phase::kRollbackIncomplete;
  return head.operation &&
         (journal::unfinished(head.phase) || (incomplete && !head.operation->payload.chunks.empty()));
}

Result<bool> lock_release(Operation& operation, std::optional<model::Object> known, bool resume) {
  Session& session = operation.session;
  const ReleaseOptions& options = operation.options;
  const journal::Head& head = operation.stored.head;
  LockWish wish{options.release, options.ns, options.lock_timeout};
  std::optional<Error> why_not;
  const bool goes_back =
      head.phase == journal::Phase::kApplying || head.phase == journal::Phase::kRollingBack;
  if (goes_back && !resume) {
    wish.make_way = [&] {
      // Somebody else may have dealt with it, or be about to.
      const auto now = operation.store.load_head();
      const bool as_read = now && now->secret.uid() == operation.stored.secret.uid() &&
                           now->secret.resource_version() == operation.stored.secret.resource_version();
      if (!as_read) return false;
      const Result<bool> done = restore_admission(operation);
      if (!done) why_not = done.error();
      return done && *done;
    };
  }
  Result<LockTaken> taken = acquire_lock(session, wish, std::move(known));
  if (!taken && why_not) session.warn("nothing could be put back without the lock: " + why_not->to_string());
  IE_TRY(taken);
  if (taken->from_the_dead) {
    operation.late_until = session.now() + kLateAfterTakeover;
    operation.collect_orphans = true;
  }
  return taken->as_known;
}

Result<model::DeployReport> recover_operation(Operation& operation, bool resume) {
  const journal::Head& head = operation.stored.head;
  operation.session.emit(model::Note{"finishing revision " + std::to_string(head.operation->revision) +
                                     ", which was left " + std::string(journal::to_string(head.phase))});
  IE_TRY_ASSIGN(Recorded recorded, load(operation));
  // The operation may have defined kinds that a remembered catalog does not know.
  const auto& steps = recorded.plan.steps;
  const bool complete = std::all_of(steps.begin(), steps.end(), [&](const plan::Step& step) {
    return operation.catalog->find(step.gvk) != nullptr;
  });
  if (!complete) {
    IE_TRY_ASSIGN(operation.catalog, operation.session.cluster().catalog(true));
  }
  if (head.phase == journal::Phase::kCommitting) return go_forward(operation, std::move(recorded));
  if (resume && head.phase == journal::Phase::kApplying) return carry_on(operation, std::move(recorded));
  if (resume) operation.session.warn("it was being put back already, so --resume goes on with that");
  return go_back(operation, std::move(recorded));
}

}  // namespace instantexec::engine
