#pragma once

#include <string>
#include <vector>

namespace instantexec::status {

// One observation a rule looks for: a condition in status.conditions, or a value anywhere in the object.
struct RuleMatch {
  std::string condition;             // condition type; empty: look at `pointer`
  std::string pointer;               // JSON pointer to a scalar, "/status/phase"
  std::vector<std::string> values;   // the condition's status or the scalar as text; empty: any value
  std::vector<std::string> reasons;  // of the condition; empty: any
};

// How to judge one kind of custom resource. Looked at in this order: `failed`, `suspended`, `ready` (all of
// its matches must hold), else it is in progress. Conditions observed for an older generation are ignored.
struct CustomRule {
  std::string group;
  std::string kind;  // empty: every kind of the group
  std::vector<RuleMatch> ready;
  std::vector<RuleMatch> failed;     // any one suffices
  std::vector<RuleMatch> suspended;  // any one suffices
};

}  // namespace instantexec::status
