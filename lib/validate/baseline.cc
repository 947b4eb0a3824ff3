#include "validate/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "validate/quantity.h"
#include "validate/references.h"
#include "validate/selector.h"
#include "validate/workload.h"

namespace instantexec::validate {
namespace {

using model::Finding;
using model::Json;
using model::Object;
using model::Severity;

std::vector<const Object*> of_kind(const NamespaceSnapshot& snapshot, std::string_view group,
                                   std::string_view kind) {
  std::vector<const Object*> out;
  for (const Object& object : snapshot.objects) {
    const model::Gvk gvk = object.gvk();
    if (gvk.group == group && gvk.kind == kind) out.push_back(&object);
  }
  return out;
}

Finding about(const Object& object, std::string_view rule, Severity severity, const std::string& message,
              std::string hint) {
  Finding finding;
  finding.rule = rule;
  finding.severity = severity;
  finding.message = sanitise_line(message, 400);
  finding.hint = std::move(hint);
  finding.subject = object.ref();
  return finding;
}

// Sets status and message from the findings.
BaselineCheck settle(BaselineCheck check, std::string_view what, std::string_view good) {
  const auto count = [&](Severity severity) {
    return static_cast<std::size_t>(
        std::count_if(check.findings.begin(), check.findings.end(),
                      [&](const Finding& finding) { return finding.severity == severity; }));
  };
  const std::size_t errors = count(Severity::kError);
  const std::size_t warnings = count(Severity::kWarning);
  if (errors > 0) {
    check.status = CheckStatus::kFailed;
    check.message = fmt::format("{} in {}", counted(errors, "error"), counted(check.objects, what));
  } else if (warnings > 0) {
    check.status = CheckStatus::kWarning;
    check.message = fmt::format("{} in {}", counted(warnings, "warning"), counted(check.objects, what));
  } else {
    check.message = check.objects == 0 ? fmt::format("no {}s", what)
                                       : fmt::format("{} {}", counted(check.objects, what), good);
  }
  return check;
}

// A skipped check when one of the kinds could not be read; nothing when all could.
std::optional<BaselineCheck> skipped(const NamespaceSnapshot& snapshot, std::string_view name,
                                     std::initializer_list<const char*> kinds) {
  for (const char* kind : kinds) {
    const auto it = snapshot.unreadable.find(kind);
    if (it == snapshot.unreadable.end()) continue;
    BaselineCheck check;
    check.name = name;
    check.status = CheckStatus::kSkipped;
    check.message = fmt::format("{} could not be read: {}", kind, sanitise_line(it->second, 200));
    return check;
  }
  return std::nullopt;
}

std::vector<Workload> top_workloads(const NamespaceSnapshot& snapshot) {
  std::vector<Workload> out;
  for (const Object& object : snapshot.objects) {
    if (!model::controller_uid(object).empty()) continue;
    if (auto workload = workload_of(object, nullptr, snapshot.ns)) out.push_back(std::move(*workload));
  }
  return out;
}

bool exists(const NamespaceSnapshot& snapshot, std::string_view kind, std::string_view name) {
  const auto objects = of_kind(snapshot, "", kind);
  return std::any_of(objects.begin(), objects.end(),
                     [&](const Object* object) { return object->name() == name; });
}

// Without a verdict of the health rules: enough available pods of the current generation.
model::ObjectStatus judge_by_counts(const Object& object) {
  const Json& json = object.json;
  const bool daemon = object.kind() == "DaemonSet";
  const std::int64_t wanted = daemon ? model::get_int(json, "/status/desiredNumberScheduled")
                                     : model::get_int(json, "/spec/replicas", 1);
  const std::int64_t available =
      model::get_int(json, daemon ? "/status/numberAvailable" : "/status/availableReplicas");
  model::ObjectStatus status;
  const bool current = model::get_int(json, "/status/observedGeneration") >= object.generation();
  status.status =
      current && available >= wanted ? model::HealthStatus::kCurrent : model::HealthStatus::kInProgress;
  status.message = fmt::format("{} of {} pods available", available, wanted);
  return status;
}

}  // namespace

BaselineCheck BaselineValidationEngine::validate_namespace() const {
  if (auto check = skipped(snapshot_, "namespace", {"Namespace"})) return *check;
  BaselineCheck check{"namespace", CheckStatus::kPassed, "", 1, {}};
  if (!snapshot_.namespace_object) {
    Finding finding;
    finding.rule = "baseline.namespace";
    finding.message = fmt::format("namespace {} does not exist", sanitise_line(snapshot_.ns, 80));
    finding.hint = fmt::format("kubectl create namespace {}", sanitise_line(snapshot_.ns, 80));
    finding.subject = model::ObjectRef{"", "Namespace", "", snapshot_.ns};
    check.findings.push_back(std::move(finding));
    check.objects = 0;
    check.status = CheckStatus::kFailed;
    check.message = check.findings.front().message;
    return check;
  }
  const Object& object = *snapshot_.namespace_object;
  const std::string phase = model::get_string(object.json, "/status/phase", "Active");
  if (phase != "Active" || object.terminating()) {
    check.findings.push_back(about(object, "baseline.namespace", Severity::kError,
                                   "the namespace is being deleted",
                                   "wait until it is gone, then create it again"));
  }
  const std::string level =
      model::get_string(object.json, "/metadata/labels/pod-security.kubernetes.io~1enforce");
  if (level.empty() || level == "privileged") {
    check.findings.push_back(about(object, "baseline.pod-security", Severity::kWarning,
                                   "the namespace enforces no Pod Security level",
                                   "label it pod-security.kubernetes.io/enforce=restricted, or baseline"));
  }
  return settle(std::move(check), "namespace",
                fmt::format("Active, Pod Security {}", sanitise_line(level, 20)));
}

BaselineCheck BaselineValidationEngine::validate_config_maps() const {
  if (auto check = skipped(snapshot_, "config-maps", {"ConfigMap"})) return *check;
  BaselineCheck check{
      "config-maps", CheckStatus::kPassed, "", of_kind(snapshot_, "", "ConfigMap").size(), {}};
  for (const Workload& workload : top_workloads(snapshot_)) {
    std::set<std::string> told;
    for (const Reference& reference : references_of(workload)) {
      const bool looked_at = reference.kind == "ConfigMap" || reference.kind == "Secret";
      if (!looked_at || snapshot_.unreadable.contains(reference.kind) || always_there(reference)) continue;
      if (exists(snapshot_, reference.kind, reference.name)) continue;
      if (!told.insert(reference.kind + "/" + reference.name).second) continue;
      check.findings.push_back(
          about(*workload.object, "baseline.config-map", Severity::kError,
                fmt::format("needs {} {}, which does not exist", reference.kind, reference.name),
                "create it, or correct the name; new pods cannot start without it"));
    }
  }
  return settle(std::move(check), "ConfigMap", "present, none missing");
}

BaselineCheck BaselineValidationEngine::validate_deployments() const {
  if (auto check = skipped(snapshot_, "deployments", {"Deployment"})) return *check;
  BaselineCheck check{"deployments", CheckStatus::kPassed, "", 0, {}};
  for (const char* kind : {"Deployment", "StatefulSet", "DaemonSet"}) {
    for (const Object* object : of_kind(snapshot_, "apps", kind)) {
      ++check.objects;
      const auto known = snapshot_.health.find(object->ref());
      const model::ObjectStatus health =
          known != snapshot_.health.end() ? known->second : judge_by_counts(*object);
      if (health.status == model::HealthStatus::kCurrent) continue;
      const bool paused = health.status == model::HealthStatus::kSuspended;
      check.findings.push_back(about(
          *object, "baseline.health", paused ? Severity::kWarning : Severity::kError,
          fmt::format("{}: {}", to_string(health.status),
                      health.message.empty() ? health.reason : health.message),
          health.hint.empty() ? fmt::format("kubectl -n {} describe {} {}", sanitise_line(snapshot_.ns, 80),
                                            to_lower(kind), sanitise_line(object->name(), 80))
                              : health.hint));
    }
  }
  return settle(std::move(check), "workload", "healthy");
}

namespace {

bool has_ready_endpoint(const std::vector<const Object*>& slices, const Object& service) {
  for (const Object* slice : slices) {
    if (model::get_string(slice->json, "/metadata/labels/kubernetes.io~1service-name") != service.name())
      continue;
    for (const Json& endpoint : model::get_array(slice->json, "/endpoints")) {
      // Unset means ready (discovery/v1 EndpointConditions).
      if (model::get_bool(endpoint, "/conditions/ready", true)) return true;
    }
  }
  return false;
}

}  // namespace

BaselineCheck BaselineValidationEngine::validate_services() const {
  if (auto check = skipped(snapshot_, "services", {"Service", "EndpointSlice"})) return *check;
  BaselineCheck check{"services", CheckStatus::kPassed, "", 0, {}};
  const auto slices = of_kind(snapshot_, "discovery.k8s.io", "EndpointSlice");
  const auto workloads = top_workloads(snapshot_);
  for (const Object* service : of_kind(snapshot_, "", "Service")) {
    ++check.objects;
    const Labels selector = labels_of(model::find(service->json, "/spec/selector"));
    const bool external = model::get_string(service->json, "/spec/type") == "ExternalName";
    if (external || selector.empty() || has_ready_endpoint(slices, *service)) continue;
    bool selects = false;
    bool scaled_to_zero = true;
    for (const Workload& workload : workloads) {
      if (!equality_selector_matches(selector, workload.pod_labels)) continue;
      selects = true;
      scaled_to_zero = scaled_to_zero && workload.replicas == 0;
    }
    const bool idle = selects && scaled_to_zero;
    check.findings.push_back(
        about(*service, "baseline.endpoints", idle ? Severity::kWarning : Severity::kError,
              idle      ? "no endpoints: what it selects is scaled to zero"
              : selects ? "no ready endpoint"
                        : "selects no workload and has no ready endpoint",
              "compare spec.selector with the labels of the pods, and look at their readiness"));
  }
  return settle(std::move(check), "Service", "with ready endpoints");
}

BaselineCheck BaselineValidationEngine::validate_network_policies() const {
  if (auto check = skipped(snapshot_, "network-policies", {"NetworkPolicy", "Pod"})) return *check;
  BaselineCheck check{"network-policies", CheckStatus::kPassed, "", 0, {}};
  const auto policies = of_kind(snapshot_, "networking.k8s.io", "NetworkPolicy");
  for (const Object* pod : of_kind(snapshot_, "", "Pod")) {
    const std::string phase = model::get_string(pod->json, "/status/phase");
    const bool ended = phase == "Succeeded" || phase == "Failed";
    if (ended || pod->terminating() || model::get_bool(pod->json, "/spec/hostNetwork")) continue;
    ++check.objects;
    const Labels labels = labels_of(model::find(pod->json, "/metadata/labels"));
    const bool covered = std::any_of(policies.begin(), policies.end(), [&](const Object* policy) {
      const Json& types = model::get_array(policy->json, "/spec/policyTypes");
      const bool ingress =
          types.empty() || std::find(types.begin(), types.end(), Json("Ingress")) != types.end();
      return ingress && label_selector_matches(model::get_object(policy->json, "/spec/podSelector"), labels);
    });
    if (covered) continue;
    check.findings.push_back(
        about(*pod, "baseline.network-policy", Severity::kWarning,
              "no NetworkPolicy bounds who may connect to the pod",
              "add a policy that denies by default, and one that allows what is needed"));
  }
  return settle(std::move(check), "pod", "covered by NetworkPolicies");
}

BaselineCheck BaselineValidationEngine::validate_quotas() const {
  if (auto check = skipped(snapshot_, "quotas", {"ResourceQuota"})) return *check;
  BaselineCheck check{"quotas", CheckStatus::kPassed, "", 0, {}};
  constexpr double kNearlyFull = 0.9;
  for (const Object* quota : of_kind(snapshot_, "", "ResourceQuota")) {
    ++check.objects;
    for (const auto& [resource, hard] : model::get_object(quota->json, "/status/hard").items()) {
      const auto limit = quantity_of(&hard);
      const auto used =
          quantity_of(model::find(quota->json, "/status/used/" + model::escape_pointer(resource)));
      // A limit of zero forbids the resource; nothing is wrong with that.
      if (!limit || !used || *limit <= 0 || *used < *limit * kNearlyFull) continue;
      check.findings.push_back(
          about(*quota, "baseline.quota", Severity::kWarning,
                fmt::format("{}: {:.0f} % used", resource, *used / *limit * 100),
                "a rollout needs room for surge pods; raise the quota or lower requests"));
    }
  }
  return settle(std::move(check), "ResourceQuota", "with room");
}

BaselineReport BaselineValidationEngine::run_all_validations() const {
  BaselineReport report;
  report.ns = snapshot_.ns;
  report.checks.push_back(validate_namespace());
  if (snapshot_.namespace_object) {
    report.checks.push_back(validate_config_maps());
    report.checks.push_back(validate_deployments());
    report.checks.push_back(validate_services());
    report.checks.push_back(validate_network_policies());
    report.checks.push_back(validate_quotas());
  }
  report.passed = std::none_of(report.checks.begin(), report.checks.end(), [](const BaselineCheck& check) {
    return check.status == CheckStatus::kFailed;
  });
  return report;
}

}  // namespace instantexec::validate
