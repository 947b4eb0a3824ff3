#include <fmt/format.h>

#include <array>

#include "validate/references.h"
#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

void check_kind(const ObjectIndex& index, Reporter& report, std::string_view kind) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Reference& reference : references_of(workload)) {
      if (reference.kind != kind || always_there(reference)) continue;
      if (index.find("", kind, workload.ns, reference.name) != nullptr) continue;
      const bool known = index.knows_cluster();
      report.add(*workload.manifest, reference.pointer,
                 fmt::format("{} {} is {}", kind, reference.name,
                             known ? fmt::format("neither in the manifests nor in namespace {}", workload.ns)
                                   : std::string("not among the manifests")),
                 known ? Severity::kError : Severity::kWarning);
    }
  }
}

void check_config_maps(const ObjectIndex& index, Reporter& report) {
  check_kind(index, report, "ConfigMap");
}
void check_secrets(const ObjectIndex& index, Reporter& report) {
  check_kind(index, report, "Secret");
}
void check_accounts(const ObjectIndex& index, Reporter& report) {
  check_kind(index, report, "ServiceAccount");
}
void check_claims(const ObjectIndex& index, Reporter& report) {
  check_kind(index, report, "PersistentVolumeClaim");
}

bool holds_key(const model::Object& object, const std::string& key) {
  for (const char* field : {"/data", "/binaryData", "/stringData"}) {
    if (model::get_object(object.json, field).contains(key)) return true;
  }
  return false;
}

void check_keys(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Reference& reference : references_of(workload)) {
      if (reference.key.empty()) continue;
      const model::Object* object = index.find("", reference.kind, workload.ns, reference.name);
      if (object == nullptr || holds_key(*object, reference.key)) continue;
      const std::string pointer = reference.pointer.substr(0, reference.pointer.rfind('/')) + "/key";
      report.add(*workload.manifest, pointer,
                 fmt::format("{} {} has no key {}", reference.kind, reference.name, reference.key));
    }
  }
}

constexpr const char* kMissingHint =
    "add the object to the manifests, correct the name, or mark the reference optional";

constexpr std::array kRules{
    Rule{"reference.config-map", Severity::kError, EvidenceClass::kRule, "ConfigMaps that pods name exist",
         kMissingHint, check_config_maps},
    Rule{"reference.secret", Severity::kError, EvidenceClass::kRule, "Secrets that pods name exist",
         kMissingHint, check_secrets},
    Rule{"reference.service-account", Severity::kError, EvidenceClass::kRule,
         "ServiceAccounts that pods name exist", "add the ServiceAccount; without it no pod is created",
         check_accounts},
    Rule{"reference.volume-claim", Severity::kError, EvidenceClass::kRule,
         "PersistentVolumeClaims that pods name exist",
         "add the claim; without it the pod is never scheduled", check_claims},
    Rule{"reference.key", Severity::kError, EvidenceClass::kRule,
         "keys that pods read are in their ConfigMap or Secret",
         "add the key, correct its name, or mark the reference optional", check_keys},
};

}  // namespace

std::span<const Rule> reference_rules() {
  return kRules;
}

}  // namespace instantexec::validate
