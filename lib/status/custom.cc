#include <fmt/format.h>

#include <algorithm>
#include "status/rule.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstStatus = 15s;  // time a controller gets for its first status
constexpr Duration kSettle = 5s;        // … and to notice a change

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
  return Condition{"", text, text, fmt::format("{} is {}", match.pointer, text), "", {}, {}};
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

// A verdict "ready" that does not yet mean much is held back until `until`.
Assessment not_before(Assessment ready, Timestamp until, std::string_view message, const Input& input) {
  if (ready.status.status != model::HealthStatus::kCurrent || until <= input.context.now) return ready;
  Assessment out = in_progress("AwaitingStatus", message);
  out.changes_at = until;
  return out;
}

// The controller has written its status for the present generation.
bool observed(const model::Object& object) {
  if (observed_generation(object)) return true;
  const model::Json& list = model::get_array(object.json, "/status/conditions");
  return std::any_of(list.begin(), list.end(), [](const model::Json& condition) {
    return model::find(condition, "/observedGeneration") != nullptr;
  });
}

Assessment by_status(const Input& input) {
  const Timestamp created = time_at(input.object.json, "/metadata/creationTimestamp");
  const Timestamp written = std::max(input.context.applied_at, created);
  // Nothing that can be understood: give the controller time for its first word.
  const bool silent = model::get_object(input.object.json, "/status").empty();
  Assessment out =
      silent ? current("NoStatus", "the object exists and reports no status") : by_convention(input);
  const bool unclear = silent || out.status.reason == kNotUnderstood;
  // A snapshot is judged as of its first moment: its controller has not reported yet.
  if (unclear && input.context.now == Timestamp{}) {
    return in_progress("AwaitingStatus", silent ? "no status is reported yet" : out.status.message);
  }
  if (unclear && written != Timestamp{}) {
    return not_before(std::move(out), written + kFirstStatus, "the controller has not reported yet", input);
  }
  return out;
}

}  // namespace

Assessment assess_custom(const Input& input) {
  if (input.context.declares_status == false) return current("Exists", "the kind has no status");
  const model::Gvk gvk = input.object.gvk();
  const auto rule =
      std::find_if(input.context.rules.begin(), input.context.rules.end(), [&](const CustomRule& item) {
        return item.group == gvk.group && (item.kind.empty() || item.kind == gvk.kind);
      });
  Assessment out = rule != input.context.rules.end() ? by_rule(*rule, input) : by_status(input);
  // Without observedGeneration a good status may still be the one before our change.
  const Timestamp applied = input.context.applied_at;
  if (applied == Timestamp{} || observed(input.object)) return out;
  return not_before(std::move(out), applied + kSettle, "the status may be older than the change", input);
}

}  // namespace instantexec::status
