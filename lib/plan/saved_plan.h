#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/object.h"
#include "plan/plan.h"

// A plan kept in a file between `plan --out` and `deploy --plan`.
namespace instantexec::plan {

// Everything a later run needs to do exactly this, or to see that it cannot any more. Holds manifests with
// Secret values, so the file is for its owner only.
struct SavedPlan {
  Plan plan;
  std::vector<model::Object> manifests;  // of the first steps of the plan
  // For each step what its object was like: a digest of its canonical form, of a Secret its resourceVersion;
  // empty: it did not exist.
  std::vector<std::string> states;
  int revision = 0;  // in force when it was planned
  std::string field_manager;
  bool prune = true;
  bool force_conflicts = false;
  bool adopt = false;
  bool accept_irreversible = false;
};

// What SavedPlan::states keeps of an object.
[[nodiscard]] std::string state_of(const model::Object& live);

// JSON with a schema version and a digest of its own content.
[[nodiscard]] std::string encode(const SavedPlan& saved);
// Error plan.invalid when it cannot be read, was altered, or is of a newer schema.
[[nodiscard]] Result<SavedPlan> decode_saved_plan(std::string_view bytes);

// Why what would be done now is not what was planned, one line for each object; empty: it is the same,
// whatever status the objects got meanwhile. `now` is planned from the manifests of `saved`.
[[nodiscard]] std::vector<std::string> drift(const SavedPlan& saved, const SavedPlan& now);

}  // namespace instantexec::plan
