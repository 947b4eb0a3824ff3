#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/status/table.h"

// Edges of the built-in kinds: states that are easily taken for another one, in the words of the API
// documents and as a control plane writes them.
namespace instantexec::status::test {
namespace {

const std::string kConfigError = pending(
    "'state':{'waiting':{'reason':'CreateContainerConfigError','message':'configmap settings not found'}}");

std::string with_conditions(std::string_view api, std::string_view kind, const std::string& conditions,
                            const std::string& rest = "") {
  return plain(api, kind, "'status':{'observedGeneration':2,'conditions':[" + conditions + "]" + rest + "}");
}

TEST(Edges, PodsOnTheirOwn) {
  const auto bare = [](std::string_view status, std::string_view policy = "Always") {
    return pod(
        "x", "", status,
        fmt::format("'restartPolicy':'{}','containers':[{{'name':'app','image':'reg/app:1'}}]", policy));
  };
  const auto ended = [](int code, std::string_view reason) {
    return fmt::format(
        "'phase':'Failed','containerStatuses':[{{'name':'app','state':{{'terminated':{{'exitCode':{},"
        "'reason':'{}'}}}}}}]",
        code, reason);
  };
  const std::string unready = "{'type':'Ready','status':'False','reason':'ReadinessGatesNotReady'}";
  std::string leaving = bare("'phase':'Running','conditions':[{'type':'Ready','status':'True'}]");
  leaving.replace(leaving.find("'creationTimestamp'"), 0, "'deletionTimestamp':'@5',");
  check({
      {"its node does not answer",
       bare("'phase':'Unknown','reason':'NodeLost'"),
       {},
       10,
       kInProgress,
       "NodeLost"},
      {"a readiness gate is not met",
       bare("'phase':'Running','conditions':[{'type':'ContainersReady','status':'True'}," + unready + "]"),
       {},
       10,
       kInProgress,
       "NotReady"},
      {"it ended with an error", bare(ended(3, "Error"), "Never"), {}, 10, kFailed, "PodFailed"},
      {"it ran longer than it may",
       bare("'phase':'Failed','reason':'DeadlineExceeded','message':'Pod was active on the node longer than "
            "the specified deadline'"),
       {},
       10,
       kFailed,
       "PodFailed"},
      {"it was preempted",
       bare("'phase':'Failed','reason':'Preempting'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"its node has no such device",
       bare("'phase':'Failed','reason':'UnexpectedAdmissionError'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"its node left while it ran",
       bare("'phase':'Failed','reason':'NodeShutdown'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"its node's labels no longer fit",
       bare("'phase':'Failed','reason':'NodeAffinity'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"ready and being deleted", leaving, {}, 10, kTerminating, "Terminating"},
      {"a task that still runs",
       bare("'phase':'Running','conditions':[{'type':'Ready','status':'True'}]", "OnFailure"),
       {},
       10,
       kInProgress,
       "Running"},
      {"a task that is tried again after an error",
       bare(pending("'restartCount':1,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{"
                    "'terminated':{'exitCode':1,'reason':'Error'}}"),
            "OnFailure"),
       {},
       10,
       kInProgress,
       "Pending"},
      {"no status at all",
       plain("v1", "Pod", "'spec':{'containers':[{'name':'app'}]}"),
       {},
       10,
       kInProgress,
       "Pending"},
  });
}

TEST(Edges, Sidecars) {
  const std::string sidecar =
      "'restartPolicy':'Never','initContainers':[{'name':'proxy','restartPolicy':'Always'}],'containers':[{"
      "'name':'app'}]";
  const auto with = [&](std::string_view proxy) {
    return pod(
        "x", "",
        fmt::format("'phase':'Pending','startTime':'@1','initContainerStatuses':[{{'name':'proxy',{}}}]",
                    proxy),
        sidecar);
  };
  check({
      {"a sidecar crashes, and is started again though the pod is not",
       with("'restartCount':1,'state':{'terminated':{'exitCode':1,'reason':'Error'}}"),
       {},
       10,
       kInProgress,
       "Pending"},
      {"a sidecar's image has no such name",
       with("'state':{'waiting':{'reason':'InvalidImageName','message':'bad reference'}}"),
       {},
       10,
       kFailed,
       "InvalidImageName"},
      {"a sidecar in a crash loop",
       with("'restartCount':2,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{"
            "'exitCode':1,'reason':'Error'}}"),
       {},
       10,
       kFailed,
       "CrashLoop"},
  });
}

TEST(Edges, Jobs) {
  const auto failed_pod = [](std::string_view name, int code) {
    return pod(name, "w",
               fmt::format("'phase':'Failed','containerStatuses':[{{'name':'app','state':{{'terminated':{{"
                           "'exitCode':{}}}}}}}]",
                           code));
  };
  const std::string quota = "pods x is forbidden: exceeded quota: small";
  check({
      {"indexed, some indexes done",
       job("'completionMode':'Indexed','completions':5,'parallelism':2",
           "'active':2,'succeeded':2,'completedIndexes':'0,1'"),
       {},
       10,
       kInProgress,
       "Running"},
      {"an index failed, others go on",
       job("'completionMode':'Indexed','completions':3,'backoffLimitPerIndex':1",
           "'active':1,'succeeded':1,'failed':2,'failedIndexes':'1'"),
       {failed_pod("a", 1), failed_pod("b", 1)},
       10,
       kInProgress,
       "Running"},
      {"too many indexes failed",
       job("'completionMode':'Indexed','completions':3,'maxFailedIndexes':1",
           "'failed':2,'conditions':[" + condition("Failed", "True", "MaxFailedIndexesExceeded") + "]"),
       {},
       10,
       kFailed,
       "MaxFailedIndexesExceeded"},
      {"suspended with pods that still end",
       job("'suspend':true", "'active':1"),
       {},
       10,
       kSuspended,
       "Suspended"},
      {"started, its pod not yet ready",
       job("'parallelism':1", "'active':1,'ready':0"),
       {},
       10,
       kInProgress,
       "Running"},
      {"all succeeded, not yet said to be complete",
       job("'completions':2", "'succeeded':2,'uncountedTerminatedPods':{}"),
       {},
       10,
       kInProgress,
       "Running"},
      {"complete although a pod failed on the way",
       job("'completions':1",
           "'succeeded':1,'failed':2,'conditions':[" + condition("Complete", "True") + "]"),
       {failed_pod("a", 1)},
       10,
       kCurrent,
       "Complete"},
      {"its pods exceed the quota",
       job("'completions':1", ""),
       {event("w", "FailedCreate", quota, 2, 6, 4)},
       6,
       kFailed,
       "FailedCreate"},
      {"a pod it replaced was refused once, the next one runs",
       job("'completions':1", "'active':1"),
       {event("w", "FailedCreate", quota, 2, 6, 4)},
       60,
       kInProgress,
       "Running"},
      {"its pod's image is not found",
       job("'completions':1", "'active':1"),
       {pod("a", "w",
            pending("'state':{'waiting':{'reason':'ErrImagePull','message':'reg/app:1: not found'}}"))},
       10,
       kFailed,
       "ImageNotFound"},
      {"its pod was evicted",
       job("'completions':1", "'active':0,'failed':1"),
       {pod("a", "w", "'phase':'Failed','reason':'Evicted'")},
       10,
       kInProgress,
       "Starting"},
  });
  check({{"started is enough when asked so", job("", "'active':1"), {}, 10, kCurrent, "Started"},
         {"not started yet", job("", ""), {}, 10, kInProgress, "Starting"},
         {"failed all the same",
          job("", "'failed':1,'conditions':[" + condition("Failed", "True", "BackoffLimitExceeded") + "]"),
          {},
          10,
          kFailed,
          "BackoffLimitExceeded"}},
        [](Context& context) { context.options.wait_for_jobs = false; });
}

TEST(Edges, CronJobs) {
  check({
      {"its schedule is suspended",
       plain("batch/v1", "CronJob", "'spec':{'suspend':true}"),
       {},
       10,
       kCurrent,
       "Exists"},
      {"its last run has failed",
       plain("batch/v1", "CronJob",
             "'spec':{},'status':{'lastScheduleTime':'@-60','lastSuccessfulTime':'@-120'}"),
       {},
       10,
       kCurrent,
       "Exists"},
      {"a run is under way",
       plain("batch/v1", "CronJob", "'spec':{},'status':{'active':[{'name':'j'}],'lastScheduleTime':'@-5'}"),
       {},
       10,
       kCurrent,
       "Exists"},
  });
}

TEST(Edges, ReplicationControllersAndReplicaSets) {
  const auto controller = [](std::string_view spec, std::string_view status) {
    return plain("v1", "ReplicationController", fmt::format("'spec':{{{}}},'status':{{{}}}", spec, status));
  };
  const std::string observed = "'observedGeneration':2,";
  check({
      {"not yet seen",
       controller("'replicas':1", "'replicas':1,'observedGeneration':1"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"never seen", controller("'replicas':1", "'replicas':0"), {}, 10, kInProgress, "WaitingForController"},
      {"scaled to zero",
       controller("'replicas':0", observed + "'replicas':0"),
       {},
       10,
       kCurrent,
       "ReplicasAvailable"},
      {"one too many",
       controller("'replicas':1",
                  observed + "'replicas':2,'readyReplicas':2,'availableReplicas':2,'fullyLabeledReplicas':2"),
       {},
       10,
       kInProgress,
       "Scaling"},
      {"its pods are refused",
       controller("'replicas':1", observed + "'replicas':0"),
       {event("x", "FailedCreate", "pods x is forbidden: exceeded quota: small", 2, 6, 4)},
       6,
       kFailed,
       "FailedCreate"},
      {"its condition tells of a refusal, events do not",
       controller("'replicas':1",
                  observed + "'replicas':0,'conditions':[{'type':'ReplicaFailure','status':'True','reason':"
                             "'FailedCreate','message':'pods x is forbidden','lastTransitionTime':'@2'}]"),
       {},
       6,
       kFailed,
       "FailedCreate"},
      {"a pod cannot be deleted, which is no refusal",
       controller("'replicas':1",
                  observed +
                      "'replicas':1,'fullyLabeledReplicas':1,'conditions':[{'type':'ReplicaFailure',"
                      "'status':'True','reason':'FailedDelete','message':'m','lastTransitionTime':'@2'}]"),
       {},
       60,
       kInProgress,
       "WaitingForReady"},
  });
}

TEST(Edges, DaemonSets) {
  const std::string revision =
      "{'apiVersion':'apps/v1','kind':'ControllerRevision','metadata':{'name':'r','uid':'r2',"
      "'labels':{'controller-revision-hash':'h2'},'ownerReferences':[{'uid':'w'}]},'revision':2}";
  const auto status = [](int want, int updated, int available) {
    return daemon_set("", fmt::format("'desiredNumberScheduled':{},'currentNumberScheduled':{},"
                                      "'updatedNumberScheduled':{},'numberAvailable':{}",
                                      want, want, updated, available));
  };
  const auto silent = [](std::string_view name, std::string_view node, std::string_view hash = "h2") {
    return pod(name, "w",
               "'phase':'Running','conditions':[{'type':'Ready','status':'False'},{'type':'ContainersReady','"
               "status':"
               "'True'}],'containerStatuses':[{'name':'app','ready':true,'state':{'running':{'startedAt':'@-"
               "900'}}}]",
               fmt::format("'nodeName':'{}','containers':[{{'name':'app'}}]", node), hash);
  };
  std::string overdue = pod("p9", "w", "'phase':'Running'", "'nodeName':'n9','containers':[]", "h1");
  overdue.replace(overdue.find("'creationTimestamp'"), 0, "'deletionTimestamp':'@-30',");
  check({
      {"a node that does not answer is not waited for",
       status(3, 3, 2),
       {revision, silent("p1", "n1")},
       10,
       kCurrent,
       "RolloutComplete"},
      {"… nor is its old pod, which nobody can replace",
       status(3, 2, 2),
       {revision, silent("p1", "n1", "h1")},
       10,
       kCurrent,
       "RolloutComplete"},
      {"an old pod that should have ended long ago",
       status(3, 2, 2),
       {revision, overdue},
       30,
       kCurrent,
       "RolloutComplete"},
      {"… or a moment ago", status(3, 2, 2), {revision, overdue}, 29, kInProgress, "Updating"},
      {"another node still starts its pod",
       status(3, 3, 1),
       {revision, silent("p1", "n1")},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"no node answers",
       status(1, 1, 0),
       {revision, silent("p1", "n1")},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"containers that are not ready are no silent node",
       status(2, 2, 1),
       {revision,
        pod("p1", "w",
            "'phase':'Running','conditions':[{'type':'Ready','status':'False','reason':'ContainersNotReady'},"
            "{'type':'ContainersReady','status':'False'}]",
            "'nodeName':'n1','containers':[]")},
       10,
       kInProgress,
       "WaitingForAvailable"},
  });
}

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

TEST(Edges, DisruptionBudgets) {
  const auto budget = [](const std::string& conditions, const std::string& rest) {
    return with_conditions("policy/v1", "PodDisruptionBudget", conditions, rest);
  };
  const std::string broken =
      budget(condition("DisruptionAllowed", "False", "SyncFailed"), ",'disruptionsAllowed':0");
  check({
      {"allows one",
       budget(condition("DisruptionAllowed", "True", "SufficientPods"), ",'disruptionsAllowed':1"),
       {},
       10,
       kCurrent,
       "Observed"},
      {"allows none at present",
       budget(condition("DisruptionAllowed", "False", "InsufficientPods"),
              ",'disruptionsAllowed':0,'expectedPods':2"),
       {},
       10,
       kCurrent,
       "Observed"},
      {"matches no pods",
       budget("", ",'disruptionsAllowed':0,'expectedPods':0"),
       {},
       10,
       kCurrent,
       "Observed"},
      {"cannot be computed: no reason to undo a deploy", broken, {}, 10, kCurrent, "Observed"},
  });
  check({{"cannot be computed", broken, {}, 10, kFailed, "SyncFailed"}},
        [](Context& context) { context.options.declared_failures = true; });
}

TEST(Edges, Autoscalers) {
  const auto scaler = [](const std::string& conditions) {
    return plain("autoscaling/v2", "HorizontalPodAutoscaler", "'status':{'conditions':[" + conditions + "]}");
  };
  const std::string able = condition("AbleToScale", "True", "ReadyForNewScale");
  check({
      {"at its limit",
       scaler(able + "," + condition("ScalingLimited", "True", "TooManyReplicas")),
       {},
       10,
       kCurrent,
       "AbleToScale"},
      {"waits between two steps",
       scaler(condition("AbleToScale", "True", "ScaleDownStabilized") + "," +
              condition("ScalingActive", "True")),
       {},
       10,
       kCurrent,
       "AbleToScale"},
      {"a metric of another API is missing",
       scaler(able + "," + condition("ScalingActive", "False", "FailedGetExternalMetric")),
       {},
       900,
       kCurrent,
       "AbleToScale"},
      {"not able for a reason that passes",
       scaler(condition("AbleToScale", "False", "BackoffBoth")),
       {},
       900,
       kInProgress,
       "WaitingForController"},
      {"two autoscalers want the same pods",
       scaler(able + "," + condition("ScalingActive", "False", "AmbiguousSelector")),
       {},
       10,
       kCurrent,
       "AbleToScale"},
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
  };
  for (const auto& [api, kind] : kinds) check({{kind, plain(api, kind, ""), {}, 0, kCurrent, "Exists"}});
}

}  // namespace
}  // namespace instantexec::status::test
