#include "analyze/conflicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

namespace instantexec::analyze {
namespace {

using model::Finding;
using model::Manifest;
using model::Object;
using model::ObjectRef;

Finding make_finding(std::string rule, model::Severity severity, const Manifest& manifest,
                     std::string_view pointer) {
  Finding finding;
  finding.rule = std::move(rule);
  finding.severity = severity;
  finding.subject = manifest.object.ref();
  finding.at = manifest.at(pointer);
  return finding;
}

std::vector<Finding> find_duplicates(std::span<const Manifest> manifests) {
  std::vector<Finding> found;
  std::map<ObjectRef, const Manifest*> first;
  for (const Manifest& manifest : manifests) {
    const auto [it, inserted] = first.try_emplace(manifest.object.ref(), &manifest);
    if (inserted) continue;
    Finding finding = make_finding("conflict.duplicate-object", model::Severity::kError, manifest, "");
    finding.message = fmt::format("{} is defined twice; the other definition stands at {}",
                                  manifest.object.ref().to_string(), it->second->range.to_string());
    finding.hint = "keep one of the two definitions";
    found.push_back(std::move(finding));
  }
  return found;
}

bool is_workload(const Object& object) {
  static constexpr std::array<std::string_view, 4> kKinds{"Deployment", "StatefulSet", "DaemonSet",
                                                          "ReplicaSet"};
  const auto gvk = object.gvk();
  return gvk.group == "apps" && std::find(kKinds.begin(), kKinds.end(), gvk.kind) != kKinds.end();
}

// Whether a label selector's matchLabels and the common operators of matchExpressions accept the labels. An
// empty selector selects nothing here: the API refuses it for workloads.
bool selects(const model::Json& selector, const model::Json& labels) {
  const auto& match = model::get_object(selector, "/matchLabels");
  const auto& expressions = model::get_array(selector, "/matchExpressions");
  if (match.empty() && expressions.empty()) return false;
  for (const auto& [key, value] : match.items()) {
    const auto it = labels.find(key);
    if (it == labels.end() || *it != value) return false;
  }
  return std::all_of(expressions.begin(), expressions.end(), [&](const model::Json& expression) {
    const auto it = labels.find(model::get_string(expression, "/key"));
    const bool present = it != labels.end();
    const std::string op = model::get_string(expression, "/operator");
    const auto& values = model::get_array(expression, "/values");
    const bool listed = present && std::find(values.begin(), values.end(), *it) != values.end();
    if (op == "In") return listed;
    if (op == "NotIn") return !listed;
    return op == "Exists" ? present : !present;
  });
}

std::vector<Finding> find_selector_overlaps(std::span<const Manifest> manifests) {
  std::vector<Finding> found;
  std::vector<const Manifest*> workloads;
  for (const Manifest& manifest : manifests) {
    if (is_workload(manifest.object)) workloads.push_back(&manifest);
  }
  for (const Manifest* a : workloads) {
    for (const Manifest* b : workloads) {
      const bool same = a->object.ref() == b->object.ref();
      if (same || a->object.ns() != b->object.ns()) continue;
      const auto& labels = model::get_object(b->object.json, "/spec/template/metadata/labels");
      if (!selects(model::get_object(a->object.json, "/spec/selector"), labels)) continue;
      Finding finding =
          make_finding("conflict.selector-overlap", model::Severity::kError, *a, "/spec/selector");
      finding.field = "spec.selector";
      finding.message =
          fmt::format("the selector of {} also selects the pods of {} ({})", a->object.ref().to_string(),
                      b->object.ref().to_string(), b->at("/spec/template/metadata/labels").to_string());
      finding.hint =
          "give each workload a label of its own, for example app.kubernetes.io/name, and select by it";
      found.push_back(std::move(finding));
    }
  }
  return found;
}

std::vector<Finding> find_scaler_conflicts(std::span<const Manifest> manifests) {
  std::vector<Finding> found;
  for (const Manifest& scaler : manifests) {
    if (scaler.object.kind() != "HorizontalPodAutoscaler") continue;
    const auto& target = model::get_object(scaler.object.json, "/spec/scaleTargetRef");
    for (const Manifest& manifest : manifests) {
      const Object& object = manifest.object;
      if (object.kind() != model::get_string(target, "/kind") ||
          object.name() != model::get_string(target, "/name") || object.ns() != scaler.object.ns() ||
          model::find(object.json, "/spec/replicas") == nullptr) {
        continue;
      }
      Finding finding =
          make_finding("conflict.hpa-replicas", model::Severity::kWarning, manifest, "/spec/replicas");
      finding.field = "spec.replicas";
      finding.message =
          fmt::format("{} sets spec.replicas while {} ({}) scales it: each deploy undoes the scaling",
                      object.ref().to_string(), scaler.object.ref().to_string(), scaler.range.to_string());
      finding.hint = "remove spec.replicas from the manifest once the autoscaler owns it";
      found.push_back(std::move(finding));
    }
  }
  return found;
}

}  // namespace

std::vector<Finding> find_set_conflicts(std::span<const Manifest> manifests) {
  std::vector<Finding> found = find_duplicates(manifests);
  for (auto* more : {&find_selector_overlaps, &find_scaler_conflicts}) {
    auto findings = more(manifests);
    std::move(findings.begin(), findings.end(), std::back_inserter(found));
  }
  return found;
}

}  // namespace instantexec::analyze
