#pragma once

#include <string>

#include "model/object.h"
#include "plan/plan.h"

namespace instantexec::plan {

struct Grade {
  Reversibility reversibility = Reversibility::kExact;
  std::string reason;  // empty for R0
};

// A StatefulSet whose claims outlive it: there are templates of them, and they are not deleted with the set
// (KEP-1847).
[[nodiscard]] bool keeps_claims(const model::Object& set);

// What an undo of creating this object leaves behind.
[[nodiscard]] Grade grade_create(const model::Object& wanted);
// What an undo cannot take back of a change; `after` is what the server would store.
[[nodiscard]] Grade grade_configure(const model::Object& live, const model::Object& after);
// What is lost when the object is pruned and a later rollback brings it back.
[[nodiscard]] Grade grade_prune(const model::Object& live);

}  // namespace instantexec::plan
