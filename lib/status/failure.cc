#include <fmt/format.h>

#include <algorithm>

#include "status/event_view.h"
#include "status/pod.h"
#include "status/workload.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxEvents = 10;
constexpr std::size_t kMaxLogs = 3;

// Warnings about the object and its family, the newest ones, oldest first.
std::vector<std::string> warning_lines(const Input& input) {
  struct Line {
    Timestamp at;
    std::string text;
  };
  std::vector<Line> lines;
  std::vector<const model::Object*> subjects{&input.object};
  subjects.insert(subjects.end(), input.family.members.begin(), input.family.members.end());
  for (const model::Object* subject : subjects) {
    for (const model::Object* event : events_about(*subject, input)) {
      const EventView view(*event);
      if (!view.warning()) continue;
      const std::string times = view.count() > 1 ? fmt::format(" x{}", view.count()) : "";
      lines.push_back(
          {view.last_seen(), clean(fmt::format("Warning {}{} {} {}: {}", view.reason(), times,
                                               subject->kind(), subject->name(), view.message()))});
    }
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.at < b.at; });
  if (lines.size() > kMaxEvents) lines.erase(lines.begin(), lines.end() - kMaxEvents);
  std::vector<std::string> out;
  for (Line& line : lines) out.push_back(std::move(line.text));
  return out;
}

// Conditions that say "no" somewhere: those of the object and of its ReplicaSet.
void add_conditions(const model::Object& object, std::vector<model::Evidence>& evidence) {
  for (const Condition& condition : conditions(object)) {
    const bool negative_type = condition.type == "ReplicaFailure" || condition.type == "Failed" ||
                               condition.type == "Stalled" || condition.type == "FailureTarget";
    if (negative_type != condition.is_true()) continue;
    evidence.push_back({object.ref(), clean(fmt::format("{}={}: {}: {}", condition.type, condition.status,
                                                        condition.reason, condition.message))});
  }
}

std::vector<LogWish> wishes(std::vector<PodVerdict> pods, Timestamp now) {
  std::stable_sort(pods.begin(), pods.end(), [now](const PodVerdict& a, const PodVerdict& b) {
    const auto rank = [now](const PodVerdict& pod) {
      if (!pod.problem || !pod.problem->has_log) return 2;
      return pod.problem->doomed(now) ? 0 : 1;
    };
    return rank(a) < rank(b);
  });
  std::vector<LogWish> out;
  for (const PodVerdict& pod : pods) {
    if (out.size() >= kMaxLogs) break;
    if (pod.problem && pod.problem->has_log) {
      out.push_back({pod.pod->ref(), pod.problem->container, pod.problem->previous});
      continue;
    }
    if (pod.problem || pod.state != PodState::kProgressing) continue;
    // Nothing known against it: what does the container that is not ready say?
    for (const model::Json& status : model::get_array(pod.pod->json, "/status/containerStatuses")) {
      if (model::get_bool(status, "/ready") || model::find(status, "/state/running") == nullptr) continue;
      out.push_back({pod.pod->ref(), model::get_string(status, "/name"), false});
      break;
    }
  }
  return out;
}

}  // namespace

FailureSummary failure_cause(const model::Object& object, const Family& family,
                             std::span<const model::Object> events, const Context& context) {
  const EventsBySubject by_subject(events);
  const Input input{object, family, by_subject, context};
  const model::ObjectStatus status = compute(object, family, events, context);
  FailureSummary out;
  out.cause.object = object.ref();
  out.cause.summary = status.message;
  out.cause.hint = status.hint.empty() ? describe_command(object) : status.hint;
  out.cause.evidence = status.evidence;
  // A rollout that ran out of time: the pods' state is the better first line.
  if (!status.evidence.empty() && status.reason == "ProgressDeadlineExceeded") {
    out.cause.summary = fmt::format("not ready in time: {}", status.evidence.front().text);
  }
  add_conditions(object, out.cause.evidence);
  if (const model::Object* set = new_replica_set(input)) add_conditions(*set, out.cause.evidence);
  out.cause.events = warning_lines(input);
  out.logs = wishes(judge_pods(new_pods(input), input), context.now);
  return out;
}

}  // namespace instantexec::status
