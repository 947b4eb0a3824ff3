#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "status/evaluate.h"
#include "status/rule.h"
#include "status/rule_reader.h"
#include "status/words.h"

namespace instantexec::status {
namespace {

// Kinds whose controllers always report the generation they have seen; without it their numbers may be of an
// earlier spec.
bool must_observe(const model::Gvk& gvk) {
  if (gvk.group == "apps") return gvk.kind != "ControllerRevision";
  if (gvk.group.empty()) return gvk.kind == "ReplicationController";
  return gvk.group == "policy" && gvk.kind == "PodDisruptionBudget";
}

Assessment terminating(const model::Object& object) {
  std::vector<std::string> finalizers;
  for (const model::Json& item : model::get_array(object.json, "/metadata/finalizers")) {
    if (item.is_string()) finalizers.push_back(item.get<std::string>());
  }
  Assessment out =
      in_progress("Terminating", finalizers.empty() ? std::string("being deleted")
                                                    : "being deleted; waits for " + join(finalizers, ", "));
  out.status.status = model::HealthStatus::kTerminating;
  return out;
}

// "Reconciling" only because the last attempt failed and another follows: "Ready" tells why.
bool retries(const model::Object& object, const Condition& reconciling) {
  const auto ready = find_condition(object, "Ready");
  if (!ready || !ready->is_false()) return false;
  return sense_of_reason(ready->reason) == Sense::kBad || reconciling.reason.ends_with("WithRetry");
}

// A controller does not look at what somebody has paused, and so reports an older generation for as long as
// that lasts.
std::optional<Assessment> held_back(const Input& input, const CustomRule* rule) {
  const auto observed = observed_generation(input.object);
  if (!observed || *observed >= input.object.generation()) return std::nullopt;
  if (rule == nullptr) return held_by_spec(input);
  auto out = suspended_by_spec(*rule, input);
  if (!out) out = held_by_spec(input);
  if (out) out->rule = rule->name;
  return out;
}

// What must hold before the status says anything about the spec we applied.
std::optional<Assessment> gate(const Input& input, const CustomRule* rule) {
  const model::Object& object = input.object;
  const Context& context = input.context;
  if (!context.uid.empty() && object.uid() != context.uid) {
    return failed("Replaced", "the object was deleted and created anew by someone else",
                  describe_command(object));
  }
  if (object.terminating()) return terminating(object);
  if (context.min_generation > 0 && object.generation() < context.min_generation) {
    return in_progress("StaleRead", "the state read is older than the change");
  }
  if (auto held = built_in_rule(object.gvk()) == nullptr ? held_back(input, rule) : std::nullopt) return held;
  auto observed = observed_generation(object);
  if (rule != nullptr && rule->generation == CustomRule::Generation::kIgnored) observed.reset();
  // A generation below 1 is no generation: some controllers count from -1 until they succeed.
  if (observed ? *observed < object.generation() && object.generation() > 0 : must_observe(object.gvk())) {
    return in_progress("WaitingForController", "the controller has not yet seen the change");
  }
  if (const auto stalled = find_condition(object, "Stalled"); stalled && stalled->is_true()) {
    return failed(stalled->reason.empty() ? "Stalled" : stalled->reason, stalled->message,
                  describe_command(object));
  }
  if (const auto busy = find_condition(object, "Reconciling");
      busy && busy->is_true() && !retries(object, *busy)) {
    return in_progress(busy->reason.empty() ? "Reconciling" : busy->reason,
                       busy->message.empty() ? "the controller is at work" : busy->message);
  }
  return std::nullopt;
}

// The rule that applies to the object; it may name a built-in kind too.
const CustomRule* find_rule(const std::vector<CustomRule>& own, const Context& context,
                            const model::Gvk& gvk) {
  if (!own.empty()) return &own.front();
  const auto found = std::find_if(context.rules.begin(), context.rules.end(),
                                  [&](const CustomRule& rule) { return rule.applies_to(gvk); });
  return found == context.rules.end() ? nullptr : &*found;
}

Assessment judge(const CustomRule* rule, const Input& input) {
  if (auto early = gate(input, rule)) return *std::move(early);
  const model::Gvk gvk = input.object.gvk();
  const Rule built_in = rule != nullptr ? nullptr : built_in_rule(gvk);
  if (built_in == nullptr) return assess_custom(rule, input);
  Assessment out = built_in(input);
  out.rule = "built-in " + gvk.kind;
  return out;
}

}  // namespace

Assessment assess(const model::Object& object, const Family& family, std::span<const model::Object> events,
                  const Context& context) {
  const EventsBySubject by_subject(events);
  const Input input{object, family, by_subject, context};
  const auto own = rules_of(object);
  if (!own) {
    Assessment out = in_progress("RuleInvalid", own.error().message);
    out.status.status = model::HealthStatus::kUnknown;
    out.rule = "annotation";
    return out;
  }
  Assessment out = judge(find_rule(*own, context, object.gvk()), input);
  // What lies in the past can no longer change anything.
  if (out.changes_at && *out.changes_at <= context.now) out.changes_at.reset();
  return out;
}

Assessment assess(const model::Object& object, const ChildIndex& index, const Context& context) {
  // Who has no parts that matter is spared looking for them; what containers ended with is known all the
  // same.
  const bool has_parts = !child_kinds(object.gvk(), context.options).empty();
  const Family family = index.family(has_parts ? object.uid() : "");
  return assess(object, family, index.events(object, family), context);
}

model::ObjectStatus compute(const model::Object& object, const Family& family,
                            std::span<const model::Object> events, const Context& context) {
  return assess(object, family, events, context).status;
}

std::optional<Timestamp> next_deadline(std::span<const Assessment> assessments) {
  std::optional<Timestamp> out;
  for (const Assessment& assessment : assessments) out = earlier(out, assessment.changes_at);
  return out;
}

model::ObjectStatus missing(const model::Object& last_seen) {
  model::ObjectStatus out;
  const bool expires =
      last_seen.kind() == "Job" && model::find(last_seen.json, "/spec/ttlSecondsAfterFinished") != nullptr;
  if (!expires) {
    out.status = model::HealthStatus::kNotFound;
    out.reason = "NotFound";
    out.message = "the object does not exist";
    return out;
  }
  const auto complete = find_condition(last_seen, "Complete");
  out.reason = "Expired";
  if (complete && complete->is_true()) {
    out.status = model::HealthStatus::kCurrent;
    out.message = "the Job had completed before its time to live ended";
  } else {
    out.status = model::HealthStatus::kUnknown;
    out.message = "the Job is gone and was not seen to complete";
  }
  return out;
}

Timestamp cluster_time(const model::Object& object) {
  Timestamp newest = time_at(object.json, "/metadata/creationTimestamp");
  for (const model::Json& entry : model::get_array(object.json, "/metadata/managedFields")) {
    newest = std::max(newest, time_at(entry, "/time"));
  }
  return newest;
}

}  // namespace instantexec::status
