#include <algorithm>
#include <array>

#include "base/text.h"
#include "status/rule.h"
#include "status/signs.h"

// Conventions of custom resources: conditions, status words, error fields and replica counts. They tell
// "ready" from "not yet". An error that the object declares is shown as Failed only to those who ask for
// that (Options::declared_failures): an unknown controller may try again.
namespace instantexec::status {
namespace {

const Sign* first(const std::vector<Sign>& signs, Sense sense) {
  const auto found =
      std::find_if(signs.begin(), signs.end(), [sense](const Sign& sign) { return sign.sense == sense; });
  return found == signs.end() ? nullptr : &*found;
}

Assessment verdict(const Sign& sign, const Input& input) {
  switch (sign.sense) {
    case Sense::kHold:
      return suspended(sign.reason, sign.message, describe_command(input.object));
    case Sense::kBad:
      return input.context.options.declared_failures
                 ? failed(sign.reason, sign.message, describe_command(input.object))
                 : in_progress(sign.reason, sign.message);
    case Sense::kUnclear: {
      Assessment out = in_progress(sign.reason, sign.message);
      out.status.status = model::HealthStatus::kUnknown;
      return out;
    }
    case Sense::kBusy:
      return in_progress(sign.reason, sign.message);
    case Sense::kGood:
    case Sense::kNone:
      break;
  }
  return current(sign.reason, sign.message);
}

// The sign that decides among several that have to agree; nullptr when there is none at all.
const Sign* decisive(const std::vector<Sign>& signs) {
  for (const Sense sense : {Sense::kHold, Sense::kBad, Sense::kBusy, Sense::kUnclear, Sense::kGood}) {
    if (const Sign* sign = first(signs, sense)) return sign;
  }
  return nullptr;
}

// What has ended runs no more: "Running" is False beside "Succeeded".
bool has_ended(const std::vector<Condition>& conditions) {
  return std::any_of(conditions.begin(), conditions.end(), [](const Condition& condition) {
    return condition.is_true() &&
           (condition.type == "Succeeded" || condition.type == "Complete" || condition.type == "Completed" ||
            condition.type == "Finished" || condition.type == "Failed");
  });
}

// "Running", "PodRunning", "Active".
bool tells_of_running(const Condition& condition) {
  const auto parts = parts_of(condition.type);
  return !parts.empty() && (parts.back() == "running" || parts.back() == "active");
}

// `over`: a word of the status says that it has ended.
std::vector<Sign> read_signs(const std::vector<Condition>& conditions, bool over = false) {
  std::vector<Sign> out;
  const bool ended = over || has_ended(conditions);
  for (const Condition& condition : conditions) {
    if (ended && !condition.is_true() && tells_of_running(condition)) continue;
    Sign sign = read_sign(condition);
    if (sign.sense != Sense::kNone) out.push_back(std::move(sign));
  }
  return out;
}

// What runs to an end is not ready because it has begun.
void await_end(const model::Object& object, const std::vector<Condition>& conditions,
               std::vector<Sign>& signs) {
  static constexpr std::array<std::string_view, 5> kBegun{"Created", "Running", "Started", "Active",
                                                          "Initialized"};
  if (!runs_to_end(object.kind()) || has_ended(conditions)) return;
  for (const Condition& condition : conditions) {
    if (!condition.is_true() || std::find(kBegun.begin(), kBegun.end(), condition.type) == kBegun.end())
      continue;
    signs.push_back({Sense::kBusy, condition.type, "it has not ended yet", false});
  }
}

// Whether the controller could act on the spec at all: a good "Ready" beside a bad one of these is of an
// older spec.
bool about_the_spec(const Condition& condition) {
  return claim_of(condition.type) == Claim::kVerdict || claim_of(condition.type) == Claim::kHold ||
         condition.type == "Synced" || condition.type == "Reconciled" || condition.type == "Stalled" ||
         condition.type == "UpToDate";
}

// "Upgrading", "UpgradeInProgress": what is ready is still the former one.
bool replaces_what_is_ready(const Condition& condition) {
  static constexpr std::array<std::string_view, 7> kReplaces{
      "upgrade", "upgrading", "update", "updating", "rollout", "rolling", "rollingupdate"};
  const auto parts = parts_of(condition.type);
  return claim_of(condition.type) == Claim::kBusy &&
         std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
           return std::find(kReplaces.begin(), kReplaces.end(), part) != kReplaces.end();
         });
}

// What counts beside a Ready of a kind that runs to an end, which may only mean that it can begin.
bool tells_of_the_end(const Condition& condition) {
  if (!condition.is_true()) return false;
  return claim_of(condition.type) == Claim::kBusy || condition.type == "Completed" ||
         condition.type == "Complete" || condition.type == "Finished";
}

// Signs beside the object's own "Ready", which is the summary of the others (KEP-1623).
std::vector<Sign> with_summary(const Condition& summary, const FoundConditions& found, const Words& words,
                               bool ends) {
  std::vector<Sign> out{read_sign(summary)};
  for (const Condition& condition : found.own) {
    if (condition.type == summary.type) continue;
    Sign sign = read_sign(condition);
    if (sign.sense == Sense::kNone && condition.is_false() &&
        sense_of_reason(condition.reason) == Sense::kBad && claim_of(condition.type) == Claim::kNone) {
      sign.sense = Sense::kBad;
    }
    const bool tells_why = !summary.is_true() && sign.sense == Sense::kBad && !sign.weak;
    if (sign.sense != Sense::kGood && sign.sense != Sense::kNone &&
        (tells_why || about_the_spec(condition) || replaces_what_is_ready(condition) ||
         (ends && tells_of_the_end(condition)))) {
      out.push_back(std::move(sign));
    }
    // While work goes on the words of a message are not the last ones.
    if (!summary.is_true() && claim_of(condition.type) == Claim::kBusy && condition.is_true() &&
        condition.type != "Reconciling" && out.front().weak) {
      out.front().sense = Sense::kBusy;
    }
  }
  // Ready for having been reconciled says that the controller is through, not that its parts are.
  if (summary.is_true() && to_lower(summary.reason).find("reconcil") != std::string::npos) {
    for (Sign item : words.items) {
      item.sense = Sense::kBusy;
      out.push_back(std::move(item));
    }
  }
  for (Sign word : words.outer) {
    if (word.sense == Sense::kGood || word.sense == Sense::kNone || word.sense == Sense::kUnclear) continue;
    // A good summary and a bad word disagree; that is no failure.
    if (word.sense == Sense::kBad && summary.is_true()) word.sense = Sense::kBusy;
    out.push_back(std::move(word));
  }
  return out;
}

// Nothing is wanted and nothing runs: what is missing is missing by request.
bool at_rest(const model::Object& object) {
  const model::Json* wanted = model::find(object.json, "/spec/replicas");
  return wanted != nullptr && wanted->is_number_integer() && *wanted == 0 &&
         model::get_int(object.json, "/status/replicas", -1) == 0;
}

Assessment scaled_to_zero() {
  return current("ScaledToZero", "no replica is wanted and none runs");
}

// The latest generation the controller has dealt with, where it keeps it under a name of its own.
std::optional<std::int64_t> seen_generation(const model::Object& object) {
  for (const std::string_view field :
       {"/status/lastGeneration", "/status/lastObservedGeneration", "/status/reconciledGeneration",
        "/status/lastReconciledGeneration", "/status/processedGeneration", "/status/lastProcessedGeneration",
        "/status/syncedGeneration", "/status/lastSyncedGeneration", "/status/lastHandledGeneration"}) {
    if (const auto value = model::whole_number_at(object.json, field)) return value;
  }
  return std::nullopt;
}

// What counts for less than conditions and the words of status itself. `alone`: there are none of these.
std::vector<Sign> lesser_signs(const Input& input, const Words& words, bool alone) {
  std::vector<Sign> out = words.inner;
  out.insert(out.end(), words.items.begin(), words.items.end());
  for (Sign& flag : flags(input.object)) out.push_back(std::move(flag));
  if (auto error = error_field(input.object)) out.push_back(*std::move(error));
  if (auto count = replicas(input.object)) out.push_back(*std::move(count));
  const std::string message = model::get_string(input.object.json, "/status/message");
  if (alone && first(out, Sense::kGood) == nullptr && reports_error(message)) {
    out.push_back({Sense::kBad, "ErrorReported", message, true});
  }
  const auto seen = seen_generation(input.object);
  if (seen && *seen < input.object.generation()) {
    out.push_back(
        {Sense::kBusy, "WaitingForController", "the controller has not yet seen the change", false});
  }
  return out;
}

// That nothing is under way is not enough for what has yet to end.
bool ends_later(const Sign& sign, const model::Object& object) {
  return sign.sense == Sense::kGood && runs_to_end(object.kind());
}

}  // namespace

std::optional<Assessment> held_by_spec(const Input& input) {
  for (const std::string_view field :
       {"/spec/paused", "/spec/pause", "/spec/suspend", "/spec/suspended", "/spec/stopped", "/spec/shutdown",
        "/spec/runPolicy/suspend", "/spec/updateStrategy/paused",
        "/spec/updateStrategy/rollingUpdate/paused"}) {
    if (!model::get_bool(input.object.json, field)) continue;
    return suspended("Paused", std::string(field.substr(1)) + " is true", describe_command(input.object));
  }
  // "crossplane.io/paused", "strimzi.io/pause-reconciliation": by its name, whoever's it is.
  static constexpr std::array<std::string_view, 6> kPauses{
      "paused", "suspended", "suspend", "pause-reconciliation", "pause-reconcile", "reconcile-paused"};
  for (const auto& [key, value] : input.object.annotations()) {
    const std::string_view name = std::string_view(key).substr(key.find('/') + 1);
    if (key.find('/') == std::string::npos || to_lower(value) == "false" ||
        std::find(kPauses.begin(), kPauses.end(), name) == kPauses.end())
      continue;
    return suspended("Paused", "annotation " + key + " is " + value, describe_command(input.object));
  }
  return std::nullopt;
}

Assessment by_convention(const Input& input) {
  const FoundConditions found = collect_conditions(input.object);
  const Words words = collect_words(input.object);
  const auto summary = std::find_if(found.own.begin(), found.own.end(), [](const Condition& condition) {
    return to_lower(condition.type) == "ready";
  });
  if (summary != found.own.end()) {
    const std::vector<Sign> signs = with_summary(*summary, found, words, runs_to_end(input.object.kind()));
    const Sign& sign = *decisive(signs);
    if (sign.sense == Sense::kBusy && at_rest(input.object)) return scaled_to_zero();
    return verdict(sign, input);
  }
  // Without a summary every sign has to agree.
  const bool over = runs_to_end(input.object.kind()) && first(words.outer, Sense::kGood) != nullptr;
  std::vector<Sign> signs = read_signs(found.own, over);
  if (!first(words.outer, Sense::kGood)) await_end(input.object, found.own, signs);
  for (Sign& sign : read_signs(found.parts)) signs.push_back(std::move(sign));
  signs.insert(signs.end(), words.outer.begin(), words.outer.end());
  const bool good = first(signs, Sense::kGood) != nullptr;
  for (Sign& sign : lesser_signs(input, words, signs.empty())) {
    // Where signs disagree nothing has failed for good.
    if (good && sign.sense == Sense::kBad) sign.sense = Sense::kBusy;
    signs.push_back(std::move(sign));
  }
  // The controller of one part has not answered yet. Outside of a deploy nobody knows whether it ever will.
  if (found.stale && input.context.applied_at != Timestamp{}) {
    signs.push_back(
        {Sense::kBusy, "WaitingForController", "a part of the status is of an older generation", false});
  }
  if (const Sign* sign = decisive(signs)) {
    if (sign->sense == Sense::kBusy && at_rest(input.object)) return scaled_to_zero();
    return verdict(*sign, input);
  }
  if (found.stale) return in_progress("WaitingForController", "the controller has not yet seen the change");
  const std::vector<Sign> faint = faint_signs(found.own);
  if (const Sign* sign = decisive(faint); sign != nullptr && !ends_later(*sign, input.object)) {
    return verdict(*sign, input);
  }
  // A word nobody knows is more often a good one: trouble has few names. But an end has few names, too.
  if (!words.outer.empty() && runs_to_end(input.object.kind()))
    return in_progress(words.outer.front().reason, words.outer.front().message);
  if (!words.outer.empty()) return current(words.outer.front().reason, words.outer.front().message);
  if (!words.inner.empty()) return current(words.inner.front().reason, words.inner.front().message);
  const model::Json& status = model::get_object(input.object.json, "/status");
  if ((status.size() == 1 && observed_generation(input.object)) || seen_generation(input.object)) {
    return current("Observed", "the controller has seen the object and reports no trouble");
  }
  return current(kNotUnderstood, "the object has a status without conditions or phase");
}

}  // namespace instantexec::status
