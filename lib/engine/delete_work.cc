#include "engine/delete_work.h"

#include <utility>

#include "base/text.h"
#include "plan/diff.h"

namespace instantexec::engine {
namespace {

std::string pending(const model::Object& object) {
  const std::string holders = held_by(object);
  return holders.empty() ? std::string{} : "deletion waits for " + holders;
}

}  // namespace

std::string held_by(const model::Object& object) {
  if (!object.terminating()) return {};
  std::string out;
  for (const model::Json& finalizer : model::get_array(object.json, "/metadata/finalizers")) {
    if (finalizer.is_string()) out += (out.empty() ? "" : ", ") + finalizer.get<std::string>();
  }
  return sanitise_line(out, 300);
}

DeleteWork::DeleteWork(Session& session, const plan::Plan& plan, const LiveObjects& before)
    : session_(session), plan_(plan), before_(before) {
  states_.resize(plan.steps.size());
  outcomes_.resize(plan.steps.size());
  for (std::size_t i = 0; i < states_.size(); ++i) {
    states_[i].resource_version = plan.steps[i].resource_version;
  }
}

Request DeleteWork::request(std::size_t node) const {
  const plan::Step& step = plan_.steps[node];
  const model::Gvk& gvk = states_[node].gvk;
  if (states_[node].reading) return GetRequest{gvk, step.object.ns, step.object.name};
  DeleteRequest out;
  out.gvk = gvk;
  out.ns = step.object.ns;
  out.name = step.object.name;
  out.preconditions = {step.uid, states_[node].resource_version};
  return out;
}

Next DeleteWork::start(std::size_t node) {
  const plan::Step& step = plan_.steps[node];
  // A deletion without it would take whatever has the name by now.
  if (step.uid.empty()) return stays(node, "its record does not say which object it was");
  const std::optional<model::Gvk> gvk = served(step.gvk);
  if (!gvk) return gone(node, "its kind is no longer served");
  states_[node].gvk = *gvk;
  return Next::send(request(node));
}

std::optional<model::Gvk> DeleteWork::served(const model::Gvk& gvk) {
  auto catalog = session_.cluster().catalog(false);
  if (catalog && (*catalog)->find(gvk) != nullptr) return gvk;
  catalog = session_.cluster().catalog(true);
  if (!catalog || (*catalog)->find(gvk) != nullptr || (*catalog)->incomplete_group(gvk.group)) return gvk;
  const model::ApiResource* other = (*catalog)->find_preferred(gvk.group, gvk.kind);
  return other == nullptr ? std::nullopt : std::optional(other->gvk);
}

Next DeleteWork::resume(std::size_t node) {
  if (session_.now() < states_[node].not_before) return Next::wait(states_[node].not_before);
  return Next::send(request(node));
}

Next DeleteWork::answered(std::size_t node, Response response) {
  return states_[node].reading ? looked_up(node, response) : deleted(node, response);
}

Next DeleteWork::deleted(std::size_t node, const Response& response) {
  State& state = states_[node];
  if (response.ok()) return gone(node, pending(response.object));
  if (response.not_found()) return gone(node, {});
  const bool look = response.http_status == 409 || response.outcome == Outcome::kUnknown;
  if (!look && !transient(response)) {
    return stays(node, response.error ? response.error->to_string() : "the API server refused");
  }
  if (++state.repetitions > kMaxRepetitions) return gives_up(node);
  state.reading = look;
  if (response.http_status == 409) return Next::send(request(node));
  state.not_before = session_.now() + backoff(state.repetitions);
  return Next::wait(state.not_before);
}

Next DeleteWork::looked_up(std::size_t node, const Response& response) {
  State& state = states_[node];
  const plan::Step& step = plan_.steps[node];
  if (response.not_found()) return gone(node, {});
  if (!response.ok()) {
    if (++state.repetitions > kMaxRepetitions) return gives_up(node);
    state.not_before = session_.now() + backoff(state.repetitions);
    return Next::wait(state.not_before);
  }
  const model::Object& live = response.object;
  if (live.uid() != step.uid) return stays(node, "someone deleted it and created it anew");
  if (live.terminating()) return gone(node, pending(live));
  const auto before = before_.find(step.object);
  if (before == before_.end() || !plan::same(before->second, live)) {
    return stays(node, "someone else changed it since it was planned");
  }
  state.reading = false;
  state.resource_version = live.resource_version();
  return Next::send(request(node));
}

Next DeleteWork::gone(std::size_t node, std::string message) {
  outcomes_[node] = {true, false, std::move(message)};
  session_.emit(
      model::ObjectWritten{plan_.steps[node].object, model::Action::kPruned, outcomes_[node].message});
  return Next::done();
}

Next DeleteWork::stays(std::size_t node, std::string message) {
  outcomes_[node] = {false, false, std::move(message)};
  session_.emit(
      model::ObjectWritten{plan_.steps[node].object, model::Action::kSkipped, outcomes_[node].message});
  return Next::done();
}

Next DeleteWork::gives_up(std::size_t node) {
  Next next = stays(node, "the API server did not answer");
  outcomes_[node].unanswered = true;
  return next;
}

}  // namespace instantexec::engine
