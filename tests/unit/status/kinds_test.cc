#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/status/table.h"

namespace instantexec::status::test {
namespace {

std::string claim(std::string_view spec, std::string_view phase) {
  return plain("v1", "PersistentVolumeClaim",
               fmt::format("'spec':{{{}}},'status':{{'phase':'{}'}}", spec, phase));
}

TEST(Storage, Claims) {
  const std::string missing_class =
      event("x", "ProvisioningFailed", "storageclass.storage.k8s.io fast not found", 2, 20, 3);
  check({
      {"bound", claim("'volumeName':'v'", "Bound"), {}, 10, kCurrent, "Bound"},
      {"lost", claim("", "Lost"), {}, 10, kFailed, "Lost"},
      {"pending", claim("", "Pending"), {}, 10, kInProgress, "Pending"},
      {"binds when used, by its event",
       claim("'storageClassName':'late'", "Pending"),
       {event("x", "WaitForFirstConsumer", "waiting for first consumer", 1, 1, 1)},
       10,
       kCurrent,
       "WaitForFirstConsumer"},
      {"class missing, just before",
       claim("'storageClassName':'fast'", "Pending"),
       {missing_class},
       31,
       kInProgress,
       "Pending",
       32},
      {"class missing, just after",
       claim("'storageClassName':'fast'", "Pending"),
       {missing_class},
       32,
       kFailed,
       "StorageClassMissing"},
      {"provisioner trouble is not final",
       claim("'storageClassName':'fast'", "Pending"),
       {event("x", "ProvisioningFailed", "rpc error: quota", 2, 200, 9)},
       300,
       kInProgress,
       "Pending"},
  });
}

TEST(Storage, ClaimsWithClassesKnown) {
  static const model::Object kLate =
      object("{'kind':'StorageClass','metadata':{'name':'late'},'volumeBindingMode':'WaitForFirstConsumer'}");
  static const model::Object kNow =
      object("{'kind':'StorageClass','metadata':{'name':'now'},'volumeBindingMode':'Immediate'}");
  const Tweak with_classes = [](Context& context) {
    context.storage_classes = std::vector<const model::Object*>{&kLate, &kNow};
  };
  check({{"waits for its first consumer",
          claim("'storageClassName':'late'", "Pending"),
          {},
          10,
          kCurrent,
          "WaitForFirstConsumer"},
         {"immediate", claim("'storageClassName':'now'", "Pending"), {}, 100, kInProgress, "Pending"},
         {"unknown class, just before",
          claim("'storageClassName':'fast'", "Pending"),
          {},
          29,
          kInProgress,
          "Pending",
          30},
         {"unknown class, just after",
          claim("'storageClassName':'fast'", "Pending"),
          {},
          30,
          kFailed,
          "StorageClassMissing"},
         {"no class: a person makes the volume",
          claim("'storageClassName':''", "Pending"),
          {},
          300,
          kInProgress,
          "Pending"}},
        with_classes);
}

TEST(Storage, Volumes) {
  check({
      {"available",
       plain("v1", "PersistentVolume", "'status':{'phase':'Available'}"),
       {},
       10,
       kCurrent,
       "Available"},
      {"bound", plain("v1", "PersistentVolume", "'status':{'phase':'Bound'}"), {}, 10, kCurrent, "Bound"},
      {"failed", plain("v1", "PersistentVolume", "'status':{'phase':'Failed'}"), {}, 10, kFailed, "Failed"},
      {"pending",
       plain("v1", "PersistentVolume", "'status':{'phase':'Pending'}"),
       {},
       10,
       kInProgress,
       "Pending"},
  });
}

TEST(Network, Services) {
  const auto service = [](std::string_view spec, std::string_view status = "") {
    return plain("v1", "Service",
                 fmt::format("'spec':{{{}}},'status':{{'loadBalancer':{{{}}}}}", spec, status));
  };
  const std::string balancer = "'type':'LoadBalancer','clusterIP':'10.0.0.1'";
  check({
      {"cluster address", service("'clusterIP':'10.0.0.1'"), {}, 10, kCurrent, "Ready"},
      {"headless", service("'clusterIP':'None'"), {}, 10, kCurrent, "Ready"},
      {"no address yet", service("'type':'ClusterIP'"), {}, 10, kInProgress, "WaitingForAddress"},
      {"ExternalName needs nothing",
       service("'type':'ExternalName','externalName':'a.example'"),
       {},
       10,
       kCurrent,
       "ExternalName"},
      {"NodePort", service("'type':'NodePort','clusterIP':'10.0.0.1'"), {}, 10, kCurrent, "Ready"},
      {"load balancer pending", service(balancer), {}, 10, kInProgress, "WaitingForLoadBalancer"},
      {"load balancer with an address",
       service(balancer, "'ingress':[{'ip':'1.2.3.4'}]"),
       {},
       10,
       kCurrent,
       "Ready"},
      {"load balancer with a name",
       service(balancer, "'ingress':[{'hostname':'lb.example'}]"),
       {},
       10,
       kCurrent,
       "Ready"},
      {"load balancer entry without address",
       service(balancer, "'ingress':[{'ports':[]}]"),
       {},
       10,
       kInProgress,
       "WaitingForLoadBalancer"},
      {"external addresses instead",
       service(balancer + ",'externalIPs':['1.2.3.4']"),
       {},
       10,
       kCurrent,
       "Ready"},
  });
}

TEST(Network, EndpointsWhenAsked) {
  const std::string service =
      plain("v1", "Service", "'spec':{'clusterIP':'10.0.0.1','selector':{'app':'web'}}");
  const auto slice = [](std::string_view ready) {
    return fmt::format(
        "{{'apiVersion':'discovery.k8s.io/v1','kind':'EndpointSlice','metadata':{{'name':'s','uid':'s',"
        "'ownerReferences':[{{'uid':'x'}}]}},'endpoints':[{{'addresses':['10.1.0.1']{}}}]}}",
        ready);
  };
  check({{"none", service, {}, 10, kInProgress, "NoReadyEndpoint"},
         {"one that is not ready",
          service,
          {slice(",'conditions':{'ready':false}")},
          10,
          kInProgress,
          "NoReadyEndpoint"},
         {"unset means ready", service, {slice("")}, 10, kCurrent, "Ready"},
         {"no selector, nothing to check",
          plain("v1", "Service", "'spec':{'clusterIP':'10.0.0.1'}"),
          {},
          10,
          kCurrent,
          "Ready"}},
        [](Context& context) { context.options.require_endpoints = true; });
}

TEST(Network, Ingresses) {
  const std::string bare = plain("networking.k8s.io/v1", "Ingress", "'status':{'loadBalancer':{}}");
  check({{"exists", bare, {}, 10, kCurrent, "Exists"}});
  check(
      {{"address asked for", bare, {}, 10, kInProgress, "WaitingForAddress"},
       {"address there",
        plain("networking.k8s.io/v1", "Ingress", "'status':{'loadBalancer':{'ingress':[{'ip':'1.2.3.4'}]}}"),
        {},
        10,
        kCurrent,
        "Exists"}},
      [](Context& context) { context.options.require_ingress_address = true; });
}

TEST(Autoscaler, Conditions) {
  const auto scaler = [](const std::string& conditions) {
    return plain("autoscaling/v2", "HorizontalPodAutoscaler", "'status':{'conditions':[" + conditions + "]}");
  };
  check({
      {"able",
       scaler(condition("AbleToScale", "True") + "," + condition("ScalingActive", "True")),
       {},
       10,
       kCurrent,
       "AbleToScale"},
      {"limited", scaler(condition("ScalingLimited", "True")), {}, 10, kCurrent, "AbleToScale"},
      {"metrics are late",
       scaler(condition("AbleToScale", "True") + "," +
              condition("ScalingActive", "False", "FailedGetResourceMetric")),
       {},
       10,
       kCurrent,
       "AbleToScale"},
      {"disabled by zero replicas",
       scaler(condition("AbleToScale", "True") + "," +
              condition("ScalingActive", "False", "ScalingDisabled")),
       {},
       10,
       kCurrent,
       "AbleToScale"},
      {"invalid selector",
       scaler(condition("ScalingActive", "False", "InvalidSelector")),
       {},
       10,
       kFailed,
       "InvalidSelector"},
      {"target missing, just before",
       scaler(condition("AbleToScale", "False", "FailedGetScale", 2)),
       {},
       31,
       kInProgress,
       "FailedGetScale",
       32},
      {"target missing, just after",
       scaler(condition("AbleToScale", "False", "FailedGetScale", 2)),
       {},
       32,
       kFailed,
       "FailedGetScale"},
      {"cannot write the scale",
       scaler(condition("AbleToScale", "False", "FailedUpdateScale", 2)),
       {},
       32,
       kFailed,
       "FailedUpdateScale"},
      {"not yet seen", scaler(""), {}, 10, kInProgress, "WaitingForController"},
      {"conditions in autoscaling/v1's annotation",
       "{'apiVersion':'autoscaling/"
       "v1','kind':'HorizontalPodAutoscaler','metadata':{'name':'x','annotations':{"
       "'autoscaling.alpha.kubernetes.io/conditions':'[{\\u0022type\\u0022:\\u0022AbleToScale\\u0022,"
       "\\u0022status\\u0022:\\u0022True\\u0022}]'}}}",
       {},
       10,
       kCurrent,
       "AbleToScale"},
  });
}

TEST(ClusterKinds, Conditions) {
  const auto crd = [](const std::string& conditions) {
    return plain("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                 "'status':{'conditions':[" + conditions + "]}");
  };
  const auto api = [](const std::string& conditions) {
    return plain("apiregistration.k8s.io/v1", "APIService", "'status':{'conditions':[" + conditions + "]}");
  };
  check({
      {"CRD established",
       crd(condition("NamesAccepted", "True") + "," + condition("Established", "True")),
       {},
       10,
       kCurrent,
       "Established"},
      {"CRD installing",
       crd(condition("NamesAccepted", "True") + "," + condition("Established", "False", "Installing")),
       {},
       10,
       kInProgress,
       "Installing"},
      {"CRD new", crd(""), {}, 10, kInProgress, "Installing"},
      {"CRD names taken",
       crd(condition("NamesAccepted", "False", "MultipleNamesNotAllowed")),
       {},
       10,
       kFailed,
       "MultipleNamesNotAllowed"},
      {"CRD not accepted",
       crd(condition("NamesAccepted", "True") + "," + condition("Established", "False", "NotAccepted")),
       {},
       10,
       kFailed,
       "NotAccepted"},
      {"APIService available", api(condition("Available", "True")), {}, 10, kCurrent, "Available"},
      {"APIService down is never failure",
       api(condition("Available", "False", "MissingEndpoints")),
       {},
       900,
       kInProgress,
       "MissingEndpoints"},
      {"APIService new", api(""), {}, 10, kInProgress, "WaitingForController"},
      {"Namespace active",
       plain("v1", "Namespace", "'status':{'phase':'Active'}"),
       {},
       10,
       kCurrent,
       "Active"},
      {"Namespace terminating",
       plain("v1", "Namespace", "'status':{'phase':'Terminating'}"),
       {},
       10,
       kTerminating,
       "Terminating"},
      {"Namespace new", plain("v1", "Namespace", ""), {}, 10, kInProgress, "Pending"},
      {"quota in force",
       plain("v1", "ResourceQuota", "'spec':{'hard':{'pods':'4'}},'status':{'hard':{'pods':'4'}}"),
       {},
       10,
       kCurrent,
       "Observed"},
      {"quota of an older spec",
       plain("v1", "ResourceQuota", "'spec':{'hard':{'pods':'4'}},'status':{'hard':{'pods':'2'}}"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"PDB observed",
       plain("policy/v1", "PodDisruptionBudget", "'status':{'observedGeneration':2}"),
       {},
       10,
       kCurrent,
       "Observed"},
      {"PDB of an older spec",
       plain("policy/v1", "PodDisruptionBudget", "'status':{'observedGeneration':1}"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"PDB without status",
       plain("policy/v1", "PodDisruptionBudget", ""),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"CronJob", plain("batch/v1", "CronJob", "'spec':{}"), {}, 10, kCurrent, "Exists"},
      {"CronJob ignores the jobs of earlier runs",
       plain("batch/v1", "CronJob", "'spec':{}"),
       {"{'apiVersion':'batch/"
        "v1','kind':'Job','metadata':{'name':'j','uid':'j','ownerReferences':[{'uid':'x'}]},"
        "'status':{'conditions':[{'type':'Failed','status':'True'}]}}"},
       10,
       kCurrent,
       "Exists"},
  });
}

TEST(ClusterKinds, Existence) {
  const std::pair<const char*, const char*> kinds[] = {
      {"v1", "ConfigMap"},
      {"v1", "Secret"},
      {"v1", "ServiceAccount"},
      {"v1", "LimitRange"},
      {"rbac.authorization.k8s.io/v1", "Role"},
      {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding"},
      {"networking.k8s.io/v1", "NetworkPolicy"},
      {"scheduling.k8s.io/v1", "PriorityClass"},
      {"storage.k8s.io/v1", "StorageClass"},
      {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"},
  };
  for (const auto& [api, kind] : kinds) check({{kind, plain(api, kind, ""), {}, 0, kCurrent, "Exists"}});
}

TEST(Kinds, ChildrenAndTimeouts) {
  const auto kinds = [](std::string_view api, std::string_view kind, const Options& options = {}) {
    std::string out;
    for (const model::Gvk& gvk : child_kinds(model::make_gvk(api, kind), options))
      out += gvk.to_string() + " ";
    return out;
  };
  EXPECT_EQ(kinds("apps/v1", "Deployment"), "ReplicaSet.apps Pod ");
  EXPECT_EQ(kinds("apps/v1", "DaemonSet"), "ControllerRevision.apps Pod ");
  EXPECT_EQ(kinds("apps/v1", "StatefulSet"), "Pod ");
  EXPECT_EQ(kinds("batch/v1", "Job"), "Pod ");
  EXPECT_EQ(kinds("batch/v1", "CronJob"), "");
  EXPECT_EQ(kinds("example.com/v1", "Deployment"), "") << "a kind of the same name in another group";
  EXPECT_EQ(kinds("v1", "Service"), "");
  Options endpoints;
  endpoints.require_endpoints = true;
  EXPECT_EQ(kinds("v1", "Service", endpoints), "EndpointSlice.discovery.k8s.io ");

  using namespace std::chrono_literals;
  EXPECT_EQ(default_timeout(object(deployment("", ""))), 7min);
  EXPECT_EQ(default_timeout(object(deployment("'progressDeadlineSeconds':600", ""))), 7min);
  EXPECT_EQ(default_timeout(object(deployment("'progressDeadlineSeconds':1200", ""))), 20min);
  EXPECT_EQ(default_timeout(object("{'apiVersion':'v1','kind':'ConfigMap'}")), 30s);
  EXPECT_EQ(default_timeout(object("{'apiVersion':'example.com/v1','kind':'Widget'}")), 5min);
}

TEST(Kinds, NothingHereThrowsOnOddShapes) {
  for (const char* kind : {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}) {
    const auto odd = object(plain("apps/v1", kind,
                                  "'spec':[],'status':{'observedGeneration':2,'conditions':[1,'x',null,{}],"
                                  "'replicas':'three'}"));
    EXPECT_NE(compute(odd, {}, {}, {}).status, model::HealthStatus::kUnknown) << kind;
  }
  EXPECT_EQ(compute(object("{}"), {}, {}, {}).status, kInProgress) << "not even a kind: nothing is known";
  EXPECT_EQ(next_deadline({}), std::nullopt);
}

TEST(Kinds, TextOfTheClusterIsSanitised) {
  const std::string esc =
      plain("example.com/v1", "Widget",
            "'status':{'conditions':[{'type':'Ready','status':'False','reason':'R','message':"
            "'red \\u001b[31m\\nline'}]}");
  EXPECT_EQ(compute(object(esc), {}, {}, {}).message, "red \\x1b[31m\\nline");
}

}  // namespace
}  // namespace instantexec::status::test
