#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/api_catalog.h"
#include "model/finding.h"
#include "model/manifest.h"
#include "model/object.h"

namespace instantexec::plan {

// One wanted object in the form in which it is applied.
struct Desired {
  model::Manifest manifest;
  bool namespaced = true;
  bool kind_arrives = false;  // the server does not serve its kind yet; a CRD of this release brings it

  [[nodiscard]] const model::Object& object() const { return manifest.object; }
};

// Which release the objects belong to.
struct Scope {
  std::string release;
  std::string ns;  // for objects that name none
};

struct Normalised {
  std::vector<Desired> objects;          // in the order given
  std::vector<model::Finding> findings;  // severity error: not one release
};

// Gives every object its identity and its release's marks, and removes what only a server may set (status,
// uid, resourceVersion, managedFields, creationTimestamp, generation). Namespaces are filled in for
// namespaced kinds and removed from cluster-scoped ones. Objects with findings are left out of `objects`.
//
// Findings: manifest.no-identity, manifest.generate-name, manifest.unknown-kind, manifest.duplicate.
[[nodiscard]] Normalised normalise(std::vector<model::Manifest> manifests, const Scope& scope,
                                   const model::ApiCatalog& catalog);

// Sets a label or annotation; `map` is "labels" or "annotations". A map of the wrong type is replaced.
void set_metadata(model::Object& object, std::string_view map, std::string_view key, std::string_view value);

// The kind a CustomResourceDefinition defines, at its first served version; group empty for other objects.
[[nodiscard]] model::Gvk defined_kind(const model::Object& crd);

[[nodiscard]] bool is_crd(const model::Gvk& gvk);
[[nodiscard]] bool is_namespace(const model::Gvk& gvk);

}  // namespace instantexec::plan
