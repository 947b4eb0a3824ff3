#pragma once

#include <optional>
#include <string>

#include "status/custom_rule.h"
#include "status/rule.h"

// Evaluates health rules. Internal to the module.
namespace instantexec::status {

// What a test saw; empty texts when it saw nothing worth telling.
struct Seen {
  std::string reason;
  std::string message;
  Timestamp since;  // last transition of the condition; zero: not known
};

// Nothing when the expression does not hold.
[[nodiscard]] std::optional<Seen> holds(const Expression& expression, const model::Object& object);

// The verdict of the rule's first case that holds, else of `otherwise`; nothing when it leaves the object to
// the conventions.
[[nodiscard]] std::optional<Assessment> by_rule(const CustomRule& rule, const Input& input);

// The verdict of the rule's first case "Suspended" that looks at nothing but the spec and the metadata, and
// holds. Such a case is true whatever the controller has seen.
[[nodiscard]] std::optional<Assessment> suspended_by_spec(const CustomRule& rule, const Input& input);

}  // namespace instantexec::status
