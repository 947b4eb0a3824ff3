#include <algorithm>
#include <array>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

// policyTypes, with the API's default: Ingress, and Egress when there are egress rules.
bool governs_ingress(const model::Object& policy) {
  const Json* types = model::find(policy.json, "/spec/policyTypes");
  if (types == nullptr || !types->is_array() || types->empty()) return true;
  return std::find(types->begin(), types->end(), Json("Ingress")) != types->end();
}

bool selects(const model::Object& policy, const Labels& labels) {
  return label_selector_matches(model::get_object(policy.json, "/spec/podSelector"), labels);
}

// Policies of other network plugins; where there are some, nothing is said about what is not covered.
bool has_foreign_policies(const ObjectIndex& index) {
  return !index.of_kind("cilium.io", "CiliumNetworkPolicy").empty() ||
         !index.of_kind("cilium.io", "CiliumClusterwideNetworkPolicy").empty() ||
         !index.of_kind("projectcalico.org", "NetworkPolicy").empty() ||
         !index.of_kind("projectcalico.org", "GlobalNetworkPolicy").empty();
}

void check_coverage(const ObjectIndex& index, Reporter& report) {
  if (has_foreign_policies(index)) return;
  const auto& policies = index.of_kind("networking.k8s.io", "NetworkPolicy");
  for (const Workload& workload : index.own_workloads()) {
    // A pod in the node's network is out of the reach of policies.
    if (model::get_bool(*workload.pod_spec, "/hostNetwork")) continue;
    const bool covered = std::any_of(policies.begin(), policies.end(), [&](const Entry& entry) {
      return index.ns_of(*entry.object) == workload.ns && governs_ingress(*entry.object) &&
             selects(*entry.object, workload.pod_labels);
    });
    if (!covered) {
      report.add(*workload.manifest, workload.pod_pointer + "/metadata/labels",
                 "no NetworkPolicy selects the pods: every pod of the cluster may connect to them");
    }
  }
}

void check_selector(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("networking.k8s.io", "NetworkPolicy")) {
    const Json& selector = model::get_object(entry.object->json, "/spec/podSelector");
    if (entry.manifest == nullptr || selector.empty()) continue;
    const auto workloads = index.workloads_in(index.ns_of(*entry.object));
    const bool used = std::any_of(workloads.begin(), workloads.end(), [&](const Workload* workload) {
      return selects(*entry.object, workload->pod_labels);
    });
    if (!used) report.add(*entry.manifest, "/spec/podSelector", "no workload has pods with these labels");
  }
}

constexpr std::array kRules{
    Rule{"network.uncovered-pods", Severity::kWarning, EvidenceClass::kHeuristic,
         "a NetworkPolicy bounds who may connect to a pod",
         "add a NetworkPolicy that denies by default, and one that allows what is needed", check_coverage},
    Rule{"network.selects-nothing", Severity::kWarning, EvidenceClass::kHeuristic,
         "a NetworkPolicy selects some pods", "make podSelector match the labels of a pod template",
         check_selector},
};

}  // namespace

std::span<const Rule> network_rules() {
  return kRules;
}

}  // namespace instantexec::validate
