#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/finding.h"
#include "model/manifest.h"

namespace instantexec::analyze {

// Conflicts that can be proven from the objects of the change and, where given, the live ones. Every finding
// names both sides. Rules:
//
//   conflict.duplicate-object  error    one object defined twice (identity without API version)
//   conflict.owned-elsewhere   error    a live object belongs to another release or tool
//   conflict.selector-overlap  error    two workload controllers of one namespace select each other's pods
//   conflict.hpa-replicas      warning  a workload sets spec.replicas and a HorizontalPodAutoscaler scales it

// Conflicts within one set of manifests.
[[nodiscard]] std::vector<model::Finding> find_set_conflicts(std::span<const model::Manifest> manifests);

// Who keeps an object according to its labels and annotations: "Helm release demo/web", "Argo CD application
// shop", "Flux Kustomization flux-system/apps", "kapp app web", "release blog"; nothing when no known tool's
// mark is on it.
[[nodiscard]] std::optional<std::string> owner_of(const model::Object& live);

// Manifests whose live object has another owner than the release named here.
[[nodiscard]] std::vector<model::Finding> find_ownership_conflicts(
    std::span<const model::Manifest> manifests, const std::map<model::ObjectRef, model::Object>& live,
    const std::string& release);

}  // namespace instantexec::analyze
