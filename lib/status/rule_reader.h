#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/object.h"
#include "status/custom_rule.h"

namespace instantexec::status {

namespace errors {
inline constexpr ErrorCode kInvalidRule{
    "health.rule-invalid", ExitCode::kUsage, "A health rule holds a mistake.",
    "correct the place named; docs/formats/health-rules.md describes every key"};
}  // namespace errors

// Rules from a parsed document: {rules: [...]} or the list alone. `origin` begins every rule's name: "user",
// "bundled". Error health.rule-invalid with the place in the document ("rules[2].cases[0].when.condition").
[[nodiscard]] Result<std::vector<CustomRule>> read_rules(const model::Json& document,
                                                         std::string_view origin);

// The rule in the object's own annotation kRuleAnnotation, as JSON, without group and kind; nothing when
// there is none. Error health.rule-invalid.
inline constexpr std::string_view kRuleAnnotation = "instantexec.dev/health-rule";
[[nodiscard]] Result<std::vector<CustomRule>> rules_of(const model::Object& object);

}  // namespace instantexec::status
