#include "engine/apply_work.h"

#include <algorithm>
#include <utility>

#include "model/marks.h"
#include "plan/diff.h"

namespace instantexec::engine {
namespace {

// A busy object changes its status all the time; each try is a fresh look.
constexpr int kMaxStale = 20;
// While a new kind is being set up.
constexpr Duration kLookAgainAfter{500};

// Takes out of a Service's spec what the refusal says is somebody else's by now.
bool drop_taken(model::Json& spec, const StatusCause& cause) {
  if (!spec.is_object() || cause.message.find("already allocated") == std::string::npos) return false;
  if (cause.field.starts_with("spec.clusterIP")) {
    return spec.erase("clusterIP") + spec.erase("clusterIPs") > 0;
  }
  const auto ports = spec.find("ports");
  if (ports == spec.end() || !ports->is_array()) return false;
  for (std::size_t i = 0; i < ports->size(); ++i) {
    if (cause.field != "spec.ports[" + std::to_string(i) + "].nodePort") continue;
    return (*ports)[i].is_object() && (*ports)[i].erase("nodePort") > 0;
  }
  return false;
}

}  // namespace

ApplyWork::ApplyWork(Session& session, HealthMonitor& health, const ApplyInput& input)
    : session_(session), health_(health), input_(input) {
  states_.resize(input.plan->steps.size());
  outcomes_.resize(input.plan->steps.size());
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i].resource_version = step(i).resource_version;
}

const model::Object* ApplyWork::known(const LiveObjects& objects, std::size_t node) const {
  const auto found = objects.find(step(node).object);
  return found == objects.end() ? nullptr : &found->second;
}

Request ApplyWork::write(std::size_t node) const {
  ApplyRequest out;
  out.body = input_.desired[node].object();
  out.field_manager = input_.field_manager;
  if (creates(node)) {
    if (!states_[node].without_addresses.is_null()) out.body.json["spec"] = states_[node].without_addresses;
    plan::set_metadata(out.body, "annotations", model::marks::kCreatedBy, input_.operation);
    out.preconditions.resource_version = kMustNotExist;
    return out;
  }
  out.force = step(node).force;
  out.preconditions = {step(node).uid, states_[node].resource_version};
  // Part of what we own since it was created; leaving it out would remove it.
  if (const model::Object* before = known(*input_.before, node)) {
    const std::string mark = before->annotation(model::marks::kCreatedBy);
    if (!mark.empty()) plan::set_metadata(out.body, "annotations", model::marks::kCreatedBy, mark);
  }
  return out;
}

Request ApplyWork::read(std::size_t node) const {
  return GetRequest{step(node).gvk, step(node).object.ns, step(node).object.name};
}

Next ApplyWork::start(std::size_t node) {
  if (step(node).op == plan::Op::kUnchanged) {
    outcomes_[node].done = true;
    return Next::done();
  }
  // A kind that arrives with this release: the remembered catalog does not serve it.
  if (input_.desired[node].kind_arrives) {
    states_[node].expecting = Expecting::kCatalog;
    return resume(node);
  }
  return Next::send(write(node));
}

Next ApplyWork::resume(std::size_t node) {
  State& state = states_[node];
  if (state.expecting == Expecting::kReadiness) return await_readiness(node);
  if (session_.now() < state.not_before) return Next::wait(state.not_before);
  if (state.expecting == Expecting::kRead) return Next::send(read(node));
  if (state.expecting == Expecting::kCatalog) {
    if (!served(step(node).gvk)) return again_later(node, step(node).gvk.to_string() + " is not served yet");
    state.expecting = Expecting::kWrite;
  }
  return Next::send(write(node));
}

// Whether the kind is served by now. Discovery is asked at most twice a second, however many objects wait for
// it.
bool ApplyWork::served(const model::Gvk& gvk) {
  const auto known = session_.cluster().catalog(false);
  if (known && (*known)->find(gvk) != nullptr) return true;
  if (discovered_ && session_.now() - *discovered_ < kLookAgainAfter) return false;
  discovered_ = session_.now();
  const auto fresh = session_.cluster().catalog(true);
  return fresh && (*fresh)->find(gvk) != nullptr;
}

Next ApplyWork::answered(std::size_t node, Response response) {
  if (states_[node].expecting == Expecting::kRead) return looked_up(node, std::move(response));
  return written(node, std::move(response));
}

Next ApplyWork::written(std::size_t node, Response response) {
  if (!response.ok()) return refused(node, response);
  return succeed(node, std::move(response.object));
}

Next ApplyWork::refused(std::size_t node, const Response& response) {
  State& state = states_[node];
  if (response.outcome == Outcome::kUnknown) {
    // Never repeated blindly: it may have been done, or be done in a moment.
    state.expecting = Expecting::kRead;
    state.unsettled = true;
    return again_later(node, words_of(response));
  }
  if (transient(response)) return again_later(node, words_of(response));
  if (response.http_status == 409 && !response.ownership_conflict()) {
    state.expecting = Expecting::kRead;
    if (++state.stale > kMaxStale) return fail_step(node, words_of(response));
    return Next::send(read(node));
  }
  // An object created anew under the same name: the server says that the uid cannot be changed (422), where
  // it answers 409 when there is none. Whether it is that, a look tells.
  if (response.http_status == 422 && !creates(node) && state.refusal.empty()) {
    state.expecting = Expecting::kRead;
    state.refusal = words_of(response);
    return Next::send(read(node));
  }
  if (response.http_status == 422 && leaves_addresses(node, response)) return Next::send(write(node));
  // The API server learns of a new kind a moment before it serves it.
  if (response.http_status == 404 && input_.desired[node].kind_arrives) {
    return again_later(node, words_of(response));
  }
  return fail_step(node, words_of(response));
}

bool ApplyWork::leaves_addresses(std::size_t node, const Response& response) {
  const model::Object& wanted = input_.desired[node].object();
  if (!input_.former || !creates(node) || wanted.api_version() != "v1" || wanted.kind() != "Service")
    return false;
  model::Json& spec = states_[node].without_addresses;
  if (spec.is_null()) spec = model::get_object(wanted.json, "/spec");
  std::string taken;
  for (const StatusCause& cause : response.causes) {
    if (drop_taken(spec, cause)) taken += (taken.empty() ? "" : "; ") + cause.message;
  }
  if (taken.empty()) return false;
  std::string& message = outcomes_[node].message;
  message =
      (message.empty() ? "its former address was given away, so it has another one: " : message + "; ") +
      taken;
  return true;
}

Next ApplyWork::looked_up(std::size_t node, Response response) {
  if (response.not_found()) {
    states_[node].expecting = Expecting::kWrite;
    if (!creates(node)) return fail_step(node, "someone deleted it meanwhile");
    states_[node].sent_again = states_[node].unsettled;
    return Next::send(write(node));
  }
  if (!response.ok()) return again_later(node, words_of(response));
  return found(node, std::move(response.object));
}

// Decides from what is there now whether the write was done, is still to be done, or must not be done.
Next ApplyWork::found(std::size_t node, model::Object live) {
  State& state = states_[node];
  state.expecting = Expecting::kWrite;
  if (creates(node)) {
    if (live.annotation(model::marks::kCreatedBy) == input_.operation) {
      if (input_.resumed) state.sent_again = state.unsettled;
      return succeed(node, std::move(live));
    }
    state.others = true;
    return fail_step(node, "someone else created it meanwhile");
  }
  if (live.uid() != step(node).uid) return fail_step(node, "someone deleted it and created it anew");
  if (!state.refusal.empty()) return fail_step(node, state.refusal);
  const model::Object* before = known(*input_.before, node);
  const model::Object* after = known(*input_.after, node);
  if (live.resource_version() == state.resource_version || (before != nullptr && plan::same(*before, live))) {
    // The same wishes on a newer status. When only ownership was to change, a second write is harmless.
    state.resource_version = live.resource_version();
    return Next::send(write(node));
  }
  if (after != nullptr && plan::same(*after, live)) return succeed(node, std::move(live));
  state.others = true;
  return fail_step(node, "someone else changed it since it was planned");
}

bool ApplyWork::unsettled() const {
  return std::any_of(states_.begin(), states_.end(), [](const State& state) { return state.unsettled; });
}

bool ApplyWork::left_to_others(std::size_t node) const {
  return states_[node].others && !states_[node].unsettled;
}

Next ApplyWork::again_later(std::size_t node, const std::string& why) {
  State& state = states_[node];
  if (++state.repetitions > kMaxRepetitions) return fail_step(node, why);
  state.not_before = session_.now() + backoff(state.repetitions);
  return Next::wait(state.not_before);
}

Next ApplyWork::succeed(std::size_t node, model::Object stored) {
  // Of two tries to create it one has succeeded. The other can do nothing while the object exists, but it
  // would create it once more after an undo has deleted it.
  states_[node].unsettled = states_[node].sent_again;
  StepOutcome& outcome = outcomes_[node];
  outcome.done = true;
  outcome.uid = stored.uid();
  const auto action = creates(node) ? model::Action::kCreated : model::Action::kConfigured;
  session_.emit(model::ObjectWritten{step(node).object, action, ""});
  const Duration patience = status::default_timeout(stored);
  health_.track({std::move(stored), true});
  if (!step(node).gate) return Next::done();
  states_[node].expecting = Expecting::kReadiness;
  states_[node].not_before = session_.now() + patience;
  return await_readiness(node);
}

// Dependents need the object itself to be ready (a CustomResourceDefinition to be established).
Next ApplyWork::await_readiness(std::size_t node) {
  const model::ObjectStatus health = health_.look_at(step(node).object);
  if (counts_as_ready(health)) return Next::done();
  if (health.doomed() || session_.now() >= states_[node].not_before) {
    return fail_step(node, health.message.empty() ? health.reason : health.message);
  }
  return Next::wait(session_.now() + kLookAgainAfter);
}

Next ApplyWork::fail_step(std::size_t node, std::string message) {
  StepOutcome& outcome = outcomes_[node];
  outcome.failed = true;
  outcome.message = std::move(message);
  if (!first_failure_) first_failure_ = node;
  session_.emit(model::ObjectWritten{step(node).object, model::Action::kFailed, outcome.message});
  return Next::failed();
}

}  // namespace instantexec::engine
