#include <fmt/format.h>

#include <algorithm>

#include "status/evaluate.h"
#include "status/rule.h"
#include "status/words.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstStatus = 15s;  // time a controller gets for its first status
constexpr Duration kSettle = 5s;        // … and to notice a change
// Crossplane raises the generation of a condition only when the condition changes. One that stands this long
// after our change is its answer to it.
constexpr Duration kStands = 120s;

// A verdict "ready" that does not yet mean much is held back until `until`.
Assessment not_before(Assessment ready, Timestamp until, std::string_view message, const Input& input) {
  if (ready.status.status != model::HealthStatus::kCurrent || until <= input.context.now) return ready;
  Assessment out = in_progress("AwaitingStatus", message);
  out.rule = ready.rule;
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

bool older_condition(const model::Json& condition, std::int64_t generation) {
  return model::whole_number_at(condition, "/observedGeneration").value_or(generation) < generation;
}

// Whether there is a condition of an older generation among those of an object that Crossplane manages, which
// its providers define in groups of their own: all have the conditions Ready and Synced.
// https://docs.crossplane.io/latest/concepts/managed-resources/#conditions
bool holds_older(const model::Object& object) {
  const model::Json& list = model::get_array(object.json, "/status/conditions");
  const auto has = [&](std::string_view type) {
    return std::any_of(list.begin(), list.end(), [&](const model::Json& condition) {
      return model::get_string(condition, "/type") == type;
    });
  };
  return has("Ready") && has("Synced") &&
         std::any_of(list.begin(), list.end(), [&](const model::Json& condition) {
           return older_condition(condition, object.generation());
         });
}

void take_as_new(model::Object& object) {
  for (model::Json& condition : object.json["status"]["conditions"]) {
    if (older_condition(condition, object.generation()))
      condition["observedGeneration"] = object.generation();
  }
}

Assessment by_status(const Input& input) {
  const Timestamp created = time_at(input.object.json, "/metadata/creationTimestamp");
  const Timestamp written = std::max(input.context.applied_at, created);
  // Nothing that can be understood: give the controller time for its first word.
  if (auto held = held_by_spec(input)) return *std::move(held);
  const bool silent = model::get_object(input.object.json, "/status").empty();
  Assessment out =
      silent ? current("NoStatus", "the object exists and reports no status") : by_convention(input);
  // What waits for its time has nothing to report before.
  const bool unclear =
      (silent || out.status.reason == kNotUnderstood) && !waits_for_its_time(input.object.kind());
  // A snapshot is judged as of its first moment: its controller has not reported yet.
  if (unclear && input.context.now == Timestamp{}) {
    return in_progress("AwaitingStatus", silent ? "no status is reported yet" : out.status.message);
  }
  if (unclear && written != Timestamp{}) {
    return not_before(std::move(out), written + kFirstStatus, "the controller has not reported yet", input);
  }
  return out;
}

Assessment named(Assessment out, std::string_view rule) {
  out.rule = rule;
  return out;
}

Assessment judge(const CustomRule* rule, const Input& input) {
  if (rule != nullptr) {
    if (auto out = by_rule(*rule, input)) return named(*std::move(out), rule->name);
  }
  if (input.context.declares_status == false) {
    return named(current("Exists", "the kind has no status"), "schema");
  }
  return named(by_status(input), "conventions");
}

}  // namespace

Assessment assess_custom(const CustomRule* rule, const Input& input) {
  const Timestamp applied = input.context.applied_at;
  const bool older = applied != Timestamp{} && holds_older(input.object);
  if (older && input.context.now >= applied + kStands) {
    model::Object standing = input.object;
    take_as_new(standing);
    return judge(rule, {standing, input.family, input.events, input.context});
  }
  Assessment out = judge(rule, input);
  if (older) out.changes_at = earlier(out.changes_at, applied + kStands);
  if (out.rule == "schema") return out;
  // Without observedGeneration a good status may still be the one before our change.
  if (applied == Timestamp{} || observed(input.object)) return out;
  return not_before(std::move(out), applied + kSettle, "the status may be older than the change", input);
}

}  // namespace instantexec::status
