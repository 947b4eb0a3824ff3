#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/status/table.h"

// Edges of the kinds of a cluster, its network and its storage: states that are easily taken for another one,
// in the words of the API documents and as a control plane writes them.
namespace instantexec::status::test {
namespace {

TEST(Edges, ClusterKinds) {
  const auto crd = [](const std::string& conditions) {
    return plain("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                 "'status':{'conditions':[" + conditions + "]}");
  };
  const auto api = [](const std::string& conditions) {
    return plain("apiregistration.k8s.io/v1", "APIService", "'status':{'conditions':[" + conditions + "]}");
  };
  const std::string served = condition("NamesAccepted", "True") + "," + condition("Established", "True");
  std::string leaving = crd(served + "," + condition("Terminating", "True", "InstanceDeletionInProgress"));
  leaving.replace(leaving.find("'generation'"), 0,
                  "'deletionTimestamp':'@1','finalizers':['customresourcecleanup.apiextensions.k8s.io'],");
  check({
      {"CRD whose schema is not structural",
       crd(served + "," + condition("NonStructuralSchema", "True", "Violations")),
       {},
       10,
       kCurrent,
       "Established"},
      {"CRD with established alone",
       crd(condition("Established", "True")),
       {},
       10,
       kInProgress,
       "Installing"},
      {"CRD with names alone", crd(condition("NamesAccepted", "True")), {}, 10, kInProgress, "Installing"},
      {"CRD whose objects are being deleted", leaving, {}, 10, kTerminating, "Terminating"},
      {"APIService of the server itself",
       api(condition("Available", "True", "Local")),
       {},
       10,
       kCurrent,
       "Available"},
      {"APIService without its Service",
       api(condition("Available", "False", "ServiceNotFound")),
       {},
       10,
       kInProgress,
       "ServiceNotFound"},
      {"APIService that refuses discovery",
       api(condition("Available", "False", "FailedDiscoveryCheck")),
       {},
       10,
       kInProgress,
       "FailedDiscoveryCheck"},
      {"APIService not yet looked at",
       api(condition("Available", "Unknown")),
       {},
       10,
       kInProgress,
       "NotAvailable"},
      {"Namespace that cannot be emptied",
       plain("v1", "Namespace",
             "'status':{'phase':'Terminating','conditions':[" +
                 condition("NamespaceContentRemaining", "True", "SomeResourcesRemain") + "]}"),
       {},
       10,
       kTerminating,
       "Terminating"},
      {"quota without limits",
       plain("v1", "ResourceQuota", "'spec':{},'status':{}"),
       {},
       10,
       kCurrent,
       "Observed"},
      {"quota used up",
       plain("v1", "ResourceQuota",
             "'spec':{'hard':{'pods':'4'}},'status':{'hard':{'pods':'4'},'used':{'pods':'4'}}"),
       {},
       10,
       kCurrent,
       "Observed"},
      {"quota not yet counted",
       plain("v1", "ResourceQuota", "'spec':{'hard':{'pods':'4'}}"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
  });
}

TEST(Edges, Network) {
  const auto service = [](std::string_view spec, std::string_view status = "") {
    return plain("v1", "Service", fmt::format("'spec':{{{}}},'status':{{{}}}", spec, status));
  };
  check({
      {"a load balancer that failed",
       service("'type':'LoadBalancer','clusterIP':'10.0.0.1'"),
       {event("x", "SyncLoadBalancerFailed", "error creating load balancer: quota", 2, 60, 4)},
       90,
       kInProgress,
       "WaitingForLoadBalancer"},
      {"a load balancer of another class, without address",
       service("'type':'LoadBalancer','loadBalancerClass':'example.com/lb','clusterIP':'10.0.0.1'"),
       {},
       10,
       kInProgress,
       "WaitingForLoadBalancer"},
      {"no type is ClusterIP", service("'clusterIP':'10.0.0.1'"), {}, 10, kCurrent, "Ready"},
      {"two families of addresses",
       service("'clusterIP':'10.0.0.1','clusterIPs':['10.0.0.1','fd00::1']"),
       {},
       10,
       kCurrent,
       "Ready"},
      {"an Ingress of the former group",
       plain("extensions/v1beta1", "Ingress", ""),
       {},
       10,
       kCurrent,
       "Exists"},
  });
}

TEST(Edges, Claims) {
  const auto claim = [](std::string_view spec, std::string_view phase, std::string_view more = "") {
    return plain("v1", "PersistentVolumeClaim",
                 fmt::format("'spec':{{{}}},'status':{{'phase':'{}'{}}}", spec, phase, more));
  };
  check({
      {"bound, being resized",
       claim("'volumeName':'v'", "Bound", ",'conditions':[{'type':'Resizing','status':'True'}]"),
       {},
       10,
       kCurrent,
       "Bound"},
      {"made from a volume that is being filled",
       claim("'storageClassName':'fast'", "Pending"),
       {event("x", "Provisioning", "external provisioner is provisioning volume", 1, 5, 2)},
       200,
       kInProgress,
       "Pending"},
      {"no status", plain("v1", "PersistentVolumeClaim", "'spec':{}"), {}, 10, kInProgress, "Pending"},
      {"released volume",
       plain("v1", "PersistentVolume", "'status':{'phase':'Released'}"),
       {},
       10,
       kCurrent,
       "Released"},
      {"volume without a phase", plain("v1", "PersistentVolume", ""), {}, 10, kInProgress, "Pending"},
  });
}

TEST(Edges, ClaimsWithoutAClass) {
  const auto storage_class = [](std::string_view name, bool is_default) {
    return object(
        fmt::format("{{'apiVersion':'storage.k8s.io/v1','kind':'StorageClass','metadata':{{'name':'{}',"
                    "'annotations':{{'storageclass.kubernetes.io/is-default-class':'{}'}}}}}}",
                    name, is_default));
  };
  const model::Object one = storage_class("one", true);
  const model::Object two = storage_class("two", true);
  const model::Object other = storage_class("other", false);
  const auto evidence = [](std::string_view spec, std::vector<const model::Object*> classes) {
    Context context;
    context.now = at(10);
    context.storage_classes = std::move(classes);
    const auto claim = object(plain("v1", "PersistentVolumeClaim",
                                    fmt::format("'spec':{{{}}},'status':{{'phase':'Pending'}}", spec)));
    const auto got = compute(claim, {}, {}, context);
    EXPECT_EQ(got.status, kInProgress);
    return got.evidence.empty() ? "" : got.evidence.front().text;
  };
  EXPECT_NE(evidence("", {&other}).find("none is the default"), std::string::npos);
  EXPECT_NE(evidence("", {&one, &other, &two}).find("2 are the default"), std::string::npos);
  EXPECT_EQ(evidence("", {&one, &other}), "");
  EXPECT_EQ(evidence("'storageClassName':''", {&one, &two}), "") << "no class is wanted";
  EXPECT_EQ(evidence("'storageClassName':'one'", {&one, &two}), "");
}

TEST(Edges, SigningRequests) {
  const auto request = [](const std::string& status) {
    return plain("certificates.k8s.io/v1", "CertificateSigningRequest", "'status':{" + status + "}");
  };
  const std::string approved = conditions_of("Approved=True/AutoApproved");
  check({
      {"nobody has looked at it", request(""), {}, 10, kInProgress, "WaitingForApproval"},
      {"approved, not signed", request(approved), {}, 10, kInProgress, "Approved"},
      {"signed", request(approved + ",'certificate':'LS0='"), {}, 10, kCurrent, "Issued"},
      {"denied", request(conditions_of("Denied=True/NotOurs")), {}, 10, kFailed, "NotOurs"},
      {"the signer failed",
       request(conditions_of("Approved=True/AutoApproved; Failed=True/SignerValidationFailure")),
       {},
       10,
       kFailed,
       "SignerValidationFailure"},
      {"denied is False", request(conditions_of("Denied=False")), {}, 10, kInProgress, "WaitingForApproval"},
  });
}

TEST(Edges, MoreKindsThatAreReadyWhenTheyExist) {
  const std::pair<const char*, const char*> kinds[] = {
      {"v1", "Endpoints"},
      {"v1", "PodTemplate"},
      {"apps/v1", "ControllerRevision"},
      {"discovery.k8s.io/v1", "EndpointSlice"},
      {"coordination.k8s.io/v1", "Lease"},
      {"storage.k8s.io/v1", "VolumeAttributesClass"},
      {"flowcontrol.apiserver.k8s.io/v1", "FlowSchema"},
      {"flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration"},
      {"admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy"},
      {"admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding"},
      {"storage.k8s.io/v1", "CSINode"},
      {"storage.k8s.io/v1", "CSIStorageCapacity"},
      {"networking.k8s.io/v1", "IPAddress"},
      {"resource.k8s.io/v1", "DeviceClass"},
      {"resource.k8s.io/v1", "ResourceClaim"},
      {"resource.k8s.io/v1", "ResourceClaimTemplate"},
      {"resource.k8s.io/v1", "ResourceSlice"},
      {"certificates.k8s.io/v1beta1", "ClusterTrustBundle"},
  };
  for (const auto& [api, kind] : kinds) check({{kind, plain(api, kind, ""), {}, 0, kCurrent, "Exists"}});
}

}  // namespace
}  // namespace instantexec::status::test
