#include "status/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "base/text.h"

namespace instantexec::status {
namespace {

using Words = std::span<const std::string_view>;

bool one_of(std::string_view word, Words words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool starts_with_any(std::string_view word, Words stems) {
  return std::any_of(stems.begin(), stems.end(),
                     [&](std::string_view stem) { return word.starts_with(stem); });
}

// Stems of words for an attempt that did not succeed.
constexpr std::array<std::string_view, 37> kBadStems{
    "error",     "invalid",   "degrad",   "unhealthy", "denied",    "deny",    "forbid",    "unauthor",
    "reject",    "conflict",  "exceed",   "crash",     "abort",     "cancel",  "lost",      "unreach",
    "mismatch",  "unsupport", "terminal", "timeout",   "timedout",  "broken",  "expired",   "refused",
    "stall",     "oom",       "critical", "fatal",     "panic",     "corrupt", "misconfig", "unrecover",
    "duplicate", "violat",    "incompat", "abnormal",  "irreconcil"};
constexpr std::array<std::string_view, 14> kBadWords{"err",      "dead",  "red",     "bad",     "fail",
                                                     "offline",  "fails", "failed",  "failing", "failure",
                                                     "failures", "fault", "faulted", "faulty"};
constexpr std::array<std::string_view, 6> kNegations{"no", "not", "non", "without", "never", "zero"};

bool bad_part(std::string_view part) {
  return starts_with_any(part, kBadStems) || one_of(part, kBadWords);
}

// Words for a state that is wanted, in phases and in types of conditions.
constexpr std::array<std::string_view, 61> kGoodWords{
    "ready",        "available",  "healthy",    "health",      "succeeded", "success",      "successful",
    "successfully", "complete",   "completed",  "completion",  "done",      "finished",     "ok",
    "okay",         "active",     "running",    "up",          "online",    "green",        "bound",
    "established",  "deployed",   "installed",  "synced",      "insync",    "synchronized", "reconciled",
    "accepted",     "exists",     "exist",      "normal",      "enabled",   "provisioned",  "attached",
    "valid",        "applied",    "created",    "initialized", "connected", "stable",       "serving",
    "programmed",   "registered", "configured", "published",   "joined",    "updated",      "uptodate",
    "passed",       "good",       "resolved",   "ready2use",   "live",      "started",      "operational",
    "latest",       "alive",      "compliant",  "succeeding",  "passing"};

// Words for work that goes on; words in -ing count too.
constexpr std::array<std::string_view, 35> kBusyWords{
    "inprogress", "progress",  "pending", "queued",    "submitted",       "retry",   "retrying",
    "scheduled",  "new",       "yellow",  "init",      "initialize",      "rerun",   "wait",
    "missing",    "notfound",  "draft",   "requested", "preparing",       "unknown", "stopping",
    "update",     "bootstrap", "upgrade", "outofsync", "blocked",         "stale",   "required",
    "requires",   "needed",    "needs",   "partial",   "underreplicated", "stuck",   "unscheduled"};
constexpr std::array<std::string_view, 14> kNoWork{
    "running", "serving", "listening", "existing", "missing",   "nothing",    "string",
    "working", "warning", "pausing",   "timing",   "streaming", "succeeding", "passing"};

constexpr std::array<std::string_view, 10> kHoldWords{"paused", "suspended",  "stopped",     "hibernated",
                                                      "halted", "disabled",   "deactivated", "suspend",
                                                      "onhold", "hibernating"};
// Things that end, by the last part of their name.
constexpr std::array<std::string_view, 20> kEnds{
    "run",     "job",       "task",      "experiment", "workflow", "build",      "backup",
    "restore", "migration", "execution", "operation",  "test",     "evaluation", "scan",
    "plan",    "trial",     "snapshot",  "upload",     "download", "transfer"};
// Good for what stays; what ends has only begun with them.
constexpr std::array<std::string_view, 15> kBegun{
    "running", "active",    "started", "created", "initialized", "accepted", "bound", "registered",
    "joined",  "connected", "enabled", "up",      "online",      "serving",  "live"};
constexpr std::array<std::string_view, 5> kUnclearWords{"unknown", "inconclusive", "indeterminate",
                                                        "undefined", "unspecified"};

// "unavailable", "inactive", "disconnected": the opposite of a good word.
bool opposite(std::string_view part) {
  static constexpr std::array<std::string_view, 4> kPrefixes{"un", "in", "dis", "non"};
  return !one_of(part, kGoodWords) && !bad_part(part) &&
         std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
           return part.starts_with(prefix) && one_of(part.substr(prefix.size()), kGoodWords);
         });
}

bool busy_part(std::string_view part) {
  if (one_of(part, kBusyWords) || opposite(part)) return true;
  return part.size() > 4 && part.ends_with("ing") && !one_of(part, kNoWork);
}

// Denied by the word before it: "not ready", "no warnings".
bool negated(const std::vector<std::string>& parts, std::size_t i) {
  return i > 0 && one_of(parts[i - 1], kNegations);
}

// "NotReady", "PartiallyReady".
bool lacking(const std::vector<std::string>& parts, std::size_t i) {
  return negated(parts, i) || (i > 0 && parts[i - 1] == "partially");
}

// A part that names an error and is not denied. A database that is failing over is at work.
bool names_error(const std::vector<std::string>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool moves = parts[i].starts_with("fail") && i + 1 < parts.size() && parts[i + 1] == "over";
    if (bad_part(parts[i]) && !negated(parts, i) && !moves) return true;
  }
  return false;
}

bool has(const std::vector<std::string>& parts, std::string_view word) {
  return std::find(parts.begin(), parts.end(), word) != parts.end();
}

// Begins with a word for work that goes on in spite of an error: "FinalizingPartiallyFailed". Not so
// "ProvisioningFailed".
bool goes_on(const std::vector<std::string>& parts) {
  static constexpr std::array<std::string_view, 4> kWork{"waiting", "finalizing", "retrying", "recovering"};
  return parts.size() > 1 && one_of(parts.front(), kWork);
}

// "NotFound", "LimitReached", "TimedOut": bad by two words.
bool bad_pair(const std::vector<std::string>& parts) {
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string_view before = parts[i - 1];
    const std::string_view word = parts[i];
    if (before == "not" && (word == "found" || word == "permitted" || word == "allowed" ||
                            word == "supported" || word == "accepted")) {
      return true;
    }
    if (word == "reached" && before == "limit") return true;
    if (word == "out" && before == "timed") return true;
    // What does not exist may yet be made: "DoesNotExist" is the first state of many an object.
    const bool exists = i + 1 < parts.size() && parts[i + 1].starts_with("exist");
    if (before == "does" && word == "not" && !exists) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> parts_of(std::string_view identifier) {
  std::vector<std::string> out;
  std::string part;
  const auto flush = [&] {
    if (!part.empty()) out.push_back(to_lower(part));
    part.clear();
  };
  const auto upper = [&](std::size_t i) {
    return i < identifier.size() && std::isupper(static_cast<unsigned char>(identifier[i])) != 0;
  };
  const auto lower = [&](std::size_t i) {
    return i < identifier.size() && std::islower(static_cast<unsigned char>(identifier[i])) != 0;
  };
  for (std::size_t i = 0; i < identifier.size(); ++i) {
    const char c = identifier[i];
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      flush();
      continue;
    }
    // A new word starts at "aB" and at the last capital of "ABc".
    if (upper(i) && (lower(i - 1) || (i > 0 && upper(i - 1) && lower(i + 1)))) flush();
    part += c;
  }
  flush();
  return out;
}

Sense sense_of_phase(std::string_view phase, bool runs_to_end) {
  constexpr std::size_t kMaxParts = 4;  // more is a sentence; its beginning counts
  auto parts = parts_of(trim(phase));
  if (parts.empty()) return Sense::kNone;
  if (parts.size() > kMaxParts) parts.resize(kMaxParts);
  const std::string joined = join(parts, "");
  if (has(parts, "not") && has(parts, "found")) return Sense::kBusy;  // not there yet, or no longer
  if (one_of(joined, kUnclearWords)) return Sense::kUnclear;
  if (goes_on(parts)) return Sense::kBusy;
  const auto any = [&](auto&& test) { return std::any_of(parts.begin(), parts.end(), test); };
  if (names_error(parts) || bad_pair(parts) || joined == "down" ||
      any([](std::string_view part) { return part.starts_with("warn"); })) {
    return Sense::kBad;
  }
  if (any([](std::string_view part) { return one_of(part, kHoldWords); })) return Sense::kHold;
  if (any(busy_part) || one_of(joined, kBusyWords)) return Sense::kBusy;
  if (one_of(joined, kGoodWords) && !runs_to_end) return Sense::kGood;  // "InSync"
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!one_of(parts[i], kGoodWords)) continue;
    if (lacking(parts, i)) return Sense::kBusy;  // "NotReady"
    if (i > 0 && parts[i] == "running" && one_of(parts[i - 1], kEnds))
      return Sense::kBusy;  // "Build Running"
    return runs_to_end && one_of(parts[i], kBegun) ? Sense::kBusy : Sense::kGood;
  }
  return Sense::kNone;
}

Sense sense_of_reason(std::string_view reason) {
  const auto parts = parts_of(reason);
  if (parts.empty()) return Sense::kNone;
  if (names_error(parts) || bad_pair(parts)) return Sense::kBad;
  for (const std::string_view hold : {"paused", "suspended", "hibernating", "hibernated"}) {
    if (has(parts, hold)) return Sense::kHold;
  }
  if (parts.size() == 1 && (parts[0] == "stopped" || parts[0] == "disabled")) return Sense::kHold;
  const std::size_t last = parts.size() - 1;
  if (one_of(parts[last], kGoodWords)) return lacking(parts, last) ? Sense::kBusy : Sense::kGood;
  if (std::any_of(parts.begin(), parts.end(), busy_part)) return Sense::kBusy;
  for (std::size_t i = 0; i < last; ++i) {
    if (one_of(parts[i], kGoodWords)) return lacking(parts, i) ? Sense::kBusy : Sense::kGood;
  }
  return Sense::kNone;
}

bool reports_error(std::string_view message) {
  // What is missing may come; that alone is no error.
  static constexpr std::array<std::string_view, 18> kPhrases{
      "failed to ", "failed with", "error",    "invalid ",     "cannot ",      "could not ",
      "couldn't ",  "unable to ",  "denied",   "forbidden",    "unauthorized", "already exists",
      "quota",      "has failed",  " failed:", "is not valid", "no such ",     "crashloopbackoff"};
  std::string text = to_lower(trim(message));
  for (const std::string_view fine : {"no error", "without error", "0 error"}) {
    if (text.find(fine) != std::string::npos) return false;
  }
  while (text.ends_with('.')) text.pop_back();
  if (text.ends_with("failed")) return true;
  return std::any_of(kPhrases.begin(), kPhrases.end(),
                     [&](std::string_view phrase) { return text.find(phrase) != std::string::npos; });
}

Claim claim_of(std::string_view type) {
  static constexpr std::array<std::string_view, 9> kVerdicts{"accepted",  "admitted",     "valid",
                                                             "validated", "resolvedrefs", "schemavalid",
                                                             "specvalid", "validation",   "configvalid"};
  // "ReconciliationPaused" too.
  static constexpr std::array<std::string_view, 6> kHolds{"paused",     "suspended",   "stopped",
                                                          "hibernated", "hibernating", "shutdown"};
  // "Progressing" and kin are told by -ing; these are nouns.
  static constexpr std::array<std::string_view, 4> kWork{"update", "upgrade", "rollout", "progress"};
  // True or not, they say nothing about how the object is.
  static constexpr std::array<std::string_view, 11> kNeutral{
      "deprecated", "superseded", "limited",   "changed",    "modified", "skipped",
      "deferred",   "managed",    "unmanaged", "customized", "removed"};
  static constexpr std::array<std::string_view, 14> kLacks{
      "blocked",  "detached", "deleted",  "terminated", "evicted", "interrupted", "throttled",
      "orphaned", "outdated", "required", "needed",     "missed",  "quarantined", "overloaded"};
  const auto lacks = [](std::string_view part) { return one_of(part, kLacks) || opposite(part); };
  const auto parts = parts_of(type);
  const std::string joined = join(parts, "");
  if (one_of(joined, kVerdicts)) return Claim::kVerdict;
  if (joined == "ignored") return Claim::kHold;
  if (!parts.empty() && one_of(parts.back(), kHolds)) {
    return negated(parts, parts.size() - 1) ? Claim::kNone : Claim::kHold;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (bad_part(parts[i])) return negated(parts, i) ? Claim::kGood : Claim::kBad;
    // "NoWarnings" is good; a warning is not yet bad.
    if (parts[i].starts_with("warn")) return negated(parts, i) ? Claim::kGood : Claim::kNone;
  }
  // Something newer is there to be had, or not: neither is a health.
  if (parts.size() > 1 && parts.back() == "available" && one_of(parts[parts.size() - 2], kWork)) {
    return Claim::kNone;
  }
  if (!parts.empty() && one_of(parts.back(), kNeutral)) return Claim::kNone;  // "DNSManaged" too
  if (std::any_of(parts.begin(), parts.end(), lacks)) return Claim::kLack;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool scaling_up = parts[i] == "up" && i > 0 && parts[i - 1].ends_with("ing");
    if (one_of(parts[i], kGoodWords) && !scaling_up) return lacking(parts, i) ? Claim::kLack : Claim::kGood;
  }
  for (const std::string& part : parts) {
    if (part.size() > 4 && part.ends_with("ing") && !one_of(part, kNoWork)) return Claim::kBusy;
  }
  if (!parts.empty() && one_of(parts.back(), kWork)) return Claim::kBusy;
  if (!parts.empty() && parts.back().size() > 4 && parts.back().ends_with("ed")) return Claim::kGood;
  return Claim::kNone;
}

bool says_done(std::string_view reason) {
  static constexpr std::array<std::string_view, 7> kDone{"available", "complete", "completed", "succeeded",
                                                         "success",   "ready",    "finished"};
  const auto parts = parts_of(reason);
  return !parts.empty() && one_of(parts.back(), kDone) && !lacking(parts, parts.size() - 1);
}

bool says_waiting(std::string_view reason) {
  const auto parts = parts_of(reason);
  return std::any_of(parts.begin(), parts.end(), busy_part);
}

bool names_work(std::string_view reason) {
  const auto parts = parts_of(reason);
  if (names_error(parts) || bad_pair(parts)) return false;
  return std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part == "progress" || part == "inprogress" ||
           (part.size() > 4 && part.ends_with("ing") && !one_of(part, kNoWork));
  });
}

bool waits_for_its_time(std::string_view kind) {
  const auto parts = parts_of(kind);
  if (parts.size() < 2) return kind == "Schedule";
  return parts.front() == "cron" || parts.front() == "scheduled" || parts.back() == "schedule";
}

bool runs_to_end(std::string_view kind) {
  const auto parts = parts_of(kind);
  if (parts.empty() || !one_of(parts.back(), kEnds)) return false;
  return !one_of(parts.front(), std::array<std::string_view, 3>{"cron", "scheduled", "scaled"});
}

}  // namespace instantexec::status
