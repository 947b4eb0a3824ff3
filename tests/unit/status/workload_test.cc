#include <gtest/gtest.h>

#include "unit/status/table.h"

// Rollout numbers of the workload kinds, from the API documents of apps/v1 and batch/v1.
namespace instantexec::status::test {
namespace {

const std::string kDone3 = "'replicas':3,'updatedReplicas':3,'readyReplicas':3,'availableReplicas':3";
const std::string kReadyPod =
    "'phase':'Running','conditions':[{'type':'Ready','status':'True'}],'containerStatuses':[{'name':'app','"
    "ready':"
    "true,'state':{'running':{'startedAt':'@2'}}}]";
const std::string kConfigError = pending(
    "'state':{'waiting':{'reason':'CreateContainerConfigError','message':'configmap settings not found'}}");

std::string progressing(std::string_view status, std::string_view reason, int updated) {
  return "'conditions':[{'type':'Progressing','status':'" + std::string(status) + "','reason':'" +
         std::string(reason) + "','message':'m','lastUpdateTime':'@" + std::to_string(updated) + "'}]";
}

TEST(Deployment, Numbers) {
  check({
      {"all replicas updated and available",
       deployment("'replicas':3", kDone3),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"replicas default to one",
       deployment("", "'replicas':1,'updatedReplicas':1,'readyReplicas':1,'availableReplicas':1"),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"scaled to zero", deployment("'replicas':0", ""), {}, 10, kCurrent, "RolloutComplete"},
      {"scaling to zero, pods still there",
       deployment("'replicas':0", "'replicas':2,'updatedReplicas':2"),
       {},
       10,
       kInProgress,
       "ScalingDown"},
      {"nothing updated yet",
       deployment("'replicas':3", "'replicas':3,'readyReplicas':3,'availableReplicas':3"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"half updated",
       deployment("'replicas':4", "'replicas':5,'updatedReplicas':2,'readyReplicas':4"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"an old replica is left",
       deployment("'replicas':3", "'replicas':4,'updatedReplicas':3,'readyReplicas':4,'availableReplicas':4"),
       {},
       10,
       kInProgress,
       "OldReplicas"},
      {"updated, not ready",
       deployment("'replicas':3", "'replicas':3,'updatedReplicas':3,'readyReplicas':1"),
       {},
       10,
       kInProgress,
       "WaitingForReady"},
      {"ready, not yet available (minReadySeconds)",
       deployment("'replicas':3,'minReadySeconds':30",
                  "'replicas':3,'updatedReplicas':3,'readyReplicas':3,'availableReplicas':2"),
       {},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"an autoscaler has raised spec.replicas",
       deployment("'replicas':5", kDone3),
       {},
       10,
       kInProgress,
       "Updating"},
      {"paused waits on a person",
       deployment("'paused':true,'replicas':3", kDone3),
       {},
       10,
       kSuspended,
       "Paused"},
  });
}

TEST(Deployment, Freshness) {
  std::string unseen = deployment("'replicas':3", kDone3);
  unseen.replace(unseen.find("'generation':2"), 14, "'generation':3");
  std::string silent = deployment("'replicas':3", kDone3);
  silent.replace(silent.find("'observedGeneration':2,"), 23, "");
  std::string text = deployment("'replicas':3", kDone3);
  text.replace(text.find("'observedGeneration':2"), 22, "'observedGeneration':'2'");
  std::string leaving = deployment("'replicas':3", kDone3);
  leaving.replace(leaving.find("'generation'"), 0,
                  "'deletionTimestamp':'@1','finalizers':['foregroundDeletion'],");
  check({
      {"generation 3, observed 2", unseen, {}, 10, kInProgress, "WaitingForController"},
      {"observedGeneration is missing", silent, {}, 10, kInProgress, "WaitingForController"},
      {"observedGeneration as text", text, {}, 10, kCurrent, "RolloutComplete"},
      {"being deleted", leaving, {}, 10, kTerminating, "Terminating"},
  });
  check({{"read from a cache older than our apply",
          deployment("'replicas':3", kDone3),
          {},
          10,
          kInProgress,
          "StaleRead"}},
        [](Context& context) { context.min_generation = 3; });
  check({{"exactly the generation of our apply",
          deployment("'replicas':3", kDone3),
          {},
          10,
          kCurrent,
          "RolloutComplete"}},
        [](Context& context) { context.min_generation = 2; });
  check(
      {{"another object of the same name", deployment("'replicas':3", kDone3), {}, 10, kFailed, "Replaced"}},
      [](Context& context) { context.uid = "other"; });
}

TEST(Deployment, ProgressDeadline) {
  const std::string spec = "'replicas':1,'progressDeadlineSeconds':60";
  check({
      {"ran out after our apply",
       deployment(spec, progressing("False", "ProgressDeadlineExceeded", 61)),
       {},
       62,
       kFailed,
       "ProgressDeadlineExceeded"},
      {"ran out before our apply",
       deployment(spec, progressing("False", "ProgressDeadlineExceeded", -90)),
       {},
       10,
       kInProgress,
       "StaleDeadline",
       60},
      {"stale, just before a deadline has passed since the apply",
       deployment(spec, progressing("False", "ProgressDeadlineExceeded", -90)),
       {},
       59,
       kInProgress,
       "StaleDeadline",
       60},
      {"stale, but a whole deadline has passed since the apply",
       deployment(spec, progressing("False", "ProgressDeadlineExceeded", -90)),
       {},
       60,
       kFailed,
       "ProgressDeadlineExceeded"},
      {"a condition in the second of our apply is ours",
       deployment(spec, progressing("False", "ProgressDeadlineExceeded", 0)),
       {},
       10,
       kFailed,
       "ProgressDeadlineExceeded"},
      {"False for another reason",
       deployment(spec, progressing("False", "ReplicaSetCreateError", 5)),
       {},
       10,
       kFailed,
       "ReplicaSetCreateError"},
      {"progressing",
       deployment(spec, progressing("True", "ReplicaSetUpdated", 5)),
       {},
       10,
       kInProgress,
       "Updating"},
      {"complete numbers outweigh the condition",
       deployment("'replicas':3", kDone3 + "," + progressing("False", "ProgressDeadlineExceeded", 5)),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
  });
}

TEST(Deployment, OnlyNewPodsCount) {
  const std::string rolling =
      deployment("'replicas':2", "'replicas':3,'updatedReplicas':1,'readyReplicas':2");
  check({
      {"every new pod is doomed",
       rolling,
       {replica_set(2, 1, 1), pod("p1", "rs2", kConfigError)},
       10,
       kFailed,
       "ContainerConfig"},
      {"one of two new pods is doomed",
       rolling,
       {replica_set(2, 2, 2), pod("p1", "rs2", kConfigError), pod("p2", "rs2", kReadyPod)},
       10,
       kInProgress,
       "Updating"},
      {"one doomed, one still starting",
       rolling,
       {replica_set(2, 2, 2), pod("p1", "rs2", kConfigError),
        pod("p2", "rs2", pending("'state':{'waiting':{'reason':'ContainerCreating'}}"))},
       10,
       kInProgress,
       "Updating"},
      {"a doomed pod of the old revision",
       rolling,
       {replica_set(1, 1, 1), replica_set(2, 1, 1), pod("p1", "rs1", kConfigError),
        pod("p2", "rs2", kReadyPod)},
       10,
       kInProgress,
       "Updating"},
      {"the new ReplicaSet is not there yet",
       rolling,
       {replica_set(1, 2, 2), pod("p1", "rs1", kConfigError)},
       10,
       kInProgress,
       "Updating"},
      {"a stranger with the same labels",
       rolling,
       {replica_set(2, 1, 1), pod("p1", "someone", kConfigError)},
       10,
       kInProgress,
       "Updating"},
      {"a doomed pod does not matter once the numbers are met",
       deployment("'replicas':3", kDone3),
       {replica_set(2, 3, 3), pod("p1", "rs2", kConfigError)},
       10,
       kCurrent,
       "RolloutComplete"},
  });
}

TEST(ReplicaSet, Numbers) {
  const auto set = [](std::string_view kind, std::string_view group, std::string_view status) {
    return "{'apiVersion':'" + std::string(group) + "','kind':'" + std::string(kind) +
           "','metadata':{'name':'web','namespace':'demo','uid':'w','generation':1},'spec':{'replicas':2},'"
           "status':"
           "{'observedGeneration':1," +
           std::string(status) + "}}";
  };
  const std::string done = "'replicas':2,'readyReplicas':2,'availableReplicas':2,'fullyLabeledReplicas':2";
  check({
      {"ReplicaSet available", set("ReplicaSet", "apps/v1", done), {}, 10, kCurrent, "ReplicasAvailable"},
      {"ReplicationController available",
       set("ReplicationController", "v1", done),
       {},
       10,
       kCurrent,
       "ReplicasAvailable"},
      {"one replica missing", set("ReplicaSet", "apps/v1", "'replicas':1"), {}, 10, kInProgress, "Scaling"},
      {"not all labelled",
       set("ReplicaSet", "apps/v1", "'replicas':2,'fullyLabeledReplicas':1"),
       {},
       10,
       kInProgress,
       "Labelling"},
      {"not all ready",
       set("ReplicaSet", "apps/v1", "'replicas':2,'fullyLabeledReplicas':2,'readyReplicas':1"),
       {},
       10,
       kInProgress,
       "WaitingForReady"},
      {"not all available",
       set("ReplicaSet", "apps/v1",
           "'replicas':2,'fullyLabeledReplicas':2,'readyReplicas':2,'availableReplicas':1"),
       {},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"all pods doomed",
       set("ReplicaSet", "apps/v1", "'replicas':2,'fullyLabeledReplicas':2"),
       {pod("p1", "w", kConfigError), pod("p2", "w", kConfigError)},
       10,
       kFailed,
       "ContainerConfig"},
  });
}

TEST(StatefulSet, Numbers) {
  const std::string same = ",'currentRevision':'h2','updateRevision':'h2'";
  const std::string rolling = ",'currentRevision':'h1','updateRevision':'h2'";
  const std::string done = "'replicas':3,'readyReplicas':3,'updatedReplicas':3";
  check({
      {"complete", stateful_set("'replicas':3", done + same), {}, 10, kCurrent, "RolloutComplete"},
      {"scaled to zero",
       stateful_set("'replicas':0", "'currentRevision':'h2','updateRevision':'h2'"),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"revision not yet promoted",
       stateful_set("'replicas':3", done + rolling),
       {},
       10,
       kInProgress,
       "Updating"},
      {"one to update",
       stateful_set("'replicas':3", "'replicas':3,'readyReplicas':3,'updatedReplicas':2" + rolling),
       {},
       10,
       kInProgress,
       "Updating"},
      {"not all exist",
       stateful_set("'replicas':3", "'replicas':1,'readyReplicas':1,'updatedReplicas':1" + same),
       {},
       10,
       kInProgress,
       "Scaling"},
      {"too many exist",
       stateful_set("'replicas':3", "'replicas':4,'readyReplicas':4,'updatedReplicas':4" + same),
       {},
       10,
       kInProgress,
       "ScalingDown"},
      {"not all ready",
       stateful_set("'replicas':3", "'replicas':3,'readyReplicas':2,'updatedReplicas':3" + same),
       {},
       10,
       kInProgress,
       "WaitingForReady"},
      {"minReadySeconds asks for availability",
       stateful_set("'replicas':3,'minReadySeconds':5", done + ",'availableReplicas':2" + same),
       {},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"partition leaves the first replica alone",
       stateful_set("'replicas':3,'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition':1}}",
                    "'replicas':3,'readyReplicas':3,'updatedReplicas':2" + rolling),
       {},
       10,
       kCurrent,
       "PartitionComplete"},
      {"partition not yet reached",
       stateful_set("'replicas':3,'updateStrategy':{'rollingUpdate':{'partition':1}}",
                    "'replicas':3,'readyReplicas':3,'updatedReplicas':1" + rolling),
       {},
       10,
       kInProgress,
       "Updating"},
      {"partition beyond the replicas updates nothing",
       stateful_set("'replicas':3,'updateStrategy':{'rollingUpdate':{'partition':9}}",
                    "'replicas':3,'readyReplicas':3" + rolling),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"OnDelete is ready with a remark",
       stateful_set("'replicas':3,'updateStrategy':{'type':'OnDelete'}",
                    "'replicas':3,'readyReplicas':3" + rolling),
       {},
       10,
       kCurrent,
       "OnDelete"},
      {"one doomed new pod is enough",
       stateful_set("'replicas':3", "'replicas':3,'readyReplicas':2,'updatedReplicas':1" + rolling),
       {pod("web-2", "w", kConfigError), pod("web-1", "w", kReadyPod)},
       10,
       kFailed,
       "ContainerConfig"},
      {"a doomed pod of the old revision is not",
       stateful_set("'replicas':3", "'replicas':3,'readyReplicas':2,'updatedReplicas':1" + rolling),
       {pod("web-1", "w", kConfigError, "'containers':[]", "h1")},
       10,
       kInProgress,
       "Updating"},
  });
}

TEST(DaemonSet, Numbers) {
  const std::string done =
      "'desiredNumberScheduled':3,'currentNumberScheduled':3,'updatedNumberScheduled':3,"
      "'numberAvailable':3";
  const std::string revision =
      "{'apiVersion':'apps/v1','kind':'ControllerRevision','metadata':{'name':'r','uid':'r2',"
      "'labels':{'controller-revision-hash':'h2'},'ownerReferences':[{'uid':'w'}]},'revision':2}";
  const std::string old_revision =
      "{'apiVersion':'apps/v1','kind':'ControllerRevision','metadata':{'name':'q','uid':"
      "'r1','labels':{'controller-revision-hash':'h1'},'ownerReferences':[{'uid':'w'}]},"
      "'revision':1}";
  check({
      {"complete", daemon_set("", done), {}, 10, kCurrent, "RolloutComplete"},
      {"no node wanted", daemon_set("", "'desiredNumberScheduled':0"), {}, 10, kCurrent, "RolloutComplete"},
      {"desired is not known", daemon_set("", ""), {}, 10, kInProgress, "WaitingForController"},
      {"no pod could be created (kubernetes#100683)",
       daemon_set("", "'desiredNumberScheduled':0"),
       {event("w", "FailedCreate", "pods x is forbidden: no", 2, 4, 4)},
       4,
       kInProgress,
       "FailedCreate",
       5},
      {"… for long enough",
       daemon_set("", "'desiredNumberScheduled':0"),
       {event("w", "FailedCreate", "pods x is forbidden: no", 2, 5, 4)},
       5,
       kFailed,
       "FailedCreate"},
      {"one to update",
       daemon_set("", "'desiredNumberScheduled':3,'updatedNumberScheduled':2,'numberAvailable':3"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"one not available",
       daemon_set("", "'desiredNumberScheduled':3,'updatedNumberScheduled':3,'numberAvailable':2"),
       {},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"OnDelete is ready with a remark",
       daemon_set("'updateStrategy':{'type':'OnDelete'}",
                  "'desiredNumberScheduled':3,'updatedNumberScheduled':0,'numberAvailable':3"),
       {},
       10,
       kCurrent,
       "OnDelete"},
      {"one doomed new pod is enough",
       daemon_set("", "'desiredNumberScheduled':3,'updatedNumberScheduled':1,'numberAvailable':2"),
       {old_revision, revision, pod("p1", "w", kConfigError)},
       10,
       kFailed,
       "ContainerConfig"},
      {"a doomed pod of the old revision is not",
       daemon_set("", "'desiredNumberScheduled':3,'updatedNumberScheduled':1,'numberAvailable':2"),
       {old_revision, revision, pod("p1", "w", kConfigError, "'containers':[]", "h1")},
       10,
       kInProgress,
       "Updating"},
  });
}

TEST(Job, Conditions) {
  const auto condition = [](std::string_view type, std::string_view reason) {
    return "'conditions':[{'type':'" + std::string(type) + "','status':'True','reason':'" +
           std::string(reason) + "','message':'said so'}]";
  };
  check({
      {"complete", job("", condition("Complete", "")), {}, 10, kCurrent, "Complete"},
      {"success criteria met", job("", condition("SuccessCriteriaMet", "")), {}, 10, kCurrent, "Complete"},
      {"retries used up",
       job("", condition("Failed", "BackoffLimitExceeded")),
       {},
       10,
       kFailed,
       "BackoffLimitExceeded"},
      {"took too long",
       job("", condition("Failed", "DeadlineExceeded")),
       {},
       10,
       kFailed,
       "DeadlineExceeded"},
      {"about to fail",
       job("", condition("FailureTarget", "PodFailurePolicy")),
       {},
       10,
       kFailed,
       "PodFailurePolicy"},
      {"suspended", job("'suspend':true", ""), {}, 10, kSuspended, "Suspended"},
      {"running", job("'completions':3", "'active':1,'succeeded':1"), {}, 10, kInProgress, "Running"},
      {"nothing yet", job("", ""), {}, 10, kInProgress, "Starting"},
      {"completions may be null",
       job("'completions':null,'parallelism':2", "'active':2"),
       {},
       10,
       kInProgress,
       "Running"},
      {"a failed pod is the Job's own business",
       job("", "'active':1,'failed':1"),
       {pod("p1", "w",
            "'phase':'Failed','containerStatuses':[{'name':'app','state':{'terminated':{'exitCode':1}}}]")},
       10,
       kInProgress,
       "Running"},
      {"a stuck pod is not",
       job("", "'active':1"),
       {pod("p1", "w", kConfigError)},
       10,
       kFailed,
       "ContainerConfig"},
  });
  check({{"started is enough when asked", job("", "'active':1"), {}, 10, kCurrent, "Started"}},
        [](Context& context) { context.options.wait_for_jobs = false; });
}

TEST(Job, GoneAfterItsTimeToLive) {
  const auto gone = [](std::string_view spec, std::string_view status) {
    return missing(object(job(spec, status)));
  };
  const std::string complete = "'conditions':[{'type':'Complete','status':'True'}]";
  EXPECT_EQ(gone("'ttlSecondsAfterFinished':0", complete).status, kCurrent);
  EXPECT_EQ(gone("'ttlSecondsAfterFinished':0", "").status, model::HealthStatus::kUnknown);
  EXPECT_EQ(gone("", complete).status, model::HealthStatus::kNotFound);
  EXPECT_EQ(missing(object("{'apiVersion':'v1','kind':'ConfigMap'}")).status, model::HealthStatus::kNotFound);
}

}  // namespace
}  // namespace instantexec::status::test
