#include "engine/undo_work.h"

#include <algorithm>
#include <utility>

#include "engine/namespace_contents.h"
#include "plan/desired.h"

namespace instantexec::engine {
namespace {

using Kind = plan::Undo::Kind;

// For the garbage collector to take away what a deleted object owned.
constexpr Duration kCollectedWithin{60'000};
constexpr Duration kLookAgainAfter{1000};

}  // namespace

UndoWork::UndoWork(Session& session, const UndoPlan& plan, LiveObjects live)
    : session_(session), plan_(plan), live_(std::move(live)) {
  states_.resize(plan.saved.size());
  outcomes_.resize(plan.saved.size());
}

plan::UndoInput UndoWork::input(std::size_t node) const {
  const journal::SavedObject& object = saved(node);
  plan::UndoInput out;
  out.before = object.before ? &*object.before : nullptr;
  out.after = object.after ? &*object.after : nullptr;
  const auto live = live_.find(object.object);
  out.live = live == live_.end() ? nullptr : &live->second;
  out.operation = plan_.operation;
  out.field_manager = plan_.field_manager;
  out.put_back = outcomes_[node].wrote || (node < plan_.put_back.size() && plan_.put_back[node]);
  return out;
}

Request UndoWork::patch(std::size_t node, model::Json operations) const {
  const journal::SavedObject& object = saved(node);
  return PatchRequest{
      object.gvk, object.object.ns, object.object.name, std::move(operations), plan_.field_manager, false};
}

Next UndoWork::start(std::size_t node) {
  return decide(node);
}

Next UndoWork::resume(std::size_t node) {
  State& state = states_[node];
  if (session_.now() < state.not_before) return Next::wait(state.not_before);
  if (!state.read_next) return decide(node);
  state.read_next = false;
  state.sent = Sent::kRead;
  return Next::send(GetRequest{saved(node).gvk, saved(node).object.ns, saved(node).object.name});
}

// From what is there now. Called again after every answer that leaves doubt.
Next UndoWork::decide(std::size_t node) {
  plan::Undo undo = plan::make_undo(input(node));
  UndoOutcome& outcome = outcomes_[node];
  if (undo.kind != Kind::kNothing || !outcome.wrote) outcome.kind = undo.kind;
  outcome.conflicts = std::move(undo.conflicts);
  if (!undo.reason.empty()) outcome.message = std::move(undo.reason);
  switch (undo.kind) {
    case Kind::kNothing:
    case Kind::kKept:
      return end(node);
    case Kind::kLost:
      return give_up(node, outcome.message);
    case Kind::kPatch:
      states_[node].sent = Sent::kValues;
      return Next::send(patch(node, std::move(undo.patch)));
    case Kind::kOwner:
      states_[node].sent = Sent::kOwner;
      return Next::send(patch(node, std::move(undo.patch)));
    case Kind::kDelete:
      break;
  }
  return remove(node);
}

Next UndoWork::remove(std::size_t node) {
  const model::Object& live = live_.at(saved(node).object);
  if (live.terminating()) {
    outcomes_[node].wrote = true;
    return end(node);
  }
  if (plan::is_namespace(live.gvk())) {
    NamespaceContents contents = look_into(session_, live.name());
    if (!contents.held.empty()) return keep(node, std::move(contents.held));
    if (contents.leaving) return await_collection(node);
  }
  if (plan::is_crd(live.gvk())) {
    if (std::string instances = foreign_instances(live); !instances.empty()) {
      return keep(node, std::move(instances));
    }
  }
  states_[node].sent = Sent::kDelete;
  DeleteRequest out;
  out.gvk = saved(node).gvk;
  out.ns = saved(node).object.ns;
  out.name = saved(node).object.name;
  out.preconditions.uid = live.uid();
  return Next::send(std::move(out));
}

Next UndoWork::keep(std::size_t node, std::string why) {
  outcomes_[node].kind = Kind::kKept;
  outcomes_[node].message = std::move(why);
  return end(node);
}

Next UndoWork::await_collection(std::size_t node) {
  State& state = states_[node];
  if (!state.collected_by) state.collected_by = session_.now() + kCollectedWithin;
  if (session_.now() >= *state.collected_by) return give_up(node, "what it holds is not collected");
  state.not_before = session_.now() + kLookAgainAfter;
  return Next::wait(state.not_before);
}

Next UndoWork::answered(std::size_t node, Response response) {
  State& state = states_[node];
  const model::ObjectRef& ref = saved(node).object;
  if (state.sent == Sent::kRead) {
    if (response.not_found()) {
      live_.erase(ref);
      return decide(node);
    }
    if (!response.ok()) return look_again(node, words_of(response), false);
    live_[ref] = std::move(response.object);
    return decide(node);
  }
  if (response.ok()) return committed(node, std::move(response));
  if (response.not_found()) {
    live_.erase(ref);
    return decide(node);
  }
  // 409: changed since it was read. 422 may be the failed test of the uid.
  const bool doubt = response.http_status == 409 || response.http_status == 422;
  outcomes_[node].refused = refused_outright(response);
  if (doubt || transient(response)) return look_again(node, words_of(response), doubt);
  return give_up(node, words_of(response));
}

Next UndoWork::committed(std::size_t node, Response response) {
  outcomes_[node].wrote = true;
  if (states_[node].sent == Sent::kDelete) {
    outcomes_[node].stored = {};
    return end(node);
  }
  live_[saved(node).object] = std::move(response.object);
  if (states_[node].sent == Sent::kValues) {
    // Values are back; now who owns them.
    if (auto operations = plan::ownership_patch(input(node))) {
      states_[node].sent = Sent::kOwner;
      return Next::send(patch(node, std::move(*operations)));
    }
  }
  return end(node);
}

Next UndoWork::look_again(std::size_t node, const std::string& why, bool soon) {
  State& state = states_[node];
  if (++state.repetitions > kMaxRepetitions) return give_up(node, why);
  state.read_next = true;
  state.not_before = soon ? session_.now() : session_.now() + backoff(state.repetitions);
  return resume(node);
}

Next UndoWork::end(std::size_t node) {
  UndoOutcome& outcome = outcomes_[node];
  const auto live = live_.find(saved(node).object);
  if (live != live_.end() && outcome.kind != Kind::kDelete) outcome.stored = std::move(live->second);
  const bool deleted = outcome.kind == Kind::kDelete;
  if (outcome.wrote) {
    session_.emit(model::ObjectWritten{
        saved(node).object, deleted ? model::Action::kDeleted : model::Action::kRestored, outcome.message});
  }
  return Next::done();
}

Next UndoWork::give_up(std::size_t node, std::string message) {
  UndoOutcome& outcome = outcomes_[node];
  outcome.failed = true;
  outcome.message = std::move(message);
  // Its values are back, so its health counts, whatever became of its owners.
  if (outcome.wrote && outcome.kind != Kind::kLost) outcome.stored = live_[saved(node).object];
  session_.emit(model::ObjectWritten{saved(node).object, model::Action::kFailed, outcomes_[node].message});
  // Others do not have to stay as they are because this one does.
  return Next::done();
}

std::string UndoWork::foreign_instances(const model::Object& crd) {
  // Never served, such as when another definition has its names: there are no objects of it.
  const model::Json& conditions = model::get_array(crd.json, "/status/conditions");
  const bool established = std::any_of(conditions.begin(), conditions.end(), [](const model::Json& one) {
    return model::get_string(one, "/type") == "Established" && model::get_string(one, "/status") == "True";
  });
  if (!established) return {};
  const model::Gvk kind = plan::defined_kind(crd);
  auto responses = session_.call_all({ListRequest{kind, "", "", ""}});
  if (responses.front().not_found()) return {};
  if (!responses.front().ok()) return "objects of its kind could not be listed";
  const auto& items = responses.front().items;
  const bool any =
      std::any_of(items.begin(), items.end(), [](const model::Object& item) { return !item.terminating(); });
  return any ? "objects of its kind exist by now" : std::string{};
}

}  // namespace instantexec::engine
