#pragma once

#include <string>
#include <vector>

#include "status/status.h"

namespace instantexec::status {

// An object with its verdict and what it is made of: release objects → ReplicaSets → pods → containers.
struct HealthNode {
  model::ObjectRef object;
  std::string container;  // of a node that is a container; its `object` is the pod
  std::string api_version;
  model::ObjectStatus status;
  std::string rule;  // as in Assessment; empty for containers
  std::vector<HealthNode> children;
};

// The tree below an object, from everything the index knows. Children are in the order of their names; those
// of an older revision that have no pods any more are left out. Nothing is in it twice.
[[nodiscard]] HealthNode health_tree(const model::Object& root, const ChildIndex& index,
                                     const Context& context);

// Current, or waiting for a person (Suspended): what a deploy takes as ready.
[[nodiscard]] bool counts_as_ready(model::HealthStatus status);

}  // namespace instantexec::status
