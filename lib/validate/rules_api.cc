#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Severity;

// An API version that went away. Source: the Kubernetes deprecated API migration guide.
struct RemovedApi {
  std::string_view group;
  std::string_view version;
  std::string_view kind;  // empty: every kind of the version
  int removed_in;         // 1.x
  std::string_view use;   // its successor
};

constexpr std::array kRemoved{
    RemovedApi{"extensions", "v1beta1", "Ingress", 22, "networking.k8s.io/v1"},
    RemovedApi{"extensions", "v1beta1", "NetworkPolicy", 16, "networking.k8s.io/v1"},
    RemovedApi{"extensions", "v1beta1", "PodSecurityPolicy", 16, ""},
    RemovedApi{"extensions", "v1beta1", "", 16, "apps/v1"},
    RemovedApi{"apps", "v1beta1", "", 16, "apps/v1"},
    RemovedApi{"apps", "v1beta2", "", 16, "apps/v1"},
    RemovedApi{"admissionregistration.k8s.io", "v1beta1", "MutatingWebhookConfiguration", 22,
               "admissionregistration.k8s.io/v1"},
    RemovedApi{"admissionregistration.k8s.io", "v1beta1", "ValidatingWebhookConfiguration", 22,
               "admissionregistration.k8s.io/v1"},
    RemovedApi{"apiextensions.k8s.io", "v1beta1", "", 22, "apiextensions.k8s.io/v1"},
    RemovedApi{"apiregistration.k8s.io", "v1beta1", "", 22, "apiregistration.k8s.io/v1"},
    RemovedApi{"authentication.k8s.io", "v1beta1", "TokenReview", 22, "authentication.k8s.io/v1"},
    RemovedApi{"certificates.k8s.io", "v1beta1", "CertificateSigningRequest", 22, "certificates.k8s.io/v1"},
    RemovedApi{"coordination.k8s.io", "v1beta1", "Lease", 22, "coordination.k8s.io/v1"},
    RemovedApi{"networking.k8s.io", "v1beta1", "Ingress", 22, "networking.k8s.io/v1"},
    RemovedApi{"networking.k8s.io", "v1beta1", "IngressClass", 22, "networking.k8s.io/v1"},
    RemovedApi{"rbac.authorization.k8s.io", "v1beta1", "", 22, "rbac.authorization.k8s.io/v1"},
    RemovedApi{"rbac.authorization.k8s.io", "v1alpha1", "", 22, "rbac.authorization.k8s.io/v1"},
    RemovedApi{"scheduling.k8s.io", "v1beta1", "PriorityClass", 22, "scheduling.k8s.io/v1"},
    RemovedApi{"storage.k8s.io", "v1beta1", "StorageClass", 22, "storage.k8s.io/v1"},
    RemovedApi{"storage.k8s.io", "v1beta1", "CSIDriver", 22, "storage.k8s.io/v1"},
    RemovedApi{"storage.k8s.io", "v1beta1", "CSINode", 22, "storage.k8s.io/v1"},
    RemovedApi{"storage.k8s.io", "v1beta1", "VolumeAttachment", 22, "storage.k8s.io/v1"},
    RemovedApi{"autoscaling", "v2beta1", "", 25, "autoscaling/v2"},
    RemovedApi{"batch", "v1beta1", "CronJob", 25, "batch/v1"},
    RemovedApi{"discovery.k8s.io", "v1beta1", "EndpointSlice", 25, "discovery.k8s.io/v1"},
    RemovedApi{"events.k8s.io", "v1beta1", "Event", 25, "events.k8s.io/v1"},
    RemovedApi{"node.k8s.io", "v1beta1", "RuntimeClass", 25, "node.k8s.io/v1"},
    RemovedApi{"policy", "v1beta1", "PodDisruptionBudget", 25, "policy/v1"},
    RemovedApi{"policy", "v1beta1", "PodSecurityPolicy", 25, ""},
    RemovedApi{"autoscaling", "v2beta2", "", 26, "autoscaling/v2"},
    RemovedApi{"flowcontrol.apiserver.k8s.io", "v1beta1", "", 26, "flowcontrol.apiserver.k8s.io/v1"},
    RemovedApi{"storage.k8s.io", "v1beta1", "CSIStorageCapacity", 27, "storage.k8s.io/v1"},
    RemovedApi{"flowcontrol.apiserver.k8s.io", "v1beta2", "", 29, "flowcontrol.apiserver.k8s.io/v1"},
    RemovedApi{"flowcontrol.apiserver.k8s.io", "v1beta3", "", 32, "flowcontrol.apiserver.k8s.io/v1"},
};

const RemovedApi* find_removed(const model::Gvk& gvk) {
  const auto it = std::find_if(kRemoved.begin(), kRemoved.end(), [&](const RemovedApi& api) {
    return api.group == gvk.group && api.version == gvk.version && (api.kind.empty() || api.kind == gvk.kind);
  });
  return it == kRemoved.end() ? nullptr : &*it;
}

// The oldest version that still gets fixes somewhere; what went away before it is gone for everybody.
constexpr int kOldestInUse = 27;

void check_removed(const ObjectIndex& index, Reporter& report) {
  const int server = index.scope().server_minor.value_or(kOldestInUse);
  for (const model::Manifest& manifest : index.scope().manifests) {
    const RemovedApi* api = find_removed(manifest.object.gvk());
    if (api == nullptr) continue;
    const bool gone = server >= api->removed_in;
    report.add(manifest, "/apiVersion",
               fmt::format("{} of {} {} in Kubernetes 1.{}{}", manifest.object.api_version(),
                           manifest.object.kind(), gone ? "was removed" : "is removed", api->removed_in,
                           api->use.empty() ? std::string("; it has no successor")
                                            : fmt::format("; use {}", api->use)),
               gone ? Severity::kError : Severity::kWarning);
  }
}

constexpr std::array kRules{
    Rule{"api.removed", Severity::kError, EvidenceClass::kRule, "API versions are served by the cluster",
         "move to the version named; the migration guide of Kubernetes lists the changed fields",
         check_removed},
};

}  // namespace

std::span<const Rule> api_rules() {
  return kRules;
}

}  // namespace instantexec::validate
