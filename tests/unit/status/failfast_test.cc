#include <fmt/format.h>
#include <gtest/gtest.h>

#include "status/pod.h"
#include "unit/status/table.h"

// The fail-fast classes, each just before and just after its window. A StatefulSet is the stage for most:
// one doomed pod dooms it.
namespace instantexec::status::test {
namespace {

const std::string kSet = stateful_set(
    "'replicas':1", "'replicas':1,'updatedReplicas':1,'currentRevision':'h1','updateRevision':'h2'");

std::string waiting(std::string_view reason, std::string_view message) {
  return pod("p", "w",
             pending(fmt::format("'state':{{'waiting':{{'reason':'{}','message':'{}'}}}}", reason, message)));
}

// A container in back-off after `restarts`, last ended with this code and reason.
std::string crashed(int restarts, int code, std::string_view reason = "Error",
                    std::string_view spec = "'containers':[{'name':'app','image':'reg/app:1'}]") {
  return pod(
      "p", "w",
      pending(fmt::format("'restartCount':{},'state':{{'waiting':{{'reason':'CrashLoopBackOff'}}}},"
                          "'lastState':{{'terminated':{{'exitCode':{},'reason':'{}','containerID':'c{}'}}}}",
                          restarts, code, reason, restarts)),
      spec);
}

std::string unschedulable(std::string_view message, std::string_view reason = "Unschedulable") {
  return pod(
      "p", "w",
      fmt::format("'phase':'Pending','conditions':[{{'type':'PodScheduled','status':'False','reason':'{}',"
                  "'message':'{}','lastTransitionTime':'@5'}}]",
                  reason, message));
}

TEST(FailFast, Images) {
  const std::string pulling = "Failed to pull image reg/app:1: ";
  const auto denied_name =
      pod("p", "w",
          pending("'state':{'waiting':{'reason':'ErrImagePull','message':'reg/denied/not found/"
                  "app: connection refused'}}"),
          "'containers':[{'name':'app','image':'reg/denied/not found/app'}]");
  check({
      {"InvalidImageName", kSet, {waiting("InvalidImageName", "bad")}, 2, kFailed, "InvalidImageName"},
      {"ErrImageNeverPull", kSet, {waiting("ErrImageNeverPull", "absent")}, 2, kFailed, "ImageNeverPull"},
      {"SignatureValidationFailed",
       kSet,
       {waiting("SignatureValidationFailed", "no")},
       2,
       kFailed,
       "ImageSignature"},
      {"manifest not found",
       kSet,
       {waiting("ErrImagePull", "reg/app:1: not found")},
       2,
       kFailed,
       "ImageNotFound"},
      {"manifest unknown",
       kSet,
       {waiting("ErrImagePull", "manifest unknown: gone")},
       2,
       kFailed,
       "ImageNotFound"},
      {"denied",
       kSet,
       {waiting("ErrImagePull", "pull access denied, repository does not exist")},
       2,
       kFailed,
       "ImagePullDenied"},
      {"unauthorized", kSet, {waiting("ErrImagePull", "401 Unauthorized")}, 2, kFailed, "ImagePullDenied"},
      {"wrong platform",
       kSet,
       {waiting("ErrImagePull", "no match for platform in manifest")},
       2,
       kFailed,
       "ImagePlatform"},
      {"the answer survives as an event (krane#124)",
       kSet,
       {waiting("ImagePullBackOff", "Back-off pulling image"),
        event("p", "Failed", pulling + "manifest unknown", 3, 3, 1, "app")},
       4,
       kFailed,
       "ImageNotFound"},
      {"an event about another container says nothing",
       kSet,
       {waiting("ImagePullBackOff", "Back-off pulling image"),
        event("p", "Failed", pulling + "manifest unknown", 3, 3, 1, "other")},
       4,
       kInProgress,
       "WaitingForReady",
       301},
      {"words in the image's own name", kSet, {denied_name}, 4, kInProgress, "WaitingForReady", 301},
      {"rate limit, just before the window ends",
       kSet,
       {waiting("ErrImagePull", "429 Too Many Requests - unauthorized"),
        event("p", "Failed", pulling + "toomanyrequests", 10, 100, 4, "app")},
       159,
       kInProgress,
       "WaitingForReady",
       160},
      {"rate limit, just after",
       kSet,
       {waiting("ErrImagePull", "429 Too Many Requests - unauthorized"),
        event("p", "Failed", pulling + "toomanyrequests", 10, 100, 4, "app")},
       160,
       kFailed,
       "ImagePull"},
      {"bare back-off is not failure",
       kSet,
       {waiting("ImagePullBackOff", "Back-off pulling image"),
        event("p", "BackOff", "Back-off pulling image reg/app:1", 20, 60, 9, "app")},
       60,
       kInProgress,
       "WaitingForReady",
       170},
      {"without events the window is doubled",
       kSet,
       {waiting("ImagePullBackOff", "Back-off")},
       300,
       kInProgress,
       "WaitingForReady",
       301},
      {"… and ends", kSet, {waiting("ImagePullBackOff", "Back-off")}, 301, kFailed, "ImagePull"},
  });
}

TEST(FailFast, ContainerCreation) {
  const std::string start = "'state':{'terminated':{'reason':'StartError','exitCode':128,'message':'";
  check({
      {"missing ConfigMap",
       kSet,
       {waiting("CreateContainerConfigError", "configmap x not found")},
       2,
       kFailed,
       "ContainerConfig"},
      {"kubelet cache lag, inside its window",
       kSet,
       {waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out")},
       150,
       kInProgress,
       "WaitingForReady",
       151},
      {"kubelet cache lag, beyond it",
       kSet,
       {waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out")},
       151,
       kFailed,
       "ContainerConfig"},
      {"CreateContainerError",
       kSet,
       {waiting("CreateContainerError", "no command specified")},
       2,
       kFailed,
       "ContainerCreate"},
      {"busy runtime",
       kSet,
       {waiting("CreateContainerError", "context deadline exceeded")},
       2,
       kInProgress,
       "WaitingForReady",
       151},
      {"RunContainerError",
       kSet,
       {waiting("RunContainerError", "cannot mount")},
       2,
       kFailed,
       "ContainerStart"},
      {"missing program, though exit 128",
       kSet,
       {pod("p", "w", pending(start + "exec: nope: executable file not found in $PATH'}}"))},
       2,
       kFailed,
       "ContainerStart"},
      {"the runtime's own trouble, exit 128",
       kSet,
       {pod("p", "w", pending(start + "failed to create shim task: OCI runtime busy'}}"))},
       2,
       kInProgress,
       "WaitingForReady"},
      {"ContainerCreating is progress",
       kSet,
       {waiting("ContainerCreating", "")},
       2,
       kInProgress,
       "WaitingForReady"},
      {"PodInitializing is progress",
       kSet,
       {waiting("PodInitializing", "")},
       2,
       kInProgress,
       "WaitingForReady"},
  });
}

TEST(FailFast, Crashes) {
  const std::string never = "'restartPolicy':'OnFailure','containers':[{'name':'app'}]";
  check({
      {"one restart", kSet, {crashed(1, 1)}, 30, kInProgress, "WaitingForReady"},
      {"two restarts with the same code", kSet, {crashed(1, 1), crashed(2, 1)}, 30, kFailed, "CrashLoop"},
      {"two restarts, codes differ",
       kSet,
       {crashed(1, 3), crashed(2, 1)},
       30,
       kInProgress,
       "WaitingForReady"},
      {"five restarts, codes differ", kSet, {crashed(4, 3), crashed(5, 1)}, 30, kFailed, "CrashLoop"},
      {"exit 127 needs one restart", kSet, {crashed(1, 127)}, 30, kFailed, "CrashLoop"},
      {"exit 126 needs one restart", kSet, {crashed(1, 126)}, 30, kFailed, "CrashLoop"},
      {"exit 0 again and again", kSet, {crashed(2, 0, "Completed")}, 30, kFailed, "CrashLoop"},
      {"restartPolicy OnFailure is retried by design",
       kSet,
       {crashed(4, 1, "Error", never)},
       30,
       kInProgress,
       "WaitingForReady"},
      {"out of memory once", kSet, {crashed(1, 137, "OOMKilled")}, 30, kInProgress, "WaitingForReady"},
      {"out of memory twice",
       kSet,
       {crashed(1, 137, "OOMKilled"), crashed(2, 137, "OOMKilled")},
       30,
       kFailed,
       "OutOfMemory"},
      {"running again after two crashes",
       kSet,
       {pod("p", "w",
            pending("'restartCount':2,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':1}}"))},
       30,
       kInProgress,
       "WaitingForReady"},
      {"started again after two crashes, a moment ago",
       kSet,
       {pod("p", "w",
            pending("'restartCount':2,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':1}}"))},
       29,
       kFailed,
       "CrashLoop"},
      {"started again after two crashes, each after a while",
       kSet,
       {pod("p", "w",
            pending("'restartCount':2,'state':{'running':{'startedAt':'@80'}},'lastState':{'terminated':{'"
                    "exitCode':1,'startedAt':'@50','finishedAt':'@75'}}"))},
       129,
       kFailed,
       "CrashLoop"},
      {"started again after one crash",
       kSet,
       {pod("p", "w",
            pending("'restartCount':1,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':1}}"))},
       29,
       kInProgress,
       "WaitingForReady"},
      {"init container, restartPolicy Never",
       kSet,
       {pod("p", "w",
            "'phase':'Pending','initContainerStatuses':[{'name':'setup','state':{'terminated':{'exitCode':2}}"
            "}]",
            "'restartPolicy':'Never','initContainers':[{'name':'setup'}]")},
       30,
       kFailed,
       "InitContainerFailed"},
      {"init container that will be retried",
       kSet,
       {pod("p", "w",
            "'phase':'Pending','initContainerStatuses':[{'name':'setup','state':{'terminated':{'exitCode':2}}"
            "}]",
            "'initContainers':[{'name':'setup'}]")},
       30,
       kInProgress,
       "WaitingForReady"},
      {"init container in a crash loop",
       kSet,
       {pod("p", "w",
            "'phase':'Pending','initContainerStatuses':[{'name':'setup','restartCount':2,'state':{'waiting':{"
            "'reason':"
            "'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':2,'reason':'Error'}}}]",
            "'initContainers':[{'name':'setup'}]")},
       30,
       kFailed,
       "CrashLoop"},
  });
  check(
      {{"restarts before our apply do not count", kSet, {crashed(6, 1)}, 30, kInProgress, "WaitingForReady"}},
      [](Context& context) {
        context.restarts_at_apply[{"p", "app"}] = 5;
      });
  check({{"restarts beyond them do", kSet, {crashed(7, 1)}, 30, kFailed, "CrashLoop"}}, [](Context& context) {
    context.restarts_at_apply[{"p", "app"}] = 5;
  });
}

TEST(FailFast, Scheduling) {
  const std::string full = "0/3 nodes are available: 3 Insufficient cpu.";
  const std::string selector =
      "0/3 nodes are available: 3 node(s) didn`t match Pod`s node affinity/selector.";
  const auto impossible = [&] {
    std::string text = unschedulable(selector);
    // An apostrophe inside JSON written with ' needs its escape.
    for (auto tick = text.find('`'); tick != std::string::npos; tick = text.find('`'))
      text.replace(tick, 1, "\\u0027");
    return text;
  }();
  check({
      {"no room, just before the window ends",
       kSet,
       {unschedulable(full)},
       124,
       kInProgress,
       "WaitingForReady",
       125},
      {"no room, just after", kSet, {unschedulable(full)}, 125, kFailed, "Unschedulable"},
      {"cluster-autoscaler adds a node",
       kSet,
       {unschedulable(full), event("p", "TriggeredScaleUp", "pod triggered scale-up", 8, 8, 1)},
       500,
       kInProgress,
       "WaitingForReady"},
      {"Karpenter adds a node",
       kSet,
       {unschedulable(full), event("p", "Nominated", "should schedule on", 8, 8, 1)},
       500,
       kInProgress,
       "WaitingForReady"},
      {"autoscaler refuses, inside half a minute",
       kSet,
       {unschedulable(full), event("p", "NotTriggerScaleUp", "max node group size reached", 8, 8, 1)},
       34,
       kInProgress,
       "WaitingForReady",
       35},
      {"autoscaler refuses, beyond it",
       kSet,
       {unschedulable(full), event("p", "NotTriggerScaleUp", "max node group size reached", 8, 8, 1)},
       35,
       kFailed,
       "Unschedulable"},
      {"one promises, another refuses",
       kSet,
       {unschedulable(full), event("p", "NotTriggerScaleUp", "no", 8, 8, 1),
        event("p", "Nominated", "yes", 9, 9, 1)},
       300,
       kInProgress,
       "WaitingForReady"},
      {"no node matches the selector, just before",
       kSet,
       {impossible},
       34,
       kInProgress,
       "WaitingForReady",
       35},
      {"no node matches the selector, just after", kSet, {impossible}, 35, kFailed, "Unschedulable"},
      {"a scheduling gate waits for its owner",
       kSet,
       {unschedulable("gated", "SchedulingGated")},
       900,
       kInProgress,
       "WaitingForReady"},
  });
}

TEST(FailFast, PodCreation) {
  const std::string none =
      stateful_set("'replicas':1", "'replicas':0,'currentRevision':'h2','updateRevision':'h2'");
  const std::string quota = "pods p is forbidden: exceeded quota: small";
  const std::string leaving =
      "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'old','uid':'old','deletionTimestamp':"
      "'@1','ownerReferences':[{'uid':'w'}]}}";
  const std::string rolling = deployment("'replicas':2", "'replicas':2,'readyReplicas':2");
  const auto refused = [](const std::string& message, int first, int last, int count) {
    return event("w", "FailedCreate", message, first, last, count);
  };
  check({
      {"refused, just before the window ends", none, {refused(quota, 2, 4, 5)}, 4, kInProgress, "Scaling", 5},
      {"refused, just after", none, {refused(quota, 2, 4, 5)}, 5, kFailed, "FailedCreate"},
      {"seen once: twice the window", none, {refused(quota, 2, 2, 1)}, 7, kInProgress, "Scaling", 8},
      {"seen once, beyond it", none, {refused(quota, 2, 2, 1)}, 8, kFailed, "FailedCreate"},
      {"counted from our apply", none, {refused(quota, -300, 2, 50)}, 2, kInProgress, "Scaling", 3},
      {"seen only before our apply", none, {refused(quota, -300, -20, 50)}, 60, kInProgress, "Scaling"},
      {"a quota frees up while old pods end",
       none,
       {refused(quota, 2, 20, 5), leaving},
       90,
       kInProgress,
       "Scaling"},
      {"webhook denied",
       none,
       {refused("admission webhook policy denied the request: no root", 2, 4, 5)},
       5,
       kFailed,
       "FailedCreate"},
      {"missing ServiceAccount",
       none,
       {refused("error looking up service account demo/x: serviceaccount x not found", 2, 4, 5)},
       5,
       kFailed,
       "FailedCreate"},
      {"webhook that does not answer",
       none,
       {refused("failed calling webhook: connection refused", 2, 4, 9)},
       5,
       kFailed,
       "FailedCreate"},
      {"the ReplicaSet of a Deployment",
       rolling,
       {replica_set(2, 1, 0), event("rs2", "FailedCreate", quota, 2, 4, 5)},
       5,
       kFailed,
       "FailedCreate"},
      {"the old ReplicaSet does not matter",
       rolling,
       {replica_set(1, 3, 2), replica_set(2, 1, 1), event("rs1", "FailedCreate", quota, 2, 4, 5)},
       32,
       kInProgress,
       "Updating"},
      {"without events the condition says it",
       deployment("'replicas':1",
                  "'conditions':[{'type':'ReplicaFailure','status':'True','reason':'FailedCreate',"
                  "'message':'pods p is forbidden','lastTransitionTime':'@2'}]"),
       {},
       5,
       kFailed,
       "FailedCreate"},
      {"the pods came after all", kSet, {refused(quota, 2, 20, 5)}, 90, kInProgress, "WaitingForReady"},
  });
}

// While others of the release come up, one of them may be what is missing.
TEST(FailFast, PodCreationWhileHelpMayCome) {
  const std::string none =
      stateful_set("'replicas':1", "'replicas':0,'currentRevision':'h2','updateRevision':'h2'");
  const auto refused = [](const std::string& message) {
    return event("w", "FailedCreate", message, 2, 20, 5);
  };
  const std::string account = "error looking up service account demo/x: serviceaccount x not found";
  const std::string webhook = "failed calling webhook: connection refused";
  check(
      {
          {"refused, inside the longer window", none, {refused(account)}, 31, kInProgress, "Scaling", 32},
          {"refused, beyond it", none, {refused(account)}, 32, kFailed, "FailedCreate"},
          {"no answer, inside the longest window",
           none,
           {refused(webhook)},
           121,
           kInProgress,
           "Scaling",
           122},
          {"no answer, beyond it", none, {refused(webhook)}, 122, kFailed, "FailedCreate"},
          {"nobody helps with a quota",
           none,
           {refused("pods p is forbidden: exceeded quota: small")},
           21,
           kFailed,
           "FailedCreate"},
      },
      [](Context& context) { context.help_may_come = true; });
}

// What a pod refers to may be made while others of the release come up.
TEST(FailFast, WhatIsNotThereMayBeMade) {
  const auto config = [](const std::string& message) {
    return waiting("CreateContainerConfigError", message);
  };
  const std::string missing = "secret web-tls not found";
  const std::string mount = "MountVolume.SetUp failed for volume tls : secret web-tls not found";
  const std::vector<std::string> unmounted{waiting("ContainerCreating", ""),
                                           event("p", "FailedMount", mount, 3, 50, 5)};
  check({{"nobody is left who could make it", kSet, {config(missing)}, 10, kFailed, "ContainerConfig"}});
  check({{"others come up, of kinds that make none", kSet, {config(missing)}, 10, kFailed, "ContainerConfig"},
         {"a key that is missing is as good as missing",
          kSet,
          {config("couldnt find key a in ConfigMap demo/settings")},
          10,
          kFailed,
          "ContainerConfig"}},
        [](Context& context) { context.help_may_come = true; });
  check({{"a custom resource that makes it is not ready",
          kSet,
          {config(missing)},
          900,
          kInProgress,
          "WaitingForReady"},
         {"… the same for a volume", kSet, unmounted, 900, kInProgress, "WaitingForReady"},
         {"the registry's credentials may be made",
          kSet,
          {waiting("ErrImagePull",
                   "pull access denied, repository does not exist or may require authorization")},
          30,
          kInProgress,
          "WaitingForReady",
          301},
         {"an image that is not found is not made",
          kSet,
          {waiting("ErrImagePull", "reg/app:1: not found")},
          30,
          kFailed,
          "ImageNotFound"}},
        [](Context& context) {
          context.help_may_come = true;
          context.makers_at_work = true;
        });
}

TEST(FailFast, Volumes) {
  const std::string creating = waiting("ContainerCreating", "");
  check({
      {"missing Secret volume, just before",
       kSet,
       {creating, event("p", "FailedMount", "MountVolume.SetUp failed: secret x not found", 3, 50, 5)},
       62,
       kInProgress,
       "WaitingForReady",
       63},
      {"missing Secret volume, just after",
       kSet,
       {creating, event("p", "FailedMount", "MountVolume.SetUp failed: secret x not found", 3, 50, 5)},
       63,
       kFailed,
       "FailedMount"},
      {"slow mount",
       kSet,
       {creating, event("p", "FailedMount", "timed out waiting for the condition", 3, 200, 5)},
       300,
       kInProgress,
       "WaitingForReady"},
      {"attach fails, just before",
       kSet,
       {creating, event("p", "FailedAttachVolume", "AttachVolume.Attach failed: no such disk", 3, 50, 5)},
       62,
       kInProgress,
       "WaitingForReady",
       63},
      {"attach fails, just after",
       kSet,
       {creating, event("p", "FailedAttachVolume", "AttachVolume.Attach failed: no such disk", 3, 50, 5)},
       63,
       kFailed,
       "FailedAttachVolume"},
      {"volume still held by the old pod",
       kSet,
       {creating, event("p", "FailedAttachVolume", "Multi-Attach error for volume", 3, 200, 5)},
       300,
       kInProgress,
       "WaitingForReady"},
  });
}

TEST(FailFast, Probes) {
  const std::string probed =
      "'containers':[{'name':'app','readinessProbe':{'initialDelaySeconds':5,'periodSeconds':10,'"
      "timeoutSeconds':1}}]";
  const std::string running = "'started':true,'restartCount':1,'state':{'running':{'startedAt':'@10'}}";
  const auto killed = [](int count) {
    return event("p", "Killing", "Container app failed liveness probe, will be restarted", 8, 9, count,
                 "app");
  };
  const auto unready = pod("p", "w", pending(running), probed);
  // Grace: 15 to the first probe, + 1 + (3 + 1 - 3) * 10 + 5 + 1 = 32.
  check({
      {"readiness fails: one error is no doom", kSet, {unready}, 900, kInProgress, "WaitingForReady"},
      {"one restart by a probe, readiness within its grace",
       kSet,
       {unready, killed(1)},
       41,
       kInProgress,
       "WaitingForReady",
       42},
      {"one restart by a probe, readiness past its grace",
       kSet,
       {unready, killed(1)},
       42,
       kFailed,
       "ProbeRestart"},
      {"two restarts by a probe", kSet, {unready, killed(2)}, 20, kFailed, "ProbeRestart"},
      {"killed for another reason",
       kSet,
       {unready, event("p", "Killing", "Stopping container app", 8, 9, 5, "app")},
       100,
       kInProgress,
       "WaitingForReady"},
  });
}

TEST(FailFast, ReadinessGrace) {
  const auto grace = [](std::string_view text) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(readiness_grace(object(text).json)).count();
  };
  EXPECT_EQ(grace("{'readinessProbe':{}}"), 27000) << "the API server's defaults: 10 s, 1 s, 3 and 1";
  EXPECT_EQ(grace("{'readinessProbe':{'failureThreshold':1}}"), 0) << "one failure is final";
  EXPECT_EQ(grace("{'readinessProbe':{'initialDelaySeconds':30}}"), 57000);
  EXPECT_EQ(grace("{'readinessProbe':{},'startupProbe':{'failureThreshold':30,'periodSeconds':2}}"), 88000)
      << "61 s of start-up, one period, then the tries";
}

TEST(FailFast, BarePods) {
  const auto bare = [](std::string_view status, std::string_view spec = "'containers':[{'name':'app'}]") {
    return pod("p", "", status, spec);
  };
  const std::string ready = "'phase':'Running','conditions':[{'type':'Ready','status':'True'}]";
  check({
      {"ready", bare(ready), {}, 10, kCurrent, "Ready"},
      {"succeeded", bare("'phase':'Succeeded'"), {}, 10, kCurrent, "Succeeded"},
      {"running to completion", bare(ready, "'restartPolicy':'Never'"), {}, 10, kInProgress, "Running"},
      {"failed", bare("'phase':'Failed'"), {}, 10, kFailed, "PodFailed"},
      {"evicted", bare("'phase':'Failed','reason':'Evicted'"), {}, 10, kInProgress, "LostWithNode"},
      {"no room on the node",
       bare("'phase':'Failed','reason':'OutOfcpu'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"node shut down",
       bare("'phase':'Failed','reason':'Terminated','conditions':[{'type':'DisruptionTarget',"
            "'status':'True'}]"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"pending", bare("'phase':'Pending'"), {}, 10, kInProgress, "Pending"},
      {"not ready", bare("'phase':'Running'"), {}, 10, kInProgress, "NotReady"},
      {"doomed",
       bare(pending("'state':{'waiting':{'reason':'InvalidImageName','message':'m'}}")),
       {},
       10,
       kFailed,
       "InvalidImageName"},
  });
}

}  // namespace
}  // namespace instantexec::status::test
