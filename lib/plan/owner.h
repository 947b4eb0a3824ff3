#pragma once

#include <optional>
#include <string>

#include "model/object.h"
#include "plan/desired.h"

namespace instantexec::plan {

// Who else looks after an object.
struct ForeignOwner {
  std::string tool;  // "Helm release", "Argo CD application", "another instantexec release" …
  std::string name;  // sanitised
};

// The tool, release or controller that says it owns the live object, unless that is the release itself.
// Known: Helm, Argo CD, Flux, kapp, ApplySets, other instantexec releases, and controllers (ownerReferences).
[[nodiscard]] std::optional<ForeignOwner> foreign_owner(const model::Object& live, const Scope& scope);

// The live object carries the marks of this release.
[[nodiscard]] bool owned_by(const model::Object& live, const Scope& scope);

// The user asked to keep the object when it leaves the release (our annotation, or Helm's resource policy).
[[nodiscard]] bool kept_by_annotation(const model::Object& live);

}  // namespace instantexec::plan
