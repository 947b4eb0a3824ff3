#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/gvk.h"
#include "model/status.h"
#include "status/json_path.h"

namespace instantexec::status {

// Health rules as values; docs/formats/health-rules.md describes the language, rule_reader.h reads it.

// The right side of a comparison: a literal, or a value elsewhere in the object.
struct Operand {
  std::optional<JsonPath> path;
  model::Json literal;  // beside a path: what holds when nothing is there; null: then the comparison fails
};

// One test of an object, or a combination of tests.
struct Expression {
  enum class Op { kAll, kAny, kNot, kCondition, kPath };
  Op op = Op::kAll;
  std::vector<Expression> operands;  // of kAll, kAny, kNot (one); kAll of nothing holds

  // kCondition: an item of a list of conditions. kPath: values anywhere.
  std::string type;                  // of the condition
  JsonPath path;                     // of the list (default status.conditions), or of the values
  std::vector<std::string> status;   // one of these; default "True"
  std::vector<std::string> reason;   // one of these; empty: any
  std::vector<std::string> message;  // holds one of these texts, letter case aside; empty: any

  std::optional<bool> exists;
  std::vector<Operand> equals;  // one of these; empty: not compared
  std::optional<Operand> below;
  std::optional<Operand> at_least;
  std::vector<std::string> contains;     // one of these texts, letter case aside
  std::vector<std::string> starts_with;  // one of these texts
  std::optional<model::Json> otherwise;  // stands for a value that is not there
  bool every = false;                    // all values (at least one) instead of any
};

// Controllers try again, and what an object refers to may come with the same release.
inline constexpr Duration kDefaultGrace{120'000};

struct RuleCase {
  model::HealthStatus status = model::HealthStatus::kInProgress;
  Expression when;
  std::string reason;                    // empty: the condition's, or the value found
  std::string message;                   // empty: the condition's, or what was compared
  std::optional<JsonPath> message_from;  // a text of the object
  // How long a Failed case has to hold, counted from the apply or from the condition's last transition,
  // whichever is later; until then it is InProgress. Nothing to wait for in a snapshot.
  Duration grace = kDefaultGrace;
};

// How to judge kinds of custom resources: the first case that holds decides.
struct CustomRule {
  // kObserved: a status.observedGeneration that is there must not be behind. kRequired: it must be there.
  // kIgnored: it means something else in this kind.
  enum class Generation { kObserved, kRequired, kIgnored };

  std::string name;                 // "user cert-manager.io/Certificate"
  std::vector<std::string> groups;  // "*.example.com" is every group below example.com
  std::vector<std::string> kinds;   // empty: every kind of the groups
  Generation generation = Generation::kObserved;
  std::vector<RuleCase> cases;
  // When no case holds. Unset: by the conventions of custom resources.
  std::optional<model::HealthStatus> otherwise = model::HealthStatus::kInProgress;
  std::string docs;  // where the project documents the fields

  [[nodiscard]] bool applies_to(const model::Gvk& gvk) const;
};

}  // namespace instantexec::status
