#include <algorithm>
#include <array>
#include <string_view>

#include "status/rule.h"
#include "status/simple.h"
#include "status/workload.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

struct KindRule {
  std::string_view group;
  std::string_view kind;
  Rule rule;
  Duration timeout;
};

constexpr Duration kSmall = 30s;

constexpr std::array kKinds{
    KindRule{"apps", "Deployment", assess_deployment, 7min},
    KindRule{"apps", "ReplicaSet", assess_replica_set, 7min},
    KindRule{"apps", "StatefulSet", assess_stateful_set, 10min},
    KindRule{"apps", "DaemonSet", assess_daemon_set, 5min},
    KindRule{"apps", "ControllerRevision", assess_exists, kSmall},
    KindRule{"", "ReplicationController", assess_replica_set, 7min},
    KindRule{"", "Pod", assess_pod, 10min},
    KindRule{"batch", "Job", assess_job, 10min},
    KindRule{"batch", "CronJob", assess_cron_job, kSmall},
    KindRule{"", "PersistentVolumeClaim", assess_claim, 5min},
    KindRule{"", "PersistentVolume", assess_volume, 5min},
    KindRule{"", "Service", assess_service, 7min},
    KindRule{"networking.k8s.io", "Ingress", assess_ingress, 7min},
    KindRule{"extensions", "Ingress", assess_ingress, 7min},
    KindRule{"autoscaling", "HorizontalPodAutoscaler", assess_autoscaler, 3min},
    KindRule{"policy", "PodDisruptionBudget", assess_disruption_budget, 2min},
    KindRule{"apiextensions.k8s.io", "CustomResourceDefinition", assess_crd, 2min},
    KindRule{"apiregistration.k8s.io", "APIService", assess_api_service, 2min},
    KindRule{"", "Namespace", assess_namespace, kSmall},
    KindRule{"", "ResourceQuota", assess_quota, kSmall},
    KindRule{"", "ConfigMap", assess_exists, kSmall},
    KindRule{"", "Secret", assess_exists, kSmall},
    KindRule{"", "ServiceAccount", assess_exists, kSmall},
    KindRule{"", "LimitRange", assess_exists, kSmall},
    KindRule{"", "Endpoints", assess_exists, kSmall},
    KindRule{"", "PodTemplate", assess_exists, kSmall},
    KindRule{"", "Event", assess_exists, kSmall},
    KindRule{"events.k8s.io", "Event", assess_exists, kSmall},
    KindRule{"rbac.authorization.k8s.io", "Role", assess_exists, kSmall},
    KindRule{"rbac.authorization.k8s.io", "RoleBinding", assess_exists, kSmall},
    KindRule{"rbac.authorization.k8s.io", "ClusterRole", assess_exists, kSmall},
    KindRule{"rbac.authorization.k8s.io", "ClusterRoleBinding", assess_exists, kSmall},
    KindRule{"networking.k8s.io", "NetworkPolicy", assess_exists, kSmall},
    KindRule{"networking.k8s.io", "IngressClass", assess_exists, kSmall},
    KindRule{"discovery.k8s.io", "EndpointSlice", assess_exists, kSmall},
    KindRule{"scheduling.k8s.io", "PriorityClass", assess_exists, kSmall},
    KindRule{"storage.k8s.io", "StorageClass", assess_exists, kSmall},
    KindRule{"storage.k8s.io", "CSIDriver", assess_exists, kSmall},
    KindRule{"storage.k8s.io", "CSINode", assess_exists, kSmall},
    KindRule{"storage.k8s.io", "CSIStorageCapacity", assess_exists, kSmall},
    KindRule{"storage.k8s.io", "VolumeAttributesClass", assess_exists, kSmall},
    KindRule{"networking.k8s.io", "IPAddress", assess_exists, kSmall},
    KindRule{"resource.k8s.io", "DeviceClass", assess_exists, kSmall},
    KindRule{"resource.k8s.io", "ResourceClaim", assess_exists, kSmall},
    KindRule{"resource.k8s.io", "ResourceClaimTemplate", assess_exists, kSmall},
    KindRule{"resource.k8s.io", "ResourceSlice", assess_exists, kSmall},
    KindRule{"certificates.k8s.io", "CertificateSigningRequest", assess_signing_request, 2min},
    KindRule{"certificates.k8s.io", "ClusterTrustBundle", assess_exists, kSmall},
    KindRule{"node.k8s.io", "RuntimeClass", assess_exists, kSmall},
    KindRule{"coordination.k8s.io", "Lease", assess_exists, kSmall},
    KindRule{"flowcontrol.apiserver.k8s.io", "FlowSchema", assess_exists, kSmall},
    KindRule{"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", assess_exists, kSmall},
    KindRule{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", assess_webhooks, kSmall},
    KindRule{"admissionregistration.k8s.io", "MutatingWebhookConfiguration", assess_webhooks, kSmall},
    KindRule{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", assess_exists, kSmall},
    KindRule{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", assess_exists, kSmall},
    KindRule{"admissionregistration.k8s.io", "MutatingAdmissionPolicy", assess_exists, kSmall},
    KindRule{"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", assess_exists, kSmall},
};

constexpr Duration kUnknownKind = 5min;

const KindRule* find_kind(const model::Gvk& gvk) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRule& item) {
    return item.kind == gvk.kind && item.group == gvk.group;
  });
  return found == kKinds.end() ? nullptr : &*found;
}

}  // namespace

Rule built_in_rule(const model::Gvk& gvk) {
  const KindRule* known = find_kind(gvk);
  return known == nullptr ? nullptr : known->rule;
}

bool knows_kind(const model::Gvk& gvk) {
  return find_kind(gvk) != nullptr;
}

std::vector<model::Gvk> child_kinds(const model::Gvk& gvk, const Options& options) {
  const model::Gvk pod{"", "v1", "Pod"};
  if (gvk.group == "apps") {
    if (gvk.kind == "Deployment") return {{"apps", "v1", "ReplicaSet"}, pod};
    if (gvk.kind == "DaemonSet") return {{"apps", "v1", "ControllerRevision"}, pod};
    if (gvk.kind == "StatefulSet" || gvk.kind == "ReplicaSet") return {pod};
  }
  if (gvk.group == "batch" && gvk.kind == "Job") return {pod};
  if (gvk.group.empty() && gvk.kind == "ReplicationController") return {pod};
  if (gvk.group.empty() && gvk.kind == "Service" && options.require_endpoints) {
    return {{"discovery.k8s.io", "v1", "EndpointSlice"}};
  }
  return {};
}

bool events_tell(const model::Gvk& gvk, const Options& options) {
  const bool claim = gvk.group.empty() && gvk.kind == "PersistentVolumeClaim";
  return claim || !child_kinds(gvk, options).empty();
}

Duration default_timeout(const model::Object& object) {
  const KindRule* known = find_kind(object.gvk());
  if (known == nullptr) return kUnknownKind;
  const std::int64_t own = count_at(object.json, "/spec/progressDeadlineSeconds");
  if (known->rule != assess_deployment || own <= 0) return known->timeout;
  // 600 is what the API server fills in; a person who wants less or more writes another number.
  constexpr std::int64_t kServerDefault = 600;
  return own == kServerDefault ? known->timeout : Duration(std::chrono::seconds(own));
}

}  // namespace instantexec::status
