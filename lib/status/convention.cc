#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "status/rule.h"

// Conventions of custom resources: conditions, status words, error fields and replica counts. They tell
// "ready" from "not yet"; none of them is proof of failure, because an unknown controller may try again.
namespace instantexec::status {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::size_t kMaxDepth = 3;  // below status; deeper values describe parts, not the object

bool one_of(std::string_view word, Words words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool contains_any(std::string_view text, Words words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

bool ends_with_any(std::string_view text, Words words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.ends_with(word); });
}

// Condition types, in lower case, that are good when True …
constexpr std::array<std::string_view, 18> kGoodEndings{
    "ready",     "available",   "healthy",      "succeeded", "success",     "complete",
    "completed", "established", "programmed",   "accepted",  "synced",      "reconciled",
    "deployed",  "running",     "resolvedrefs", "applied",   "provisioned", "bound"};
// … and those that are bad when True ("CatalogSourcesUnhealthy", "InstallPlanFailed", "PartiallyReady").
constexpr std::array<std::string_view, 10> kBadParts{"fail",     "error",    "unhealthy", "degraded",
                                                     "missing",  "invalid",  "conflict",  "unavailable",
                                                     "notready", "partially"};
// Whether the controller could act on the spec at all; a good "Ready" beside a bad one of these is of an
// older spec.
constexpr std::array<std::string_view, 2> kSpecTypes{"synced", "reconciled"};

struct Found {
  std::vector<Condition> conditions;
  bool stale = false;  // some were of an older generation
};

void collect_conditions(const model::Json& value, std::int64_t generation, std::size_t depth, Found& found) {
  if (depth > kMaxDepth) return;
  if (value.is_array()) {
    for (const model::Json& item : value) collect_conditions(item, generation, depth, found);
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.items()) {
    if (key != "conditions" || !item.is_array()) {
      if (item.is_structured()) collect_conditions(item, generation, depth + 1, found);
      continue;
    }
    for (const model::Json& entry : item) {
      if (auto condition = read_condition(entry, generation)) {
        found.conditions.push_back(*std::move(condition));
      } else {
        found.stale = true;
      }
    }
  }
}

Assessment not_ready(const Condition& condition) {
  const std::string reason = condition.reason.empty() ? "Not" + condition.type : condition.reason;
  return in_progress(reason, condition.message.empty()
                                 ? fmt::format("{} is {}", condition.type, condition.status)
                                 : condition.message);
}

Assessment ready(const Condition& condition) {
  return current(condition.reason.empty() ? condition.type : condition.reason,
                 condition.message.empty() ? condition.type + " is True" : condition.message);
}

std::optional<Assessment> by_conditions(const Input& input) {
  // The object's own "Ready" is the summary (KEP-1623); few others can contradict a good one.
  const auto summary = find_condition(input.object, "Ready");
  if (summary && !summary->is_true()) return not_ready(*summary);
  Found found;
  collect_conditions(model::get_object(input.object.json, "/status"), input.object.generation(), 0, found);
  const Condition* good = nullptr;
  for (const Condition& condition : found.conditions) {
    const std::string type = to_lower(condition.type);
    if (contains_any(type, kBadParts)) {
      if (condition.is_true()) return not_ready(condition);
    } else if (summary ? one_of(type, kSpecTypes) : ends_with_any(type, kGoodEndings)) {
      if (!condition.is_true()) return not_ready(condition);
      good = &condition;
    }
  }
  if (summary) return ready(*summary);
  if (good != nullptr) return ready(*good);
  if (found.stale) return in_progress("WaitingForController", "the controller has not yet seen the change");
  return std::nullopt;
}

enum class Sense { kGood, kNotYet, kSuspended, kUnknown };

// What a status word means. Words in -ing go on, whatever they are ("Provisioning"), but for a few that last.
Sense sense_of(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kGood{"ready",     "running", "active",    "healthy",
                                                         "succeeded", "ok",      "health_ok", "green"};
  static constexpr std::array<std::string_view, 4> kHold{"paused", "suspended", "stopped", "halted"};
  static constexpr std::array<std::string_view, 12> kOpen{"yellow",    "new",       "unknown",    "queued",
                                                          "scheduled", "submitted", "waiting",    "creating",
                                                          "started",   "retry",     "inprogress", "red"};
  static constexpr std::array<std::string_view, 16> kBad{
      "fail",   "error",    "invalid", "degraded", "unhealthy", "notready", "notfound", "reject",
      "denied", "exceeded", "reached", "lost",     "warn",      "crash",    "abort",    "cancel"};
  const std::string word = to_lower(trim(text));
  if (one_of(word, kGood)) return Sense::kGood;
  if (one_of(word, kHold)) return Sense::kSuspended;
  if (one_of(word, kOpen) || contains_any(word, kBad) || word.ends_with("ing") ||
      word.find("pending") != std::string::npos) {
    return Sense::kNotYet;
  }
  return Sense::kUnknown;
}

struct Word {
  std::string field;  // "status.phase"
  std::string text;
};

// String fields named like a status, outer ones first; lists describe parts and are not looked into.
void collect_words(const model::Json& value, const std::string& path, std::size_t depth,
                   std::vector<Word>& out) {
  static constexpr std::array<std::string_view, 4> kNames{"phase", "state", "status", "health"};
  for (const auto& [key, item] : value.items()) {
    if (item.is_string() && ends_with_any(to_lower(key), kNames))
      out.push_back({path + "." + key, item.get<std::string>()});
  }
  if (depth + 1 > kMaxDepth) return;
  for (const auto& [key, item] : value.items()) {
    if (item.is_object()) collect_words(item, path + "." + key, depth + 1, out);
  }
}

std::optional<Assessment> by_words(const Input& input) {
  std::vector<Word> words;
  collect_words(model::get_object(input.object.json, "/status"), "status", 0, words);
  std::erase_if(words, [](const Word& word) {
    return word.text.empty() || word.text == "True" || word.text == "False";
  });
  const auto with = [&](Sense sense) -> const Word* {
    const auto found = std::find_if(words.begin(), words.end(),
                                    [sense](const Word& word) { return sense_of(word.text) == sense; });
    return found == words.end() ? nullptr : &*found;
  };
  if (words.empty()) return std::nullopt;
  if (const Word* word = with(Sense::kNotYet)) {
    return in_progress(word->text, fmt::format("{} is {}", word->field, word->text));
  }
  if (const Word* word = with(Sense::kSuspended)) {
    return suspended(word->text, fmt::format("{} is {}", word->field, word->text),
                     describe_command(input.object));
  }
  // A word nobody knows is more often a good one: trouble has few names.
  return current(words.front().text, fmt::format("{} is {}", words.front().field, words.front().text));
}

std::optional<Assessment> by_error_field(const Input& input) {
  static constexpr std::array<std::string_view, 6> kFields{"/status/error",         "/status/errorMessage",
                                                           "/status/failureReason", "/status/failureMessage",
                                                           "/status/lastError",     "/status/errorReason"};
  for (const std::string_view field : kFields) {
    const std::string text = model::get_string(input.object.json, field);
    if (!text.empty()) return in_progress("ErrorReported", text);
  }
  return std::nullopt;
}

std::optional<Assessment> by_replicas(const Input& input) {
  const model::Json* all = model::find(input.object.json, "/status/replicas");
  const model::Json* done = model::find(input.object.json, "/status/readyReplicas");
  if (all == nullptr || done == nullptr || !all->is_number_integer() || !done->is_number_integer()) {
    return std::nullopt;
  }
  const auto have = done->get<std::int64_t>();
  const std::int64_t want = model::get_int(input.object.json, "/spec/replicas", all->get<std::int64_t>());
  const std::int64_t updated = model::get_int(input.object.json, "/status/updatedReplicas", want);
  const std::string text = fmt::format("{} of {} replicas ready", have, want);
  if (updated < want) return in_progress("Updating", fmt::format("{} of {} replicas updated", updated, want));
  return have == want ? current("ReplicasReady", text) : in_progress("WaitingForReady", text);
}

}  // namespace

Assessment by_convention(const Input& input) {
  for (const std::string_view field : {"/spec/paused", "/spec/suspend", "/spec/suspended"}) {
    if (!model::get_bool(input.object.json, field)) continue;
    return suspended("Paused", fmt::format("{} is true", field.substr(1)), describe_command(input.object));
  }
  const auto conditions = by_conditions(input);
  if (conditions && conditions->status.status != model::HealthStatus::kCurrent) return *conditions;
  if (auto error = by_error_field(input)) return *std::move(error);
  // The object's own Ready needs no second opinion; without one every sign has to agree.
  if (conditions && find_condition(input.object, "Ready")) return *conditions;
  const auto words = by_words(input);
  if (words && words->status.status != model::HealthStatus::kCurrent) return *words;
  if (auto replicas = by_replicas(input)) return *std::move(replicas);
  if (conditions) return *conditions;
  if (words) return *words;
  return current(kNotUnderstood, "the object has a status without conditions or phase");
}

}  // namespace instantexec::status
