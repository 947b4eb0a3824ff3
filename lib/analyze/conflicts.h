#pragma once

#include <span>
#include <vector>

#include "model/finding.h"
#include "model/manifest.h"

namespace instantexec::analyze {

// Conflicts that can be proven from the objects of the change alone. Every finding names both sides. Rules:
//
//   conflict.duplicate-object  error    one object defined twice (identity without API version)
//   conflict.selector-overlap  error    two workload controllers of one namespace select each other's pods
//   conflict.hpa-replicas      warning  a workload sets spec.replicas and a HorizontalPodAutoscaler scales it

// Conflicts within one set of manifests.
[[nodiscard]] std::vector<model::Finding> find_set_conflicts(std::span<const model::Manifest> manifests);

}  // namespace instantexec::analyze
