#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "status/rule.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSettle = 15s;  // time a controller gets for its first status

bool one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string scalar_text(const model::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return fmt::format("{}", value.get<std::int64_t>());
  return {};
}

bool listed(const std::string& value, const std::vector<std::string>& values) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

// What a match saw, for the message; nothing when it does not hold.
std::optional<Condition> holds(const RuleMatch& match, const model::Object& object) {
  if (!match.condition.empty()) {
    auto condition = find_condition(object, match.condition);
    if (!condition || !listed(condition->status, match.values) || !listed(condition->reason, match.reasons)) {
      return std::nullopt;
    }
    return condition;
  }
  const model::Json* value = model::find(object.json, match.pointer);
  if (value == nullptr || value->is_structured() || value->is_null()) return std::nullopt;
  const std::string text = scalar_text(*value);
  if (!listed(text, match.values)) return std::nullopt;
  return Condition{"", text, text, fmt::format("{} is {}", match.pointer, text), {}, {}};
}

std::optional<Condition> any_of(const std::vector<RuleMatch>& matches, const model::Object& object) {
  for (const RuleMatch& match : matches) {
    if (auto seen = holds(match, object)) return seen;
  }
  return std::nullopt;
}

std::string word(const Condition& seen, std::string_view otherwise) {
  return seen.reason.empty() ? std::string(otherwise) : seen.reason;
}

Assessment by_rule(const CustomRule& rule, const Input& input) {
  if (const auto seen = any_of(rule.failed, input.object)) {
    return failed(word(*seen, "Failed"), seen->message, describe_command(input.object));
  }
  if (const auto seen = any_of(rule.suspended, input.object)) {
    return suspended(word(*seen, "Suspended"), seen->message, describe_command(input.object));
  }
  for (const RuleMatch& match : rule.ready) {
    if (holds(match, input.object)) continue;
    const auto condition = find_condition(input.object, match.condition);
    const std::string what = match.condition.empty() ? match.pointer : "condition " + match.condition;
    return in_progress(condition ? word(*condition, "NotReady") : "NotReady",
                       condition && !condition->message.empty() ? condition->message : "waiting for " + what);
  }
  return current("Ready", "as its rule asks");
}

// Condition types that mean "usable" when True, by KEP-1623 and common practice; "Ready" alone decides if
// there is one.
constexpr std::array<std::string_view, 12> kPositive{"Available", "Healthy",     "Succeeded",  "Complete",
                                                     "Completed", "Established", "Programmed", "Accepted",
                                                     "Synced",    "Reconciled",  "Deployed",   "Running"};

Assessment by_ready(const Condition& ready) {
  if (ready.is_true()) {
    return current(word(ready, ready.type), ready.message.empty() ? ready.type + " is True" : ready.message);
  }
  return in_progress(word(ready, "Not" + ready.type), ready.message.empty()
                                                          ? fmt::format("{} is {}", ready.type, ready.status)
                                                          : ready.message);
}

std::optional<Assessment> by_conditions(const Input& input) {
  const std::vector<Condition> all = conditions(input.object);
  const auto ready =
      std::find_if(all.begin(), all.end(), [](const Condition& item) { return item.type == "Ready"; });
  if (ready != all.end()) return by_ready(*ready);
  const Condition* good = nullptr;
  for (const Condition& item : all) {
    if (!one_of(item.type, kPositive)) continue;
    if (!item.is_true()) return by_ready(item);
    good = &item;
  }
  if (good == nullptr) return std::nullopt;
  return by_ready(*good);
}

// Status words. A word that sounds like failure is not proof: the kind is unknown, and its controller may try
// again.
std::optional<Assessment> by_phase(const Input& input) {
  static constexpr std::array<std::string_view, 4> kFields{"/status/phase", "/status/state", "/status/status",
                                                           "/status/health"};
  static constexpr std::array<std::string_view, 17> kGood{
      "ready",     "running", "active",   "available", "healthy", "bound",
      "succeeded", "success", "complete", "completed", "done",    "deployed",
      "installed", "ok",      "online",   "created",   "synced"};
  static constexpr std::array<std::string_view, 3> kSuspendedWords{"paused", "suspended", "stopped"};
  for (const std::string_view field : kFields) {
    const std::string text = model::get_string(input.object.json, field);
    if (text.empty()) continue;
    const std::string lower = to_lower(text);
    if (one_of(lower, kGood)) return current(text, fmt::format("{} is {}", field.substr(1), text));
    if (one_of(lower, kSuspendedWords)) {
      return suspended(text, fmt::format("{} is {}", field.substr(1), text), describe_command(input.object));
    }
    return in_progress(text, fmt::format("{} is {}", field.substr(1), text));
  }
  return std::nullopt;
}

Assessment without_status(const Input& input) {
  const Timestamp written =
      std::max(input.context.applied_at, time_at(input.object.json, "/metadata/creationTimestamp"));
  const Timestamp settled = written + kSettle;
  if (written != Timestamp{} && settled > input.context.now) {
    Assessment out = in_progress("AwaitingStatus", "the controller has not reported yet");
    out.changes_at = settled;
    return out;
  }
  return current("NoStatus", "the object exists and reports no status");
}

}  // namespace

Assessment assess_custom(const Input& input) {
  const model::Gvk gvk = input.object.gvk();
  for (const CustomRule& rule : input.context.rules) {
    if (rule.group == gvk.group && (rule.kind.empty() || rule.kind == gvk.kind)) return by_rule(rule, input);
  }
  if (input.context.declares_status == false) return current("Exists", "the kind has no status");
  if (model::get_object(input.object.json, "/status").empty()) return without_status(input);
  if (auto out = by_conditions(input)) return *out;
  if (auto out = by_phase(input)) return *out;
  return current("StatusNotUnderstood", "the object has a status without conditions or phase");
}

}  // namespace instantexec::status
