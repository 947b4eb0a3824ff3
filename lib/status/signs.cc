#include "status/signs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxDepth = 3;  // below status; deeper values describe parts, not the object

// Some controllers keep conditions by type: {"Ready": {"status": "True"}}.
void collect_map(const model::Json& map, std::int64_t generation, std::vector<Condition>& found) {
  for (const auto& [type, item] : map.items()) {
    auto condition = item.is_object() ? read_condition(item, generation) : std::nullopt;
    if (!condition || item.find("status") == item.end()) continue;
    if (condition->type.empty()) condition->type = type;
    found.push_back(*std::move(condition));
  }
}

void collect(const model::Json& value, std::int64_t generation, std::size_t depth, FoundConditions& found) {
  if (depth > kMaxDepth) return;
  if (value.is_array()) {
    for (const model::Json& item : value) collect(item, generation, depth, found);
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.items()) {
    if (key == "conditions" && item.is_object()) {
      collect_map(item, generation, depth == 0 ? found.own : found.parts);
      continue;
    }
    if (key != "conditions" || !item.is_array()) {
      if (item.is_structured()) collect(item, generation, depth + 1, found);
      continue;
    }
    for (const model::Json& entry : item) {
      if (auto condition = read_condition(entry, generation)) {
        (depth == 0 ? found.own : found.parts).push_back(*std::move(condition));
      } else {
        found.stale = true;
      }
    }
  }
}

std::string word_of(const Condition& condition) {
  if (!condition.reason.empty()) return condition.reason;
  return condition.is_true() ? condition.type : "Not" + condition.type;
}

std::string text_of(const Condition& condition) {
  return condition.message.empty() ? fmt::format("{} is {}", condition.type, condition.status)
                                   : condition.message;
}

// "OperandNotReady": what is missing may come.
bool says_not_ready(const std::string& reason) {
  const auto parts = parts_of(reason);
  return parts.size() > 1 && parts.back() == "ready" && parts[parts.size() - 2] == "not";
}

// "ConfigurationUpToDate" is False for a mismatch until the change has gone everywhere.
bool still_spreads(const Condition& condition) {
  const auto type = parts_of(condition.type);
  const auto reason = parts_of(condition.reason);
  if (type.empty() || reason.empty() || reason.back() != "mismatch") return false;
  const bool up_to_date = type.size() > 1 && type.back() == "date" && type[type.size() - 2] == "to";
  return up_to_date || type.back() == "synced" || type.back() == "uptodate";
}

// A condition whose good state does not hold: an error, a pause, or simply not yet.
void explain_lack(const Condition& condition, Sign& out) {
  out.sense = Sense::kBusy;
  // Cluster API's conditions say themselves how bad it is.
  if (condition.severity == "Info") return;
  const Sense reason = sense_of_reason(condition.reason);
  if (reason == Sense::kHold) out.sense = reason;
  if (condition.status == "Unknown" || reason == Sense::kHold || still_spreads(condition)) return;
  if (condition.severity == "Error" || reason == Sense::kBad) {
    out.sense = Sense::kBad;
  } else if (reports_error(condition.message) && condition.reason != "Pending") {
    out.sense = Sense::kBad;
    out.weak = true;
  }
}

void explain_work(const Condition& condition, Sign& out) {
  const Sense reason = sense_of_reason(condition.reason);
  // As Deployments have it: True and "NewReplicaSetAvailable" means done, False and an error given up.
  if (condition.is_true()) {
    out.sense = says_done(condition.reason) ? Sense::kGood : Sense::kBusy;
  } else if (reason == Sense::kHold) {
    out.sense = Sense::kHold;
  } else if (condition.is_false()) {
    out.sense = reason == Sense::kBad ? Sense::kBad : Sense::kNone;
  } else if (!condition.status.empty()) {
    out.sense = Sense::kBusy;
  }
}

// "desiredPhase", "previousState": of another time than now.
bool of_another_time(const std::string& key) {
  static constexpr std::array<std::string_view, 7> kOther{"desired",  "target", "expected", "requested",
                                                          "previous", "former", "history"};
  const auto parts = parts_of(key);
  return !parts.empty() && std::find(kOther.begin(), kOther.end(), parts.front()) != kOther.end();
}

bool named_like_status(const std::string& key) {
  static constexpr std::array<std::string_view, 6> kNames{"phase",  "state", "status",
                                                          "health", "stage", "progress"};
  const std::string lower = to_lower(key);
  return !of_another_time(key) && std::any_of(kNames.begin(), kNames.end(),
                                              [&](std::string_view name) { return lower.ends_with(name); });
}

// Fields that tell how something is or ended, under names of their own.
bool tells_outcome(const std::string& key) {
  static constexpr std::array<std::string_view, 6> kNames{"robustness", "compliant", "compliance",
                                                          "result",     "outcome",   "verdict"};
  return std::find(kNames.begin(), kNames.end(), to_lower(key)) != kNames.end();
}

// Lists of what was: a phase that has passed is none of the object's parts.
bool lists_the_past(const std::string& key) {
  static constexpr std::array<std::string_view, 12> kPast{
      "history", "transition", "transitions", "timestamps", "events", "previous",
      "past",    "last",       "recent",      "attempts",   "runs",   "conditions"};
  const auto parts = parts_of(key);
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return std::find(kPast.begin(), kPast.end(), part) != kPast.end();
  });
}

void collect_words(const model::Json& value, const std::string& path, std::size_t depth, bool ends,
                   Words& out) {
  for (const auto& [key, item] : value.items()) {
    const bool outcome = tells_outcome(key);
    if (!item.is_string() || !(outcome || named_like_status(key))) continue;
    const auto& text = item.get_ref<const std::string&>();
    if (text.empty() || text == "True" || text == "False") continue;
    const std::string field = path + "." + key;
    Sign sign{sense_of_phase(text, ends), text, fmt::format("{} is {}", field, text), false};
    // A health that is "invalid" could not be found out.
    if (to_lower(key) == "health" && to_lower(text) == "invalid") sign.sense = Sense::kUnclear;
    (depth == 0 && !outcome ? out.outer : out.inner).push_back(std::move(sign));
  }
  if (depth + 1 > kMaxDepth) return;
  for (const auto& [key, item] : value.items()) {
    if (item.is_object() && !of_another_time(key))
      collect_words(item, path + "." + key, depth + 1, ends, out);
  }
}

// Words of the items of lists directly below status: "environments[0].phase".
void collect_items(const model::Json& status, Words& out) {
  for (const auto& [key, list] : status.items()) {
    if (!list.is_array() || lists_the_past(key)) continue;
    Words words;
    for (const model::Json& item : list) {
      if (item.is_object()) collect_words(item, "status." + key + "[]", kMaxDepth, false, words);
    }
    // Parts that are well do not speak for the whole.
    std::copy_if(words.inner.begin(), words.inner.end(), std::back_inserter(out.items),
                 [](const Sign& sign) { return sign.sense == Sense::kBusy || sign.sense == Sense::kBad; });
  }
}

// What operators built with Ansible call Running is the reconciliation, not the object
// (sdk.operatorframework.io, "Ansible Operator Status").
bool controller_runs(const Condition& condition) {
  return condition.type == "Running" && condition.reason == "Running" &&
         to_lower(condition.message).find("running reconciliation") != std::string::npos;
}

}  // namespace

FoundConditions collect_conditions(const model::Object& object) {
  FoundConditions out;
  collect(model::get_object(object.json, "/status"), object.generation(), 0, out);
  return out;
}

Sign read_sign(const Condition& condition) {
  Sign out{Sense::kNone, word_of(condition), text_of(condition), false};
  // As wanted, whichever way that is: optional capabilities that are off.
  if (condition.reason == "AsExpected" && condition.is_false()) return out;
  switch (claim_of(condition.type)) {
    case Claim::kNone:
      break;
    case Claim::kGood:
      // "Complete" is True with the reason JobFailed, too.
      if (!condition.is_true())
        explain_lack(condition, out);
      else
        out.sense = sense_of_reason(condition.reason) == Sense::kBad ? Sense::kBad
                    : controller_runs(condition)                     ? Sense::kBusy
                                                                     : Sense::kGood;
      break;
    case Claim::kLack:
      if (condition.is_true()) explain_lack(condition, out);
      break;
    case Claim::kVerdict:
      if (condition.is_true())
        out.sense = Sense::kGood;
      else
        out.sense = condition.is_false() && !says_waiting(condition.reason) ? Sense::kBad : Sense::kBusy;
      break;
    case Claim::kBusy:
      explain_work(condition, out);
      break;
    case Claim::kBad:
      // A condition without a status holds by being there. One whose reason is work under way is no error:
      // operators are Degraded while they deploy.
      if (condition.is_true() || condition.status.empty())
        out.sense =
            names_work(condition.reason) || says_not_ready(condition.reason) ? Sense::kBusy : Sense::kBad;
      break;
    case Claim::kHold:
      if (condition.is_true()) out.sense = Sense::kHold;
      break;
  }
  return out;
}

Words collect_words(const model::Object& object) {
  Words out;
  const model::Json& status = model::get_object(object.json, "/status");
  collect_words(status, "status", 0, runs_to_end(object.kind()), out);
  // A schedule that is scheduled does what it is for.
  for (Sign& word : out.outer) {
    if (word.reason == "Scheduled" && waits_for_its_time(object.kind())) word.sense = Sense::kGood;
  }
  collect_items(status, out);
  return out;
}

std::vector<Sign> faint_signs(const std::vector<Condition>& conditions) {
  std::vector<Sign> out;
  for (const Condition& condition : conditions) {
    Sign sign{Sense::kNone, word_of(condition), text_of(condition), false};
    switch (claim_of(condition.type)) {
      case Claim::kNone:
        sign.sense = sense_of_reason(condition.reason);
        if (sign.sense == (condition.is_true() ? Sense::kBusy : Sense::kGood)) sign.sense = Sense::kNone;
        break;
      case Claim::kBusy:
        // At rest, unless the reason says that it has yet to begin.
        if (condition.is_false() && sense_of_reason(condition.reason) != Sense::kBusy)
          sign.sense = Sense::kGood;
        break;
      case Claim::kBad:
      case Claim::kLack:
      case Claim::kHold:
      case Claim::kGood:
      case Claim::kVerdict:
        break;
    }
    if (sign.sense != Sense::kNone) out.push_back(std::move(sign));
  }
  return out;
}

}  // namespace instantexec::status
