#include <fmt/format.h>

#include <array>

#include "validate/pod_security.h"
#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

constexpr const char* kEnforce = "/metadata/labels/pod-security.kubernetes.io~1enforce";

// What the namespace enforces; privileged when it says nothing or is not known.
PodSecurityLevel enforced_level(const ObjectIndex& index, const std::string& ns) {
  const model::Object* object = index.find("", "Namespace", "", ns);
  const std::string level = object == nullptr ? "" : model::get_string(object->json, kEnforce);
  if (level == "restricted") return PodSecurityLevel::kRestricted;
  return level == "baseline" ? PodSecurityLevel::kBaseline : PodSecurityLevel::kPrivileged;
}

void check_admission(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    const PodSecurityLevel level = enforced_level(index, workload.ns);
    for (const auto& violation : pod_security_violations(workload, level)) {
      report.add(*workload.manifest, violation.pointer,
                 fmt::format("namespace {} will refuse the pods: {}", workload.ns, violation.text));
    }
  }
}

// Baseline violations where nothing enforces them; where it does, check_admission says more.
void check_baseline(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    if (enforced_level(index, workload.ns) != PodSecurityLevel::kPrivileged) continue;
    for (const auto& violation : pod_security_violations(workload, PodSecurityLevel::kBaseline)) {
      report.add(*workload.manifest, violation.pointer,
                 fmt::format("beyond the baseline of pod security: {}", violation.text));
    }
  }
}

void check_root(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    if (enforced_level(index, workload.ns) == PodSecurityLevel::kRestricted) continue;
    for (const Container& container : workload.containers) {
      const Json* own = model::find(*container.json, "/securityContext/runAsNonRoot");
      const Json* value =
          own != nullptr ? own : model::find(*workload.pod_spec, "/securityContext/runAsNonRoot");
      const Json* user = model::find(*container.json, "/securityContext/runAsUser");
      if (user == nullptr) user = model::find(*workload.pod_spec, "/securityContext/runAsUser");
      const bool other_user = user != nullptr && user->is_number_integer() && *user != Json(0);
      if (other_user || (value != nullptr && *value == Json(true))) continue;
      report.add(*workload.manifest, container.pointer + "/securityContext/runAsNonRoot",
                 fmt::format("container {} may run as root", container.name));
    }
  }
}

void check_escalation_conflict(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      const Json* escalation = model::find(*container.json, "/securityContext/allowPrivilegeEscalation");
      const bool refused = escalation != nullptr && *escalation == Json(false);
      if (!refused || !model::get_bool(*container.json, "/securityContext/privileged")) continue;
      report.add(*workload.manifest, container.pointer + "/securityContext/allowPrivilegeEscalation",
                 fmt::format("container {} is privileged and forbids privilege escalation", container.name));
    }
  }
}

constexpr std::array kRules{
    Rule{"security.pod-security", Severity::kError, EvidenceClass::kRule,
         "pods meet the Pod Security level their namespace enforces",
         "change the field named, or the namespace's pod-security.kubernetes.io/enforce label",
         check_admission},
    Rule{"security.privileged-conflict", Severity::kError, EvidenceClass::kRule,
         "a privileged container cannot forbid privilege escalation", "remove one of the two settings",
         check_escalation_conflict},
    Rule{"security.host-access", Severity::kWarning, EvidenceClass::kHeuristic,
         "pods stay away from the node: no privileged containers, host namespaces, host paths or host ports",
         "remove it, or state the reason in an ignore annotation", check_baseline},
    Rule{"security.run-as-non-root", Severity::kWarning, EvidenceClass::kHeuristic,
         "containers do not run as root",
         "set securityContext.runAsNonRoot: true and a runAsUser other than 0", check_root},
};

}  // namespace

std::span<const Rule> security_rules() {
  return kRules;
}

}  // namespace instantexec::validate
