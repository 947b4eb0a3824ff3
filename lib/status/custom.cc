#include <fmt/format.h>

#include <algorithm>

#include "status/evaluate.h"
#include "status/rule.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstStatus = 15s;  // time a controller gets for its first status
constexpr Duration kSettle = 5s;        // … and to notice a change

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

Assessment named(Assessment out, std::string_view rule) {
  out.rule = rule;
  return out;
}

Assessment judge(const CustomRule* rule, const Input& input) {
  if (rule != nullptr) {
    if (auto out = by_rule(*rule, input)) return named(*std::move(out), rule->name);
  } else if (input.context.declares_status == false) {
    return named(current("Exists", "the kind has no status"), "schema");
  }
  return named(by_status(input), "conventions");
}

}  // namespace

Assessment assess_custom(const CustomRule* rule, const Input& input) {
  Assessment out = judge(rule, input);
  if (out.rule == "schema") return out;
  // Without observedGeneration a good status may still be the one before our change.
  const Timestamp applied = input.context.applied_at;
  if (applied == Timestamp{} || observed(input.object)) return out;
  return not_before(std::move(out), applied + kSettle, "the status may be older than the change", input);
}

}  // namespace instantexec::status
