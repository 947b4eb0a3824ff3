#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

constexpr const char* kGroup = "rbac.authorization.k8s.io";

bool is_binding(const model::Manifest& manifest) {
  const model::Gvk gvk = manifest.object.gvk();
  return gvk.group == kGroup && (gvk.kind == "RoleBinding" || gvk.kind == "ClusterRoleBinding");
}

bool is_role(const model::Manifest& manifest) {
  const model::Gvk gvk = manifest.object.gvk();
  return gvk.group == kGroup && (gvk.kind == "Role" || gvk.kind == "ClusterRole");
}

void check_cluster_admin(const ObjectIndex& index, Reporter& report) {
  for (const model::Manifest& manifest : index.scope().manifests) {
    if (is_binding(manifest) && model::get_string(manifest.object.json, "/roleRef/name") == "cluster-admin") {
      report.add(manifest, "/roleRef/name", "gives away cluster-admin");
    }
  }
}

bool has_wildcard(const Json& rule, const char* field) {
  const Json& values = model::get_array(rule, fmt::format("/{}", field));
  return std::find(values.begin(), values.end(), Json("*")) != values.end();
}

void check_wildcards(const ObjectIndex& index, Reporter& report) {
  for (const model::Manifest& manifest : index.scope().manifests) {
    if (!is_role(manifest)) continue;
    const Json& rules = model::get_array(manifest.object.json, "/rules");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      for (const char* field : {"apiGroups", "resources", "verbs"}) {
        if (!has_wildcard(rules[i], field)) continue;
        report.add(manifest, fmt::format("/rules/{}/{}", i, field), fmt::format("a wildcard in {}", field));
      }
    }
  }
}

void check_rules(const ObjectIndex& index, Reporter& report) {
  for (const model::Manifest& manifest : index.scope().manifests) {
    if (!is_role(manifest)) continue;
    const Json& rules = model::get_array(manifest.object.json, "/rules");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (model::get_array(rules[i], "/verbs").empty()) {
        report.add(manifest, fmt::format("/rules/{}", i), "a rule without verbs");
      }
    }
  }
}

void check_role_ref(const ObjectIndex& index, Reporter& report) {
  for (const model::Manifest& manifest : index.scope().manifests) {
    if (!is_binding(manifest)) continue;
    const std::string kind = model::get_string(manifest.object.json, "/roleRef/kind");
    const std::string name = model::get_string(manifest.object.json, "/roleRef/name");
    // ClusterRoles come with the cluster and from elsewhere; that one is not seen here proves nothing.
    if (kind != "Role" || name.empty()) continue;
    if (index.find(kGroup, "Role", index.ns_of(manifest.object), name) != nullptr) continue;
    report.add(
        manifest, "/roleRef/name",
        fmt::format("Role {} is not {}", name,
                    index.knows_cluster() ? "in the manifests or the namespace" : "among the manifests"));
  }
}

void check_subjects(const ObjectIndex& index, Reporter& report) {
  for (const model::Manifest& manifest : index.scope().manifests) {
    if (!is_binding(manifest)) continue;
    const Json& subjects = model::get_array(manifest.object.json, "/subjects");
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      const std::string pointer = fmt::format("/subjects/{}", i);
      const std::string kind = model::get_string(subjects[i], "/kind");
      const bool account = kind == "ServiceAccount";
      // Within a RoleBinding the API server lets it be empty.
      const bool cluster_wide = manifest.object.kind() == "ClusterRoleBinding";
      if (account && cluster_wide && model::get_string(subjects[i], "/namespace").empty()) {
        report.add(manifest, pointer, "a ServiceAccount subject of a ClusterRoleBinding needs a namespace");
      }
      if (!account && kind != "User" && kind != "Group") {
        report.add(manifest, pointer + "/kind", "kind must be ServiceAccount, User or Group");
      }
    }
  }
}

constexpr std::array kRules{
    Rule{"access.subject", Severity::kError, EvidenceClass::kRule, "subjects of bindings are complete",
         "give kind, name and, for a ServiceAccount, namespace", check_subjects},
    Rule{"access.rule", Severity::kError, EvidenceClass::kRule, "rules of roles have verbs",
         "name at least one verb", check_rules},
    Rule{"access.role", Severity::kWarning, EvidenceClass::kRule, "the Role that a binding names exists",
         "add the Role, or correct roleRef.name", check_role_ref},
    Rule{"access.cluster-admin", Severity::kWarning, EvidenceClass::kHeuristic,
         "cluster-admin is not given away", "bind a role with only the verbs that are needed",
         check_cluster_admin},
    Rule{"access.wildcard", Severity::kWarning, EvidenceClass::kHeuristic, "roles name what they allow",
         "list the API groups, resources and verbs that are needed", check_wildcards},
};

}  // namespace

std::span<const Rule> access_rules() {
  return kRules;
}

}  // namespace instantexec::validate
