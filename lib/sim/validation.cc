#include "sim/validation.h"

#include "sim/prepare.h"
#include "sim/validation_rules.h"

namespace instantexec::sim {
Verdict validate(const model::Object& object, const model::Object& live, const ServedKind& kind) {
  FieldErrors errors;
  check_metadata(object, kind, errors);
  check_schema(object.json, kind, errors);
  if (const ValidationRule rule = rule_for(kind_and_group(kind))) rule(object.json, errors);
  if (!live.name().empty()) {
    if (const ImmutabilityRule rule = immutability_for(kind_and_group(kind)))
      rule(object.json, live.json, errors);
  }
  if (errors.causes.empty()) return {};
  return invalid(kind_and_group(kind), object.name(), std::move(errors));
}

}  // namespace instantexec::sim
