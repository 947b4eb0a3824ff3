#pragma once

#include <optional>
#include <string>
#include <vector>

#include "status/rule.h"
#include "status/words.h"

// What a status of an unknown kind says, sign by sign. Internal to the module.
namespace instantexec::status {

struct Sign {
  Sense sense = Sense::kNone;
  std::string reason;
  std::string message;
  bool weak = false;  // rests on the words of a message alone
};

// Conditions of the present generation, wherever they are below status.
struct FoundConditions {
  std::vector<Condition> own;    // of status.conditions
  std::vector<Condition> parts;  // of listeners, parents, ancestors …
  bool stale = false;            // some were of an older generation
};
[[nodiscard]] FoundConditions collect_conditions(const model::Object& object);

// A condition that is not as its type wants it: why, and whether that is an error or work under way. kGood
// when it is as wanted; kNone when its type is not known.
[[nodiscard]] Sign read_sign(const Condition& condition);

// What conditions say that read_sign makes nothing of, for objects of which nothing else is known: the reason
// of an unknown type, and that no work is under way ("Progressing" is False).
[[nodiscard]] std::vector<Sign> faint_signs(const std::vector<Condition>& conditions);

// Strings in fields named like a status ("phase", "printableStatus"), by sense.
struct Words {
  std::vector<Sign> outer;  // directly in status
  std::vector<Sign> inner;
  std::vector<Sign> items;  // of the items of lists in status, which describe parts: only kBusy and kBad
};
[[nodiscard]] Words collect_words(const model::Object& object);

// Flags in status named like a state: "ready: true", "synced: false", "ready: 1/3".
[[nodiscard]] std::vector<Sign> flags(const model::Object& object);

// status.errorMessage, status.failureReason and the like, and lists of errors, when not empty.
[[nodiscard]] std::optional<Sign> error_field(const model::Object& object);

// Replicas (or nodes, members …) that are missing or of an older revision, by the usual fields and by pairs
// such as readyNodes and desiredNodes; kGood when none is.
[[nodiscard]] std::optional<Sign> replicas(const model::Object& object);

}  // namespace instantexec::status
