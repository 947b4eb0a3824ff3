#include "sim/registry.h"

#include <algorithm>
#include <array>

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_bool;
using model::get_string;
using model::Json;

// Built-in kinds whose strategies count generations.
constexpr std::array<std::string_view, 28> kWithGeneration = {"Pod",
                                                              "PodTemplate",
                                                              "ReplicationController",
                                                              "DaemonSet",
                                                              "Deployment",
                                                              "ReplicaSet",
                                                              "StatefulSet",
                                                              "CronJob",
                                                              "Job",
                                                              "Ingress",
                                                              "NetworkPolicy",
                                                              "IngressClass",
                                                              "PodDisruptionBudget",
                                                              "FlowSchema",
                                                              "PriorityClass",
                                                              "EndpointSlice",
                                                              "CustomResourceDefinition",
                                                              "VolumeAttachment",
                                                              "MutatingWebhookConfiguration",
                                                              "ValidatingWebhookConfiguration",
                                                              "ValidatingAdmissionPolicy",
                                                              "ValidatingAdmissionPolicyBinding",
                                                              "MutatingAdmissionPolicy",
                                                              "MutatingAdmissionPolicyBinding",
                                                              "PriorityLevelConfiguration",
                                                              "ResourceSlice",
                                                              "ServiceCIDR",
                                                              "IPAddress"};

const std::set<std::string>& custom_verbs() {
  static const std::set<std::string> kVerbs = {"create", "delete", "deletecollection", "get",
                                               "list",   "patch",  "update",           "watch"};
  return kVerbs;
}

bool defined_by(const ServedKind& kind, const Json& definition) {
  return kind.custom && kind.resource.gvk.group == get_string(definition, "/spec/group") &&
         kind.resource.gvk.kind == get_string(definition, "/spec/names/kind");
}

ServedKind custom_kind(const Json& definition, const Json& version) {
  ServedKind kind;
  kind.custom = true;
  kind.has_generation = true;
  kind.resource.gvk = {get_string(definition, "/spec/group"), get_string(version, "/name"),
                       get_string(definition, "/spec/names/kind")};
  kind.resource.resource = get_string(definition, "/spec/names/plural");
  kind.resource.namespaced = get_string(definition, "/spec/scope") == "Namespaced";
  kind.resource.verbs = custom_verbs();
  for (const Json& name : get_array(definition, "/spec/names/shortNames")) {
    if (name.is_string()) kind.resource.short_names.insert(name.get<std::string>());
  }
  kind.storage_group = kind.resource.gvk.group;
  const Json& subresources = model::get_object(version, "/subresources");
  for (const auto& [name, unused] : subresources.items()) kind.resource.subresources.insert(name);
  kind.has_status = subresources.contains("status");
  return kind;
}

}  // namespace

bool ServedKind::needs_version() const {
  // The strategies that allow no unconditional update.
  static const std::set<std::string, std::less<>> kGroups = {
      "admissionregistration.k8s.io", "apiextensions.k8s.io", "coordination.k8s.io",
      "flowcontrol.apiserver.k8s.io", "node.k8s.io",          "policy"};
  return custom || kGroups.contains(resource.gvk.group);
}

Registry::Registry() {
  for (const KindInfo& info : builtin_kinds()) {
    ServedKind kind;
    kind.resource = info.resource;
    kind.type = info.type;
    kind.storage_group = info.resource.gvk.group == "events.k8s.io" ? "" : info.resource.gvk.group;
    kind.has_status = info.resource.subresources.contains("status");
    kind.has_generation = std::find(kWithGeneration.begin(), kWithGeneration.end(), info.resource.gvk.kind) !=
                          kWithGeneration.end();
    kinds_.push_back(std::move(kind));
  }
  rebuild();
}

const ServedKind* Registry::find(const model::Gvk& gvk) const {
  const auto it = std::find_if(kinds_.begin(), kinds_.end(),
                               [&](const ServedKind& kind) { return kind.resource.gvk == gvk; });
  return it == kinds_.end() ? nullptr : &*it;
}

const ServedKind* Registry::find_kind(std::string_view group, std::string_view kind) const {
  const auto it = std::find_if(kinds_.begin(), kinds_.end(), [&](const ServedKind& served) {
    return served.resource.gvk.kind == kind && served.resource.gvk.group == group;
  });
  return it == kinds_.end() ? nullptr : &*it;
}

void Registry::serve(const model::Object& definition) {
  const Json& json = definition.json;
  std::erase_if(kinds_, [&](const ServedKind& kind) { return defined_by(kind, json); });
  types_.push_back(std::make_unique<TypeTable>());
  std::vector<ServedKind> served;
  for (const Json& version : get_array(json, "/spec/versions")) {
    if (!get_bool(version, "/served")) continue;
    ServedKind kind = custom_kind(json, version);
    kind.schema = std::make_shared<const Json>(model::get_object(version, "/schema/openAPIV3Schema"));
    kind.type = types_.back()->from_crd(*kind.schema);
    served.push_back(std::move(kind));
  }
  // The server prefers newer versions; among a definition's own, GA names sort before beta and alpha ones.
  std::stable_sort(served.begin(), served.end(), [](const ServedKind& a, const ServedKind& b) {
    const auto stable = [](const ServedKind& kind) {
      return kind.resource.gvk.version.find_first_of("ab") == std::string::npos;
    };
    return stable(a) && !stable(b);
  });
  for (ServedKind& kind : served) kinds_.push_back(std::move(kind));
  rebuild();
}

void Registry::withdraw(const model::Object& definition) {
  std::erase_if(kinds_, [&](const ServedKind& kind) { return defined_by(kind, definition.json); });
  rebuild();
}

void Registry::rebuild() {
  auto catalog = std::make_shared<model::ApiCatalog>();
  for (const ServedKind& kind : kinds_) catalog->add(kind.resource);
  catalog_ = std::move(catalog);
}

}  // namespace instantexec::sim
