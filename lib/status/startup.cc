#include <fmt/format.h>

#include <algorithm>

#include "status/event_view.h"
#include "status/pod.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kScheduleWindow = 120s;  // room may appear: pods end, nodes join
constexpr Duration kHopelessWindow = 30s;   // no node fits and no autoscaler has answered
constexpr Duration kVolumeWindow = 60s;
constexpr Duration kVolumeRepeats = 20s;
constexpr Duration kProvisionWindow = 300s;

// How the autoscalers answered: cluster-autoscaler's and Karpenter's event reasons.
enum class ScaleUp { kSilent, kComing, kRefused };

ScaleUp scale_up(const model::Object& pod, const Input& input) {
  ScaleUp out = ScaleUp::kSilent;
  for (const model::Object* event : events_about(pod, input)) {
    const std::string reason = EventView(*event).reason();
    // One autoscaler's promise outweighs another one's refusal.
    if (reason == "TriggeredScaleUp" || reason == "Nominated") return ScaleUp::kComing;
    if (reason == "NotTriggerScaleUp") out = ScaleUp::kRefused;
  }
  return out;
}

// "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. …": all nodes for that
// reason.
bool no_node_matches(std::string_view message) {
  const auto slash = message.find("0/");
  if (slash == std::string_view::npos) return false;
  const auto end = message.find(' ', slash);
  const std::string_view total = message.substr(slash + 2, end - slash - 2);
  return message.find(fmt::format(" {} node(s) didn't match Pod's node affinity/selector", total)) !=
         std::string_view::npos;
}

// Pods of the family are ending, or the scheduler makes others end (PodStatus.nominatedNodeName).
bool room_is_coming(const model::Object& pod, const Input& input) {
  return !model::get_string(pod.json, "/status/nominatedNodeName").empty() || pods_are_ending(input.family);
}

std::optional<Problem> scheduling_problem(const model::Object& pod, const Input& input) {
  const auto scheduled = find_condition(pod, "PodScheduled");
  if (!scheduled || !scheduled->is_false()) return std::nullopt;
  Problem out;
  out.reason = scheduled->reason == "SchedulingGated" ? "SchedulingGated" : "Unschedulable";
  out.text = clean(fmt::format("not scheduled: {}", scheduled->message));
  out.hint = describe_command(pod);
  if (scheduled->reason != "Unschedulable" || room_is_coming(pod, input)) return out;
  const Timestamp since = std::max(
      {scheduled->since, time_at(pod.json, "/metadata/creationTimestamp"), input.context.room_made_at});
  if (scheduled->message.find("unbound immediate PersistentVolumeClaims") != std::string::npos) {
    out.doomed_at = since + kProvisionWindow;
    return out;
  }
  switch (scale_up(pod, input)) {
    case ScaleUp::kComing:
      return out;
    case ScaleUp::kRefused:
      out.doomed_at = since + kHopelessWindow;
      return out;
    case ScaleUp::kSilent:
      out.doomed_at = since + (no_node_matches(scheduled->message) ? kHopelessWindow : kScheduleWindow);
      return out;
  }
  return out;
}

// Mount and attach errors appear in events only.
std::optional<Problem> volume_problem(const model::Object& pod, const Input& input) {
  // They are mounted before the sandbox exists, and before any container runs.
  if (const auto sandbox = find_condition(pod, "PodReadyToStartContainers"); sandbox && sandbox->is_true())
    return std::nullopt;
  for (const std::string_view list : {"/status/initContainerStatuses", "/status/containerStatuses"}) {
    for (const model::Json& status : model::get_array(pod.json, list)) {
      if (model::find(status, "/state/running") != nullptr) return std::nullopt;
      if (model::find(status, "/state/terminated") != nullptr) return std::nullopt;
    }
  }
  std::optional<Problem> worst;
  for (const model::Object* event : events_about(pod, input)) {
    const EventView view(*event);
    const bool mount = view.reason() == "FailedMount";
    const bool attach = view.reason() == "FailedAttachVolume";
    if (!mount && !attach) continue;
    const std::string message = view.message();
    Problem found;
    found.reason = std::string(view.reason());
    found.text = clean(message);
    found.hint = describe_command(pod);
    // A volume still held by the old pod's node is released when that pod has ended.
    const bool held = message.find("Multi-Attach") != std::string::npos;
    const bool absent = message.find("not found") != std::string::npos;
    found.lacks = mount && absent;
    const bool made = found.lacks && input.context.makers_at_work;
    // What lasts is tried again in ever longer steps, and told each time.
    const bool lasts = view.last_seen() - view.first_seen() >= kVolumeRepeats;
    if (((mount && absent) || (attach && !held)) && !made && lasts) {
      found.doomed_at = std::max(view.first_seen(), input.context.applied_at) + kVolumeWindow;
    }
    worst = worse(std::move(worst), std::move(found), input.context.now);
  }
  return worst;
}

const model::Json& spec_of(const model::Object& pod, const std::string& name) {
  static const model::Json kNone = model::Json::object();
  for (const model::Json& container : model::get_array(pod.json, "/spec/containers")) {
    if (model::get_string(container, "/name") == name) return container;
  }
  return kNone;
}

Duration seconds_at(const model::Json& probe, std::string_view pointer, std::int64_t otherwise) {
  return std::chrono::seconds(std::clamp<std::int64_t>(model::get_int(probe, pointer, otherwise), 0, 86400));
}

// Longest time a probe lets pass before it has failed for good.
Duration worst_case(const model::Json& probe) {
  if (probe.empty()) return Duration{0};
  const auto tries = std::max<std::int64_t>(model::get_int(probe, "/failureThreshold", 3), 1);
  return seconds_at(probe, "/initialDelaySeconds", 0) + seconds_at(probe, "/timeoutSeconds", 1) +
         seconds_at(probe, "/periodSeconds", 10) * std::min<std::int64_t>(tries, 86400);
}

// Restarts of the container by its liveness or startup probe since our apply.
std::int64_t probe_restarts(const model::Object& pod, const std::string& container, const Input& input) {
  std::int64_t count = 0;
  for (const model::Object* event : events_about(pod, input)) {
    const EventView view(*event);
    if (view.reason() != "Killing" || view.container() != container) continue;
    const std::string message = view.message();
    if (message.find("failed liveness probe") == std::string::npos &&
        message.find("failed startup probe") == std::string::npos) {
      continue;
    }
    count += view.count();
  }
  return count;
}

std::string last_probe_message(const model::Object& pod, const std::string& container, const Input& input) {
  std::string message;
  Timestamp newest;
  for (const model::Object* event : events_about(pod, input)) {
    const EventView view(*event);
    if (view.reason() != "Unhealthy" || view.container() != container || view.last_seen() < newest) continue;
    newest = view.last_seen();
    message = view.message();
  }
  return message;
}

std::optional<Problem> probe_problem_of(const model::Object& pod, const model::Json& status,
                                        const Input& input) {
  const std::string name = model::get_string(status, "/name");
  if (model::get_bool(status, "/ready")) return std::nullopt;
  const std::int64_t restarts = probe_restarts(pod, name, input);
  const model::Json& container = spec_of(pod, name);
  const bool running = model::find(status, "/state/running") != nullptr;
  const bool probed = running && model::find(container, "/readinessProbe") != nullptr &&
                      model::get_bool(status, "/started", true);
  const Timestamp grace_end = time_at(status, "/state/running/startedAt") + readiness_grace(container);
  const bool unready = probed && grace_end <= input.context.now;
  if (restarts == 0 && !unready) return std::nullopt;
  Problem out;
  const std::string message = last_probe_message(pod, name, input);
  out.reason = restarts > 0 ? "ProbeRestart" : "ReadinessProbe";
  out.text = clean(
      fmt::format("container {}: {}", name, message.empty() ? "its readiness probe does not pass" : message));
  out.hint = describe_command(pod);
  out.container = name;
  out.has_log = true;
  out.previous = restarts > 0;
  // One error may happen to anybody; the second one dooms.
  if (restarts >= 2) out.doomed_at = Timestamp{};
  if (restarts == 1 && probed) out.doomed_at = grace_end;
  return out;
}

}  // namespace

Duration readiness_grace(const model::Json& container) {
  const model::Json& probe = model::get_object(container, "/readinessProbe");
  const Duration period = seconds_at(probe, "/periodSeconds", 10);
  const Duration timeout = seconds_at(probe, "/timeoutSeconds", 1);
  const std::int64_t failures =
      std::clamp<std::int64_t>(model::get_int(probe, "/failureThreshold", 3), 1, 86400);
  const std::int64_t successes =
      std::clamp<std::int64_t>(model::get_int(probe, "/successThreshold", 1), 1, 86400);
  if (failures == 1) return Duration{0};
  const Duration delay = seconds_at(probe, "/initialDelaySeconds", 0) + period;
  // Readiness is probed once the startup probe has passed; how long that took is not in the status.
  const Duration startup = worst_case(model::get_object(container, "/startupProbe"));
  const Duration first_probe = startup > delay ? startup + period : delay;
  // The kubelet starts probing at a random point of the first period, hence the half.
  return first_probe + timeout + period * (failures + successes - 3) + period / 2 + timeout;
}

Duration slowest_start(const model::Json& container) {
  return worst_case(model::get_object(container, "/startupProbe")) +
         worst_case(model::get_object(container, "/readinessProbe"));
}

std::optional<Problem> startup_problem(const model::Object& pod, const Input& input) {
  return worse(scheduling_problem(pod, input), volume_problem(pod, input), input.context.now);
}

std::optional<Problem> probe_problem(const model::Object& pod, const Input& input) {
  std::optional<Problem> worst;
  for (const model::Json& status : model::get_array(pod.json, "/status/containerStatuses")) {
    worst = worse(std::move(worst), probe_problem_of(pod, status, input), input.context.now);
  }
  return worst;
}

}  // namespace instantexec::status
