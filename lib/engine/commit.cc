#include "engine/commit.h"

#include <algorithm>
#include <utility>

#include "engine/errors.h"

namespace instantexec::engine {

std::vector<journal::Member> commit_members(const plan::Plan& plan, const Uids& stored,
                                            const std::vector<DeleteOutcome>& pruned) {
  std::vector<journal::Member> out;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const plan::Step& step = plan.steps[i];
    std::string uid;
    if (step.op == plan::Op::kPrune) {
      if (!pruned.empty() && pruned[i].gone) continue;
      uid = step.uid;
    } else if (step.op == plan::Op::kKeep) {
      if (step.forgotten) continue;
      uid = step.uid;
    } else {
      const auto found = stored.find(step.object);
      if (found == stored.end()) continue;
      uid = found->second;
    }
    out.push_back({step.gvk, step.object.ns, step.object.name, std::move(uid)});
  }
  return out;
}

Result<std::vector<DeleteOutcome>> commit_release(Operation& operation, const plan::Plan& plan,
                                                  const Uids& stored, const LiveObjects& before) {
  std::vector<DeleteOutcome> pruned(plan.steps.size());
  journal::Head& head = operation.stored.head;
  const std::size_t prunes = plan.count(plan::Op::kPrune);
  if (prunes > 0) {
    if (const journal::Phase former = head.phase; former != journal::Phase::kCommitting) {
      head.phase = journal::Phase::kCommitting;
      Status saved = operation.store.save_head(operation.stored);
      if (!saved && saved.error().code == &errors::kRecordRefused) head.phase = former;
      IE_TRY(std::move(saved));
    }
    // A run that died may still be about to create once more what is deleted here.
    Session& session = operation.session;
    if (operation.late_until && session.now() < *operation.late_until) {
      session.emit(model::Note{"waiting until no write of the run that died can take effect any more"});
      session.pause(*operation.late_until - session.now());
    }
    operation.session.emit(model::PhaseStarted{model::Phase::kPruning, prunes});
    Graph graph = graph_of(plan);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      graph.included[i] = plan.steps[i].op == plan::Op::kPrune;
    }
    DeleteWork work(operation.session, plan, before);
    const GraphResult result = run_graph(operation.session, graph, work);
    if (result.stop == Stop::kLockLost) {
      return fail(errors::kLockLost, "the lock was lost while former objects were being deleted");
    }
    if (result.stop == Stop::kInterrupted) {
      const char* what = "interrupted while former objects were being deleted";
      return fail(operation.stored.exists() ? make_error(errors::kUnfinished, what) : no_record(what));
    }
    pruned = work.outcomes();
    if (std::any_of(pruned.begin(), pruned.end(), [](const DeleteOutcome& one) { return one.unanswered; })) {
      const char* what =
          "the new release is in force, but the API server did not answer to the deletion of former objects";
      // Recorded as committing, so that recover and the next deploy go forward from here.
      return fail(operation.stored.exists() ? make_error(errors::kUnfinished, what) : no_record(what));
    }
  }
  // Without anything to prune the commit point and the end are one write.
  operation.session.emit(model::PhaseStarted{model::Phase::kRecording, 0});
  const int revision = std::exchange(head.revision, head.operation->revision);
  auto members = std::exchange(head.members, commit_members(plan, stored, pruned));
  Status recorded = record_end(operation, journal::Phase::kDeployed, counts_of(plan), {});
  if (!recorded) {
    head.revision = revision;
    head.members = std::move(members);
    return tl::unexpected(std::move(recorded.error()));
  }
  return pruned;
}

}  // namespace instantexec::engine
