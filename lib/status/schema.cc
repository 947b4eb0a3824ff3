#include "status/status.h"

namespace instantexec::status {

// apiextensions.k8s.io/v1: a status subresource, or a status among the schema's properties. A schema that
// keeps unknown fields at its root may hold one too.
std::optional<bool> declares_status(const model::Object& crd, const model::Gvk& gvk) {
  if (crd.kind() != "CustomResourceDefinition" || model::get_string(crd.json, "/spec/group") != gvk.group ||
      model::get_string(crd.json, "/spec/names/kind") != gvk.kind) {
    return std::nullopt;
  }
  for (const model::Json& version : model::get_array(crd.json, "/spec/versions")) {
    if (model::get_string(version, "/name") != gvk.version) continue;
    const model::Json* schema = model::find(version, "/schema/openAPIV3Schema");
    if (schema == nullptr || model::get_bool(*schema, "/x-kubernetes-preserve-unknown-fields")) return true;
    return model::find(version, "/subresources/status") != nullptr ||
           model::find(*schema, "/properties/status") != nullptr;
  }
  return std::nullopt;
}

}  // namespace instantexec::status
