#include <fmt/format.h>

#include <array>
#include <map>
#include <string>

#include "sim/validation_rules.h"

namespace instantexec::sim {
namespace {

using model::get_bool;
using model::get_string;
using model::Json;

bool same_at(const Json& a, const Json& b, std::string_view pointer) {
  const Json* left = model::find(a, pointer);
  const Json* right = model::find(b, pointer);
  return left == nullptr ? right == nullptr : right != nullptr && *left == *right;
}

void unchanged(const Json& object, const Json& live, std::string_view pointer, const char* path,
               FieldErrors& errors) {
  if (same_at(object, live, pointer)) return;
  const Json* value = model::find(object, pointer);
  errors.invalid(path, value == nullptr ? "null" : value->dump(), "field is immutable");
}

void selector(const Json& object, const Json& live, FieldErrors& errors) {
  unchanged(object, live, "/spec/selector", "spec.selector", errors);
}

void stateful_set(const Json& object, const Json& live, FieldErrors& errors) {
  Json mine = model::get_object(object, "/spec");
  Json theirs = model::get_object(live, "/spec");
  for (const char* field : {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                            "persistentVolumeClaimRetentionPolicy", "minReadySeconds"}) {
    mine.erase(field);
    theirs.erase(field);
  }
  if (mine == theirs) return;
  errors.forbidden("spec",
                   "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
                   "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
                   "'minReadySeconds' are forbidden");
}

void job(const Json& object, const Json& live, FieldErrors& errors) {
  unchanged(object, live, "/spec/completions", "spec.completions", errors);
  unchanged(object, live, "/spec/selector", "spec.selector", errors);
  const bool suspended = get_bool(live, "/spec/suspend");
  unchanged(object, live, suspended ? "/spec/template/spec" : "/spec/template",
            suspended ? "spec.template.spec" : "spec.template", errors);
  unchanged(object, live, "/spec/completionMode", "spec.completionMode", errors);
}

void service(const Json& object, const Json& live, FieldErrors& errors) {
  const std::string before = get_string(live, "/spec/clusterIP");
  const bool external =
      get_string(live, "/spec/type") == "ExternalName" || get_string(object, "/spec/type") == "ExternalName";
  const std::string after = get_string(object, "/spec/clusterIP");
  if (external || before.empty() || before == after) return;
  errors.invalid("spec.clusterIPs[0]", model::get_array(object, "/spec/clusterIPs").dump(),
                 "may not change once set");
}

void configuration(const Json& object, const Json& live, FieldErrors& errors) {
  if (!get_bool(live, "/immutable")) return;
  constexpr const char* kWhy = "field is immutable when `immutable` is set";
  if (!get_bool(object, "/immutable")) errors.forbidden("immutable", kWhy);
  if (!same_at(object, live, "/data")) errors.forbidden("data", kWhy);
  if (!same_at(object, live, "/binaryData")) errors.forbidden("binaryData", kWhy);
}

void secret(const Json& object, const Json& live, FieldErrors& errors) {
  unchanged(object, live, "/type", "type", errors);
  configuration(object, live, errors);
}

void binding(const Json& object, const Json& live, FieldErrors& errors) {
  if (same_at(object, live, "/roleRef")) return;
  errors.invalid("roleRef", model::get_object(object, "/roleRef").dump(), "cannot change roleRef");
}

void claim(const Json& object, const Json& live, FieldErrors& errors) {
  Json mine = model::get_object(object, "/spec");
  Json theirs = model::get_object(live, "/spec");
  for (const char* field : {"resources", "volumeAttributesClassName", "volumeName"}) {
    mine.erase(field);
    theirs.erase(field);
  }
  if (mine == theirs) return;
  unchanged(object, live, "/spec/volumeMode", "volumeMode", errors);
  errors.forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
      "claims");
}

void pod(const Json& object, const Json& live, FieldErrors& errors) {
  Json mine = model::get_object(object, "/spec");
  Json theirs = model::get_object(live, "/spec");
  for (const char* list : {"containers", "initContainers"}) {
    const std::string pointer = std::string("/") + list;
    if (model::get_array(mine, pointer).size() == model::get_array(theirs, pointer).size()) continue;
    return errors.forbidden(std::string("spec.") + list, "pod updates may not add or remove containers");
  }
  for (Json* spec : {&mine, &theirs}) {
    for (const char* field : {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds",
                              "schedulingGates", "nodeName"}) {
      spec->erase(field);
    }
    for (const char* list : {"containers", "initContainers"}) {
      if (!spec->contains(list)) continue;
      for (Json& container : (*spec)[list]) container.erase("image");
    }
  }
  if (mine == theirs) return;
  errors.forbidden(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,"
      "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
      "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
      "previously negative)");
}

void storage_class(const Json& object, const Json& live, FieldErrors& errors) {
  for (const char* field : {"parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"}) {
    if (same_at(object, live, std::string("/") + field)) continue;
    errors.forbidden(field, fmt::format("updates to {} are forbidden.", field));
  }
}

void definition(const Json& object, const Json& live, FieldErrors& errors) {
  unchanged(object, live, "/spec/group", "spec.group", errors);
  unchanged(object, live, "/spec/scope", "spec.scope", errors);
  unchanged(object, live, "/spec/names/plural", "spec.names.plural", errors);
}

}  // namespace

ImmutabilityRule immutability_for(std::string_view kind_and_group) {
  static const std::map<std::string, ImmutabilityRule, std::less<>> kRules = {
      {"Deployment.apps", selector},
      {"ReplicaSet.apps", selector},
      {"DaemonSet.apps", selector},
      {"StatefulSet.apps", stateful_set},
      {"Job.batch", job},
      {"Service", service},
      {"ConfigMap", configuration},
      {"Secret", secret},
      {"RoleBinding.rbac.authorization.k8s.io", binding},
      {"ClusterRoleBinding.rbac.authorization.k8s.io", binding},
      {"PersistentVolumeClaim", claim},
      {"Pod", pod},
      {"StorageClass.storage.k8s.io", storage_class},
      {"CustomResourceDefinition.apiextensions.k8s.io", definition},
  };
  const auto it = kRules.find(kind_and_group);
  return it == kRules.end() ? ImmutabilityRule() : it->second;
}

}  // namespace instantexec::sim
