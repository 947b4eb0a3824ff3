#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

std::vector<const Workload*> guarded_by(const ObjectIndex& index, const model::Object& budget) {
  std::vector<const Workload*> out;
  const Json* selector = model::find(budget.json, "/spec/selector");
  if (selector == nullptr) return out;
  for (const Workload* workload : index.workloads_in(index.ns_of(budget))) {
    if (label_selector_matches(*selector, workload->pod_labels)) out.push_back(workload);
  }
  return out;
}

// An absolute number or a percentage of `total`, rounded up as the disruption controller does.
std::optional<std::int64_t> scaled(const Json* value, std::int64_t total) {
  if (value == nullptr) return std::nullopt;
  if (value->is_number_integer()) return value->get<std::int64_t>();
  if (!value->is_string() || !value->get_ref<const std::string&>().ends_with('%')) return std::nullopt;
  const double percent = std::strtod(value->get_ref<const std::string&>().c_str(), nullptr);
  return static_cast<std::int64_t>(std::ceil(percent * static_cast<double>(total) / 100.0));
}

void check_blocking(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("policy", "PodDisruptionBudget")) {
    if (entry.manifest == nullptr) continue;
    std::int64_t replicas = 0;
    bool known = false;
    for (const Workload* workload : guarded_by(index, *entry.object)) {
      replicas += workload->replicas.value_or(1);
      known = workload->kind() != "DaemonSet";  // a DaemonSet has as many pods as there are nodes
    }
    const Json& json = entry.object->json;
    const auto unavailable = scaled(model::find(json, "/spec/maxUnavailable"), known ? replicas : 1);
    if (unavailable && *unavailable <= 0) {
      report.add(*entry.manifest, "/spec/maxUnavailable",
                 "no pod may ever be evicted: node drains will hang");
    }
    const auto available = scaled(model::find(json, "/spec/minAvailable"), known ? replicas : 1);
    const bool all = model::get_string(json, "/spec/minAvailable") == "100%";
    if (available && (all || (known && *available >= replicas && replicas > 0))) {
      report.add(*entry.manifest, "/spec/minAvailable",
                 "every pod must stay available: node drains will hang");
    }
  }
}

void check_budget_fields(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("policy", "PodDisruptionBudget")) {
    if (entry.manifest == nullptr) continue;
    const Json& spec = model::get_object(entry.object->json, "/spec");
    if (spec.contains("minAvailable") && spec.contains("maxUnavailable")) {
      report.add(*entry.manifest, "/spec/maxUnavailable",
                 "minAvailable and maxUnavailable exclude each other");
    }
  }
}

void check_budget_selector(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("policy", "PodDisruptionBudget")) {
    if (entry.manifest == nullptr || !guarded_by(index, *entry.object).empty()) continue;
    report.add(*entry.manifest, "/spec/selector", "no workload has pods with these labels");
  }
}

void check_budget_overlap(const ObjectIndex& index, Reporter& report) {
  const auto& budgets = index.of_kind("policy", "PodDisruptionBudget");
  for (const Workload& workload : index.workloads()) {
    const Entry* first = nullptr;
    for (const Entry& entry : budgets) {
      const Json* selector = model::find(entry.object->json, "/spec/selector");
      if (index.ns_of(*entry.object) != workload.ns || selector == nullptr) continue;
      if (!label_selector_matches(*selector, workload.pod_labels)) continue;
      if (first != nullptr) {
        const Entry& own = entry.manifest != nullptr ? entry : *first;
        if (own.manifest != nullptr) {
          report.add(*own.manifest, "/spec/selector",
                     fmt::format("the pods of {} {} are under two budgets; evicting them is refused",
                                 workload.kind(), workload.object->name()));
        }
        break;
      }
      first = &entry;
    }
  }
}

struct ScaleTarget {
  std::string group;
  std::string kind;
  std::string name;
};

ScaleTarget target_of(const model::Object& autoscaler) {
  const Json& json = autoscaler.json;
  const model::Gvk gvk = model::make_gvk(model::get_string(json, "/spec/scaleTargetRef/apiVersion"),
                                         model::get_string(json, "/spec/scaleTargetRef/kind"));
  return {gvk.group, gvk.kind, model::get_string(json, "/spec/scaleTargetRef/name")};
}

void check_scale_target(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("autoscaling", "HorizontalPodAutoscaler")) {
    if (entry.manifest == nullptr) continue;
    const ScaleTarget target = target_of(*entry.object);
    const std::string ns = index.ns_of(*entry.object);
    if (target.name.empty() || index.find(target.group, target.kind, ns, target.name) != nullptr) continue;
    report.add(
        *entry.manifest, "/spec/scaleTargetRef/name",
        fmt::format("{} {} is not {}", target.kind, target.name,
                    index.knows_cluster() ? "in the manifests or the namespace" : "among the manifests"),
        index.knows_cluster() ? Severity::kError : Severity::kWarning);
  }
}

void check_fixed_replicas(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("autoscaling", "HorizontalPodAutoscaler")) {
    const ScaleTarget target = target_of(*entry.object);
    for (const Workload& workload : index.own_workloads()) {
      const model::ObjectRef ref = workload.object->ref();
      if (ref.kind != target.kind || ref.name != target.name || ref.group != target.group ||
          workload.ns != index.ns_of(*entry.object) || !workload.replicas) {
        continue;
      }
      report.add(*workload.manifest, "/spec/replicas",
                 fmt::format("HorizontalPodAutoscaler {} sets replicas too; every deploy would fight it",
                             entry.object->name()));
    }
  }
}

void check_scale_range(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("autoscaling", "HorizontalPodAutoscaler")) {
    if (entry.manifest == nullptr) continue;
    const std::int64_t low = model::get_int(entry.object->json, "/spec/minReplicas", 1);
    const std::int64_t high = model::get_int(entry.object->json, "/spec/maxReplicas");
    if (high < 1) {
      report.add(*entry.manifest, "/spec/maxReplicas", "maxReplicas must be 1 or more");
    } else if (low > high) {
      report.add(*entry.manifest, "/spec/minReplicas", "minReplicas is above maxReplicas");
    }
  }
}

constexpr std::array kRules{
    Rule{"availability.budget-fields", Severity::kError, EvidenceClass::kRule,
         "a PodDisruptionBudget has one of minAvailable and maxUnavailable", "remove one of the two",
         check_budget_fields},
    Rule{"availability.budget-blocks", Severity::kWarning, EvidenceClass::kRule,
         "a PodDisruptionBudget leaves room for an eviction", "use maxUnavailable: 1, or add a replica",
         check_blocking},
    Rule{"availability.budget-selects-nothing", Severity::kWarning, EvidenceClass::kHeuristic,
         "a PodDisruptionBudget selects some pods", "make the selector match the labels of a pod template",
         check_budget_selector},
    Rule{"availability.budget-overlap", Severity::kWarning, EvidenceClass::kRule,
         "pods are under one PodDisruptionBudget at most", "narrow one of the selectors",
         check_budget_overlap},
    Rule{"availability.scale-target", Severity::kError, EvidenceClass::kRule,
         "a HorizontalPodAutoscaler's target exists", "correct scaleTargetRef", check_scale_target},
    Rule{"availability.scale-range", Severity::kError, EvidenceClass::kRule,
         "a HorizontalPodAutoscaler's range is not empty", "set 1 <= minReplicas <= maxReplicas",
         check_scale_range},
    Rule{"availability.fixed-replicas", Severity::kWarning, EvidenceClass::kRule,
         "what an autoscaler scales has no replicas of its own",
         "remove spec.replicas from the workload; the autoscaler keeps the number", check_fixed_replicas},
};

}  // namespace

std::span<const Rule> availability_rules() {
  return kRules;
}

}  // namespace instantexec::validate
