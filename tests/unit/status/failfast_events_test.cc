#include <fmt/format.h>
#include <gtest/gtest.h>

#include "status/pod.h"
#include "unit/status/table.h"

// The fail-fast classes of scheduling, of pods that are refused, of volumes and probes. Each just before and
// just after its window. A StatefulSet is the stage for most: one doomed pod dooms it.
namespace instantexec::status::test {
namespace {

const std::string kSet = stateful_set(
    "'replicas':1", "'replicas':1,'updatedReplicas':1,'currentRevision':'h1','updateRevision':'h2'");

std::string waiting(std::string_view reason, std::string_view message) {
  return pod("p", "w",
             pending(fmt::format("'state':{{'waiting':{{'reason':'{}','message':'{}'}}}}", reason, message)));
}

std::string unschedulable(std::string_view message, std::string_view reason = "Unschedulable") {
  return pod(
      "p", "w",
      fmt::format("'phase':'Pending','conditions':[{{'type':'PodScheduled','status':'False','reason':'{}',"
                  "'message':'{}','lastTransitionTime':'@5'}}]",
                  reason, message));
}

TEST(FailFast, SchedulingWhileRoomIsComing) {
  const std::string full = "0/3 nodes are available: 3 node(s) didn`t match pod anti-affinity rules.";
  const std::string leaving =
      "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'old','uid':'old','deletionTimestamp':"
      "'@1','ownerReferences':[{'uid':'w'}]}}";
  std::string nominated = unschedulable(full);
  nominated.replace(nominated.find("'phase'"), 0, "'nominatedNodeName':'n1',");
  const std::string claims =
      unschedulable("0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.");
  check({
      {"an old pod is ending", kSet, {unschedulable(full), leaving}, 300, kInProgress, "WaitingForReady"},
      {"others are preempted for it", kSet, {nominated}, 300, kInProgress, "WaitingForReady"},
      {"a volume is provisioned", kSet, {claims}, 304, kInProgress, "WaitingForReady", 305},
      {"… for too long", kSet, {claims}, 305, kFailed, "Unschedulable"},
  });
  check({{"an old pod has ended", kSet, {unschedulable(full)}, 419, kInProgress, "WaitingForReady", 420},
         {"… long ago", kSet, {unschedulable(full)}, 420, kFailed, "Unschedulable"}},
        [](Context& context) { context.room_made_at = at(300); });
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
  const std::string some = stateful_set(
      "'replicas':3", "'replicas':1,'updatedReplicas':1,'currentRevision':'h2','updateRevision':'h2'");
  const auto pod_at = [](int created) {
    std::string out = pod("p0", "w", "'phase':'Pending'");
    return out.replace(out.find("'@1'"), 4, fmt::format("'@{}'", created));
  };
  const auto refused = [](const std::string& message, int first, int last, int count) {
    return event("w", "FailedCreate", message, first, last, count);
  };
  check({
      {"refused, just before the window ends", none, {refused(quota, 2, 4, 5)}, 4, kInProgress, "Scaling", 5},
      {"refused, just after", none, {refused(quota, 2, 4, 5)}, 5, kFailed, "FailedCreate"},
      {"seen once: it may have been a mishap",
       none,
       {refused(quota, 2, 2, 1)},
       21,
       kInProgress,
       "Scaling",
       22},
      {"seen once, beyond it", none, {refused(quota, 2, 2, 1)}, 22, kFailed, "FailedCreate"},
      {"a pod came afterwards", some, {refused(quota, 2, 4, 5), pod_at(4)}, 60, kInProgress, "Scaling"},
      {"no pod came afterwards", some, {refused(quota, 2, 4, 5), pod_at(3)}, 60, kFailed, "FailedCreate"},
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
// The last of the old pods is gone, and the controller has not tried again yet.
TEST(FailFast, PodCreationAfterRoomWasMade) {
  const std::string none =
      stateful_set("'replicas':1", "'replicas':0,'currentRevision':'h2','updateRevision':'h2'");
  const std::string quota = "pods p is forbidden: exceeded quota: small";
  check({{"refused before", none, {event("w", "FailedCreate", quota, 2, 29, 9)}, 60, kInProgress, "Scaling"},
         {"refused after", none, {event("w", "FailedCreate", quota, 2, 30, 9)}, 60, kFailed, "FailedCreate"},
         {"of no quota",
          none,
          {event("w", "FailedCreate", "serviceaccount x not found", 2, 29, 9)},
          60,
          kFailed,
          "FailedCreate"}},
        [](Context& context) { context.room_made_at = at(30); });
}

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

TEST(FailFast, VolumesThatWereMountedInTheEnd) {
  const std::string mount =
      event("p", "FailedMount", "MountVolume.SetUp failed: secret x not found", 3, 50, 5);
  const auto with = [](const std::string& status) {
    return pod("p", "w", "'phase':'Pending','startTime':'@1'," + status);
  };
  const std::string creating =
      "'containerStatuses':[{'name':'app','state':{'waiting':{'reason':'PodInitializing'}}}]";
  const std::string sandbox = "'conditions':[{'type':'PodReadyToStartContainers','status':'True'}],";
  const std::string init =
      "'initContainerStatuses':[{'name':'setup','state':{'running':{'startedAt':'@55'}}}],";
  check({
      {"the sandbox is there", kSet, {with(sandbox + creating), mount}, 120, kInProgress, "WaitingForReady"},
      {"an init container runs", kSet, {with(init + creating), mount}, 120, kInProgress, "WaitingForReady"},
      {"neither", kSet, {with(creating), mount}, 120, kFailed, "FailedMount"},
      {"it was told once, long ago",
       kSet,
       {with(creating), event("p", "FailedMount", "MountVolume.SetUp failed: secret x not found", 3, 22, 5)},
       120,
       kInProgress,
       "WaitingForReady"},
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

}  // namespace
}  // namespace instantexec::status::test
