#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.h"
#include "status/signs.h"

// Flags and counts of a status.
namespace instantexec::status {
namespace {

std::optional<std::int64_t> number(const model::Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(std::string(key)) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_number_integer()) return std::nullopt;
  if (*found < 0) return std::nullopt;  // some controllers write -1 for "not known"
  return found->get<std::int64_t>();
}

// "1/3" → 1 and 3.
std::optional<std::pair<std::int64_t, std::int64_t>> ratio(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  std::int64_t have = 0;
  std::int64_t want = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), text.data() + slash, have);
  const auto second = std::from_chars(text.data() + slash + 1, end, want);
  if (first.ec != std::errc{} || first.ptr != text.data() + slash) return std::nullopt;
  if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
  return std::pair{have, want};
}

Sign counted_parts(std::int64_t have, std::int64_t want, std::string_view what) {
  const std::string text = fmt::format("{} of {} {} ready", have, want, what);
  return have >= want ? Sign{Sense::kGood, "ReplicasReady", text, false}
                      : Sign{Sense::kBusy, "WaitingForReady", text, false};
}

Sign counted_replicas(std::int64_t have, std::int64_t want, std::int64_t updated) {
  if (updated < want) {
    return {Sense::kBusy, "Updating", fmt::format("{} of {} replicas updated", updated, want), false};
  }
  Sign out = counted_parts(have, want, "replicas");
  if (have > want)
    out = {Sense::kBusy, "ScalingDown", fmt::format("{} of {} replicas to stay", want, have), false};
  return out;
}

// Replicas that a partition keeps at the former revision, as StatefulSets and their imitators have it.
std::int64_t kept_back(const model::Json& spec) {
  const std::int64_t set = model::get_int(spec, "/updateStrategy/rollingUpdate/partition");
  return std::max<std::int64_t>(0, model::get_int(spec, "/updateStrategy/partition", set));
}

// Replicas by the fields of scalable kinds; nothing when they are not all there.
std::optional<Sign> by_scale(const model::Json& status, const model::Json& spec) {
  const auto all = number(status, "replicas");
  auto done = number(status, "readyReplicas");
  if (!done) done = number(status, "availableReplicas");
  if (!all || !done) return std::nullopt;
  const std::int64_t want = number(spec, "replicas").value_or(*all);
  const auto updated = number(status, "updatedReplicas");
  return counted_replicas(*done, want,
                          updated && *updated >= want - kept_back(spec) ? want : updated.value_or(want));
}

// A revision that is to replace another one has not yet done so: the contract of StatefulSets.
std::optional<Sign> by_revision(const model::Json& status, const model::Json& spec) {
  const std::string now = model::get_string(status, "/currentRevision");
  const std::string next = model::get_string(status, "/updateRevision");
  if (now.empty() || next.empty() || now == next || kept_back(spec) > 0) return std::nullopt;
  if (model::get_string(spec, "/updateStrategy/type") == "OnDelete") return std::nullopt;
  return Sign{Sense::kBusy, "Updating", "the new revision is not yet the current one", false};
}

// "unavailableReplicas", "notReadyNodes", "unhealthyMembers": counts that should be zero.
std::optional<Sign> by_lack(const model::Json& status) {
  static constexpr std::array<std::string_view, 4> kLacks{"unavailable", "unready", "notReady", "unhealthy"};
  for (const auto& [key, value] : status.items()) {
    const bool lack = std::any_of(kLacks.begin(), kLacks.end(), [&key = key](std::string_view word) {
      return key.size() > word.size() && key.starts_with(word) &&
             std::isupper(static_cast<unsigned char>(key[word.size()])) != 0;
    });
    if (!lack || !value.is_number_integer() || value.get<std::int64_t>() <= 0) continue;
    return Sign{Sense::kBusy, "WaitingForReady",
                fmt::format("status.{} is {}", key, value.get<std::int64_t>()), false};
  }
  return std::nullopt;
}

// "instances: 2" in the status of what asks for three.
std::optional<Sign> by_size(const model::Json& status, const model::Json& spec) {
  for (const std::string_view noun : {"replicas", "instances", "nodes", "members", "size"}) {
    const auto have = number(status, noun);
    const auto want = number(spec, noun);
    if (have && want) return counted_parts(*have, *want, noun);
  }
  return std::nullopt;
}

// "readyNodes" and "nodes", "desiredNodes" or "totalNodes", in the status or in the spec; "currentHealthy"
// and "expectedHealthy" or "desiredHealthy".
std::optional<Sign> by_names(const model::Json& status, const model::Json& spec) {
  static constexpr std::array<std::string_view, 6> kHave{"ready",   "available", "healthy",
                                                         "current", "updated",   "upToDate"};
  std::optional<Sign> out;
  for (const auto& [key, value] : status.items()) {
    const auto prefix = std::find_if(kHave.begin(), kHave.end(), [&key = key](std::string_view word) {
      return key.size() > word.size() && key.starts_with(word) &&
             std::isupper(static_cast<unsigned char>(key[word.size()])) != 0;
    });
    if (prefix == kHave.end() || !value.is_number_integer()) continue;
    const std::string noun = key.substr(prefix->size());
    std::string plain = noun;
    plain[0] = to_lower(noun).front();
    const bool current = *prefix == "current";  // "replicas" beside it may count the same thing
    std::optional<std::int64_t> want = current ? std::nullopt : number(spec, plain);
    for (const std::string& name :
         {"desired" + noun, "expected" + noun, "total" + noun, "matched" + noun, plain}) {
      if (!want && !(current && name == plain)) want = number(status, name);
    }
    if (!want) continue;
    const bool updated = prefix->starts_with("up");
    const Sign sign =
        counted_parts(value.get<std::int64_t>(), updated ? *want - kept_back(spec) : *want, to_lower(noun));
    if (!out || sign.sense == Sense::kBusy) out = sign;
    if (sign.sense == Sense::kBusy) break;
  }
  return out;
}

// Lists of parts that count their replicas each, or have a flag; only what is missing tells something.
std::optional<Sign> by_parts(const model::Json& status) {
  for (const auto& [key, list] : status.items()) {
    if (!list.is_array()) continue;
    for (const model::Json& part : list) {
      if (auto sign = by_scale(part, model::Json::object()); sign && sign->sense == Sense::kBusy) return sign;
      // Parts that say themselves that they are not ready.
      for (const char* flag : {"/ready", "/healthy", "/available"}) {
        if (model::get_bool(part, flag, true)) continue;
        const std::string name = model::get_string(part, "/name", key);
        return Sign{Sense::kBusy, "WaitingForReady", fmt::format("{} is not {}", name, flag + 1), false};
      }
    }
  }
  return std::nullopt;
}

std::optional<bool> truth(const model::Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  const std::string text = value.is_string() ? to_lower(value.get<std::string>()) : std::string{};
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

// Words whose "false" means that something is still missing.
bool awaited(std::string_view key) {
  static constexpr std::array<std::string_view, 21> kAwaited{
      "ready",     "healthy",    "available",   "synced",      "succeeded",  "completed",  "provisioned",
      "deployed",  "installed",  "initialized", "bound",       "applied",    "reconciled", "attached",
      "connected", "configured", "accepted",    "established", "registered", "programmed", "complete"};
  const auto parts = parts_of(key);
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return std::find(kAwaited.begin(), kAwaited.end(), part) != kAwaited.end();
  });
}

// "None" where an error would stand.
bool says_none(const std::string& text) {
  static constexpr std::array<std::string_view, 8> kNone{"none", "nil", "null", "no",
                                                         "ok",   "n/a", "-",    "no error"};
  const std::string word = to_lower(trim(text));
  return std::find(kNone.begin(), kNone.end(), word) != kNone.end();
}

std::string text_of(const model::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  for (const char* field : {"/message", "/description", "/error", "/reason"}) {
    if (std::string text = model::get_string(value, field); !text.empty()) return text;
  }
  return "an error is listed";
}

}  // namespace

std::vector<Sign> flags(const model::Object& object) {
  std::vector<Sign> out;
  for (const auto& [key, value] : model::get_object(object.json, "/status").items()) {
    const Sense sense = sense_of_phase(key, false);
    if (sense == Sense::kNone || sense == Sense::kUnclear) continue;
    const std::string shown = value.is_string()                         ? value.get<std::string>()
                              : value.is_boolean() && value.get<bool>() ? "true"
                                                                        : "false";
    const std::string text = fmt::format("status.{} is {}", key, shown);
    if (const auto counts = value.is_string() ? ratio(shown) : std::nullopt;
        counts && sense == Sense::kGood) {
      out.push_back(counted_parts(counts->first, counts->second, "parts"));
    } else if (const auto said = truth(value)) {
      if (*said) out.push_back({sense, key, text, false});
      if (!*said && sense == Sense::kGood && awaited(key)) out.push_back({Sense::kBusy, key, text, false});
    }
  }
  return out;
}

std::optional<Sign> error_field(const model::Object& object) {
  static constexpr std::array<std::string_view, 7> kFields{
      "/status/error",     "/status/errorMessage", "/status/failureReason",   "/status/failureMessage",
      "/status/lastError", "/status/errorReason",  "/status/errorDescription"};
  static constexpr std::array<std::string_view, 4> kLists{"/status/errors", "/status/problems",
                                                          "/status/lastErrors", "/status/validationErrors"};
  for (const std::string_view field : kFields) {
    const std::string text = model::get_string(object.json, field);
    if (!text.empty() && !says_none(text)) return Sign{Sense::kBad, "ErrorReported", text, false};
  }
  for (const std::string_view list : kLists) {
    const model::Json& errors = model::get_array(object.json, list);
    if (!errors.empty()) return Sign{Sense::kBad, "ErrorReported", text_of(errors.front()), false};
  }
  return std::nullopt;
}

std::optional<Sign> replicas(const model::Object& object) {
  const model::Json& status = model::get_object(object.json, "/status");
  for (const auto& [key, item] : status.items()) {
    if (!item.is_object()) continue;
    const auto pair = ratio(model::get_string(item, "/statusReplicas"));
    if (pair) return counted_replicas(pair->first, pair->second, pair->second);
  }
  // As DaemonSets have it.
  const auto nodes = number(status, "desiredNumberScheduled");
  if (const auto there = number(status, "numberAvailable"); nodes && there) {
    return counted_replicas(*there, *nodes, number(status, "updatedNumberScheduled").value_or(*nodes));
  }
  const model::Json& spec = model::get_object(object.json, "/spec");
  if (auto sign = by_revision(status, spec)) return sign;
  std::optional<Sign> sign = by_scale(status, spec);
  if (!sign) sign = by_names(status, spec);
  if (!sign) sign = by_parts(status);
  if (!sign || sign->sense == Sense::kGood) {
    if (auto lack = by_lack(status)) return lack;
  }
  return sign ? sign : by_size(status, spec);
}

}  // namespace instantexec::status
