#include "status/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "status/event_view.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxText = 400;

Assessment verdict(model::HealthStatus status, std::string_view reason, std::string_view message) {
  Assessment out;
  out.status.status = status;
  out.status.reason = clean(reason);
  out.status.message = clean(message);
  return out;
}

}  // namespace

Assessment current(std::string_view reason, std::string_view message) {
  return verdict(model::HealthStatus::kCurrent, reason, message);
}

Assessment in_progress(std::string_view reason, std::string_view message) {
  return verdict(model::HealthStatus::kInProgress, reason, message);
}

Assessment failed(std::string_view reason, std::string_view message, std::string_view hint) {
  Assessment out = verdict(model::HealthStatus::kFailed, reason, message.empty() ? reason : message);
  out.status.hint = hint;
  return out;
}

Assessment suspended(std::string_view reason, std::string_view message, std::string_view hint) {
  Assessment out = verdict(model::HealthStatus::kSuspended, reason, message);
  out.status.hint = hint;
  return out;
}

std::string clean(std::string_view text) {
  // A byte never becomes less than a byte, so that what comes later would be cut off in any case.
  return sanitise_line(trim(text).substr(0, 4 * kMaxText), kMaxText);
}

namespace {

// "true" and "TRUE" are "True".
std::string spelled(std::string status) {
  const std::string lower = to_lower(status);
  if (lower == "true") return "True";
  if (lower == "false") return "False";
  if (lower == "unknown") return "Unknown";
  return status;
}

// Some controllers write the status as a boolean. Without one nothing is said, not "False".
std::string status_of(const model::Json& condition) {
  const model::Json* status = model::find(condition, "/status");
  if (status != nullptr && status->is_boolean()) return status->get<bool>() ? "True" : "False";
  return spelled(model::get_string(condition, "/status"));
}

}  // namespace

std::optional<Condition> read_condition(const model::Json& item, std::int64_t generation) {
  if (!item.is_object()) return std::nullopt;
  const auto observed = model::whole_number_at(item, "/observedGeneration");
  if (observed && *observed < generation) return std::nullopt;
  Condition out{model::get_string(item, "/type"),     status_of(item),
                model::get_string(item, "/reason"),   model::get_string(item, "/message"),
                model::get_string(item, "/severity"), time_at(item, "/lastTransitionTime"),
                time_at(item, "/lastUpdateTime")};
  if (out.updated == Timestamp{}) out.updated = out.since;
  return out;
}

std::vector<Condition> conditions(const model::Object& object) {
  std::vector<Condition> out;
  for (const model::Json& item : model::get_array(object.json, "/status/conditions")) {
    if (auto condition = read_condition(item, object.generation())) out.push_back(*std::move(condition));
  }
  return out;
}

std::optional<Condition> find_condition(const model::Object& object, std::string_view type) {
  for (Condition& condition : conditions(object)) {
    if (condition.type == type) return std::move(condition);
  }
  return std::nullopt;
}

std::optional<std::int64_t> observed_generation(const model::Object& object) {
  return model::whole_number_at(object.json, "/status/observedGeneration");
}

std::int64_t count_at(const model::Json& value, std::string_view pointer, std::int64_t otherwise) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return std::clamp<std::int64_t>(model::get_int(value, pointer, otherwise), 0, kMost);
}

Timestamp time_at(const model::Json& value, std::string_view pointer) {
  const std::string text = model::get_string(value, pointer);
  return text.empty() ? Timestamp{} : parse_rfc3339(text).value_or(Timestamp{});
}

std::optional<Timestamp> earlier(std::optional<Timestamp> a, std::optional<Timestamp> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

std::vector<const model::Object*> events_about(const model::Object& object, const Input& input) {
  // Event times have whole seconds, the time of our apply may be finer.
  const Duration second{1000};
  const Timestamp from{input.context.applied_at.since_epoch / second * second};
  std::vector<const model::Object*> out;
  const std::string uid = object.uid();
  if (!uid.empty()) {
    for (const model::Object* event : input.events.of(uid)) {
      if (EventView(*event).last_seen() >= from) out.push_back(event);
    }
  }
  for (const model::Object* event : input.events.of("")) {
    const EventView view(*event);
    if (view.subject() == object.ref() && view.last_seen() >= from) out.push_back(event);
  }
  return out;
}

std::string shell_word(std::string_view text) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:=@%+,";
  if (text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string describe_command(const model::Object& object) {
  const model::ObjectRef ref = object.ref();
  const std::string kind = to_lower(ref.kind) + (ref.group.empty() ? "" : "." + ref.group);
  const std::string scope = ref.ns.empty() ? "" : fmt::format("-n {} ", shell_word(ref.ns));
  return clean(fmt::format("kubectl {}describe {} {}", scope, shell_word(kind), shell_word(ref.name)));
}

std::string logs_command(const model::Object& pod, std::string_view container, bool previous) {
  return clean(fmt::format("kubectl -n {} logs {} -c {}{}", shell_word(pod.ns()), shell_word(pod.name()),
                           shell_word(container), previous ? " --previous" : ""));
}

}  // namespace instantexec::status
