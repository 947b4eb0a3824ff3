#include "engine/recover.h"

#include <algorithm>
#include <utility>

#include "engine/commit.h"
#include "engine/forward.h"
#include "engine/undo.h"
#include "journal/errors.h"

namespace instantexec::engine {
namespace {

// Of the plan that was saved with the operation.
Result<plan::Plan> saved_plan(const journal::Payload& payload) {
  auto plan = plan::from_json(payload.plan);
  if (!plan) return fail(journal::errors::kBroken, "the saved plan cannot be read: " + plan.error().message);
  return plan;
}

// A saved state steers deletes and patches, so it must be the release's own.
Status check_scope(const Operation& operation, const journal::Payload& payload) {
  if (payload.operation != operation.stored.head.operation->id) {
    return fail(journal::errors::kBroken, "the saved state belongs to another operation");
  }
  return {};
}

Result<model::DeployReport> go_forward(Operation& operation, const journal::Payload& payload) {
  IE_TRY_ASSIGN(const plan::Plan plan, saved_plan(payload));
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
    if (plan.steps[i].op == plan::Op::kPrune) {
      if (!pruned[i].gone) entry.action = model::Action::kSkipped;
      entry.message = pruned[i].message;
    }
    out.objects.push_back(std::move(entry));
  }
  return out;
}

Result<model::DeployReport> go_back(Operation& operation, journal::Payload payload) {
  IE_TRY_ASSIGN(const plan::Plan plan, saved_plan(payload));
  UndoTask task;
  for (journal::SavedObject& saved : payload.saved) {
    // Prunes come after the commit point, so they were not begun.
    const auto step = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& one) {
      return one.object == saved.object && one.op != plan::Op::kPrune;
    });
    if (step != plan.steps.end()) task.saved.push_back(std::move(saved));
  }
  return undo_operation(operation, std::move(task));
}

// What the operation was planned with, from its own records.
Result<model::DeployReport> carry_on(Operation& operation, journal::Payload payload) {
  PlanResult planned;
  IE_TRY_ASSIGN(planned.plan, saved_plan(payload));
  if (payload.manifests.size() > planned.plan.steps.size()) {
    return fail(journal::errors::kBroken, "the saved plan does not fit the saved manifests");
  }
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
  return resume_forward(operation, planned);
}

}  // namespace

bool recoverable(const journal::Head& head) {
  const bool incomplete = head.phase == journal::Phase::kRollbackIncomplete;
  return head.operation &&
         (journal::unfinished(head.phase) || (incomplete && !head.operation->payload.chunks.empty()));
}

Result<model::DeployReport> recover_operation(Operation& operation, bool resume) {
  const journal::Head& head = operation.stored.head;
  operation.session.emit(model::Note{"finishing revision " + std::to_string(head.operation->revision) +
                                     ", which was left " + std::string(journal::to_string(head.phase))});
  IE_TRY_ASSIGN(journal::Payload payload, operation.store.load_payload(head.operation->payload));
  IE_TRY(check_scope(operation, payload));
  if (head.phase == journal::Phase::kCommitting) return go_forward(operation, payload);
  if (resume && head.phase == journal::Phase::kApplying) return carry_on(operation, std::move(payload));
  return go_back(operation, std::move(payload));
}

}  // namespace instantexec::engine
