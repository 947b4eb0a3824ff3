#include "status/pod.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "status/event_view.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

// Creation of a pod refused: controllers try again many times within the first seconds, and then rarely.
constexpr Duration kRefusedWindow = 3s;
constexpr Duration kRefusedOnceWindow = 20s;
constexpr Duration kRefusedWhileHelpMayCome = 30s;
constexpr Duration kUnansweredWhileHelpMayCome = 120s;  // an admission webhook that does not answer
constexpr std::size_t kMaxEvidence = 5;

// Failures that are the node's, not the pod's (kubelet's eviction, preemption and graceful shutdown).
bool lost_with_node(const model::Object& pod) {
  static constexpr std::array<std::string_view, 9> kReasons{
      "Evicted",    "Preempting", "NodeShutdown", "Shutdown",
      "Terminated", "NodeLost",   "NodeAffinity", "UnexpectedAdmissionError",
      "Preempted"};
  const std::string reason = model::get_string(pod.json, "/status/reason");
  if (reason.starts_with("OutOf")) return true;
  if (std::find(kReasons.begin(), kReasons.end(), reason) != kReasons.end()) return true;
  const auto disrupted = find_condition(pod, "DisruptionTarget");
  return disrupted && disrupted->is_true();
}

Problem failed_pod_problem(const model::Object& pod) {
  Problem out;
  out.reason = "PodFailed";
  out.doomed_at = Timestamp{};
  out.hint = describe_command(pod);
  const std::string message = model::get_string(pod.json, "/status/message");
  out.text = clean(message.empty() ? "the pod has failed" : message);
  for (const std::string_view list : {"/status/initContainerStatuses", "/status/containerStatuses"}) {
    for (const model::Json& status : model::get_array(pod.json, list)) {
      const std::int64_t exit_code = model::get_int(status, "/state/terminated/exitCode");
      if (exit_code == 0) continue;
      out.container = model::get_string(status, "/name");
      out.has_log = true;
      const std::string reason = model::get_string(status, "/state/terminated/reason");
      out.text = clean(fmt::format("container {}: exited with {}{}", out.container, exit_code,
                                   reason.empty() || reason == "Error" ? "" : " (" + reason + ")"));
      return out;
    }
  }
  return out;
}

// A quota frees up while old pods end.
bool room_may_come(std::string_view message, const Family& family) {
  if (message.find("exceeded quota") == std::string_view::npos) return false;
  return pods_are_ending(family);
}

bool permanent_refusal(std::string_view message) {
  static constexpr std::array<std::string_view, 6> kWords{
      "forbidden", "exceeded quota", "denied the request", "denied request", "not found", "nvalid"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return message.find(word) != std::string_view::npos; });
}

// A pod of the owner was created then or later.
bool created_since(Timestamp when, const model::Object& owner, const Input& input) {
  const auto pods = owned(input.family, "Pod", owner.uid());
  return std::any_of(pods.begin(), pods.end(), [&](const model::Object* pod) {
    return time_at(pod->json, "/metadata/creationTimestamp") >= when;
  });
}

struct Refusals {
  std::int64_t count = 0;
  Timestamp since;
  Timestamp last;
  std::string message;
};

Refusals creation_refusals(const model::Object& owner, const Input& input) {
  Refusals out;
  Timestamp& newest = out.last;
  for (const model::Object* event : events_about(owner, input)) {
    const EventView view(*event);
    if (view.reason() != "FailedCreate") continue;
    out.since = out.count == 0 ? view.first_seen() : std::min(out.since, view.first_seen());
    out.count += view.count();
    if (out.message.empty() || view.last_seen() >= newest) out.message = view.message();
    newest = std::max(newest, view.last_seen());
  }
  if (out.count > 0) return out;
  // Events may be out of reach; ReplicaSets say the same in a condition.
  const auto condition = find_condition(owner, "ReplicaFailure");
  if (condition && condition->is_true())
    return {2, condition->since, std::max(condition->since, input.context.now), condition->message};
  return out;
}

}  // namespace

std::vector<const model::Object*> owned(const Family& family, std::string_view kind,
                                        const std::string& owner) {
  std::vector<const model::Object*> out;
  for (const model::Object* member : family.of_kind(kind)) {
    for (const model::Json& reference : model::get_array(member->json, "/metadata/ownerReferences")) {
      if (model::get_string(reference, "/uid") != owner) continue;
      out.push_back(member);
      break;
    }
  }
  return out;
}

bool pods_are_ending(const Family& family) {
  return std::any_of(family.members.begin(), family.members.end(), [](const model::Object* member) {
    return member->kind() == "Pod" && member->terminating();
  });
}

std::optional<Problem> worse(std::optional<Problem> a, std::optional<Problem> b, Timestamp now) {
  if (!a) return b;
  if (!b) return a;
  if (a->doomed(now) != b->doomed(now)) return a->doomed(now) ? a : b;
  if (a->doomed_at.has_value() != b->doomed_at.has_value()) return a->doomed_at ? a : b;
  if (!a->doomed_at || *a->doomed_at <= *b->doomed_at) return a;
  return b;
}

PodVerdict judge_pod(const model::Object& pod, const Input& input) {
  PodVerdict out{&pod, PodState::kProgressing, std::nullopt};
  const std::string phase = model::get_string(pod.json, "/status/phase");
  if (pod.terminating()) {
    out.state = PodState::kTerminating;
    return out;
  }
  if (phase == "Succeeded") {
    out.state = PodState::kSucceeded;
    return out;
  }
  if (phase == "Failed") {
    out.state = lost_with_node(pod) ? PodState::kLost : PodState::kDoomed;
    out.problem = failed_pod_problem(pod);
    return out;
  }
  const auto ready = find_condition(pod, "Ready");
  if (phase == "Running" && ready && ready->is_true()) {
    out.state = PodState::kReady;
    return out;
  }
  const Timestamp now = input.context.now;
  out.problem = worse(worse(container_problem(pod, input), startup_problem(pod, input), now),
                      probe_problem(pod, input), now);
  if (out.problem && out.problem->doomed(now)) out.state = PodState::kDoomed;
  return out;
}

std::vector<PodVerdict> judge_pods(std::span<const model::Object* const> pods, const Input& input) {
  std::vector<PodVerdict> out;
  out.reserve(pods.size());
  for (const model::Object* pod : pods) out.push_back(judge_pod(*pod, input));
  return out;
}

std::optional<Problem> creation_problem(const model::Object& owner, std::int64_t desired,
                                        std::int64_t created, const Input& input) {
  if (created >= desired) return std::nullopt;
  const Refusals refusals = creation_refusals(owner, input);
  // A controller tries again at once, and often that is all there was to it (kubernetes#113078).
  if (refusals.count == 0 || created_since(refusals.last, owner, input)) return std::nullopt;
  Problem out;
  out.reason = "FailedCreate";
  out.text = clean(fmt::format("cannot create pods: {}", refusals.message));
  out.hint = describe_command(owner);
  if (room_may_come(refusals.message, input.family)) return out;
  // No other object of a release makes room in a quota.
  const bool quota = refusals.message.find("exceeded quota") != std::string::npos;
  // What was refused before the last pod went may be granted now.
  if (quota && refusals.last < input.context.room_made_at) return out;
  Duration window = kRefusedWindow;
  if (input.context.help_may_come && !quota) {
    window = permanent_refusal(refusals.message) ? kRefusedWhileHelpMayCome : kUnansweredWhileHelpMayCome;
  }
  // Once may be a mishap.
  if (refusals.count < 2) window = std::max<Duration>(window * 2, kRefusedOnceWindow);
  out.doomed_at = std::max(refusals.since, input.context.applied_at) + window;
  return out;
}

namespace {

// When enough pods will be doomed for the quorum, from what is known now; zero: they are.
std::optional<Timestamp> doom_of(std::span<const PodVerdict> pods, Quorum quorum) {
  std::optional<Timestamp> out;
  bool first = true;
  for (const PodVerdict& pod : pods) {
    if (pod.state == PodState::kTerminating || pod.state == PodState::kLost) continue;
    const bool hopeful = pod.state == PodState::kReady || pod.state == PodState::kSucceeded;
    const std::optional<Timestamp> at = hopeful || !pod.problem ? std::nullopt : pod.problem->doomed_at;
    if (quorum == Quorum::kAny) {
      out = earlier(out, at);
    } else if (first) {
      out = at;
    } else {
      out = out && at ? std::optional(std::max(*out, *at)) : std::nullopt;
    }
    first = false;
  }
  return out;
}

const PodVerdict* most_telling(std::span<const PodVerdict> pods, Timestamp now) {
  const PodVerdict* best = nullptr;
  for (const PodVerdict& pod : pods) {
    if (!pod.problem || pod.state == PodState::kLost) continue;
    const bool better = best == nullptr || (pod.problem->doomed(now) && !best->problem->doomed(now)) ||
                        (pod.problem->doomed_at && !best->problem->doomed_at);
    if (better) best = &pod;
  }
  return best;
}

}  // namespace

Assessment with_pods(Assessment base, std::span<const PodVerdict> pods, Quorum quorum,
                     const std::optional<Problem>& creation, const Input& input) {
  const Timestamp now = input.context.now;
  const std::optional<Timestamp> doom = doom_of(pods, quorum);
  const PodVerdict* telling = most_telling(pods, now);
  Assessment out = std::move(base);
  if (doom && *doom <= now && telling != nullptr) {
    const bool itself = telling->pod == &input.object;
    out = failed(telling->problem->reason,
                 itself ? telling->problem->text
                        : fmt::format("pod {}: {}", telling->pod->name(), telling->problem->text),
                 telling->problem->hint);
  } else if (creation && creation->doomed(now)) {
    out = failed(creation->reason, creation->text, creation->hint);
  } else {
    if (doom) out.changes_at = earlier(out.changes_at, doom);
    if (creation) out.changes_at = earlier(out.changes_at, creation->doomed_at);
    if (creation) out.status.hint = creation->hint;
    if (telling != nullptr) out.status.hint = telling->problem->hint;
  }
  out.blocked = creation.has_value() || std::any_of(pods.begin(), pods.end(), [](const PodVerdict& pod) {
                  return pod.problem && pod.problem->lacks;
                });
  if (creation) out.status.evidence.push_back({input.object.ref(), creation->text});
  for (const PodVerdict& pod : pods) {
    if (out.status.evidence.size() >= kMaxEvidence) break;
    if (pod.problem) out.status.evidence.push_back({pod.pod->ref(), pod.problem->text});
  }
  return out;
}

}  // namespace instantexec::status
