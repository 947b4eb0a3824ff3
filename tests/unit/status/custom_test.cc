#include <gtest/gtest.h>

#include "unit/status/table.h"

// Custom resources, whose kinds the rules do not know by name.
namespace instantexec::status::test {
namespace {

TEST(CustomResource, StandardConditions) {
  const auto custom = [](const std::string& status) {
    return plain("example.com/v1", "Widget", "'status':{" + status + "}");
  };
  const auto with = [&](const std::string& conditions) {
    return custom("'conditions':[" + conditions + "]");
  };
  const std::string old_ready = "{'type':'Ready','status':'True','observedGeneration':1}";
  check({
      {"Ready=True", with(condition("Ready", "True", "Done")), {}, 10, kCurrent, "Done"},
      {"Ready=False is not failure",
       with(condition("Ready", "False", "Broken")),
       {},
       900,
       kInProgress,
       "Broken"},
      {"Ready=Unknown", with(condition("Ready", "Unknown")), {}, 10, kInProgress, "NotReady"},
      {"Ready of an older generation", with(old_ready), {}, 10, kInProgress, "WaitingForController"},
      {"… however long", with(old_ready), {}, 900, kInProgress, "WaitingForController"},
      {"a part's of an older generation, however long",
       custom("'parents':[{'conditions':[{'type':'Accepted','status':'True','observedGeneration':1}]}]"),
       {},
       900,
       kInProgress,
       "WaitingForController"},
      {"Crossplane's of an older generation",
       with(old_ready + ",{'type':'Synced','status':'True','observedGeneration':2}"),
       {},
       119,
       kInProgress,
       "WaitingForController",
       120},
      {"… that it did not change",
       with(old_ready + ",{'type':'Synced','status':'True','observedGeneration':2}"),
       {},
       120,
       kCurrent,
       "Ready"},
      {"Stalled=True",
       with(condition("Stalled", "True", "BadSpec") + "," + condition("Ready", "False")),
       {},
       10,
       kFailed,
       "BadSpec"},
      {"Reconciling=True outweighs Ready=True",
       with(condition("Reconciling", "True") + "," + condition("Ready", "True")),
       {},
       10,
       kInProgress,
       "Reconciling"},
      {"observedGeneration behind",
       custom("'observedGeneration':1,'conditions':[" + condition("Ready", "True") + "]"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"observedGeneration as text, behind",
       custom("'observedGeneration':'1','conditions':[" + condition("Ready", "True") + "]"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"Available=False without Ready",
       with(condition("Available", "False", "Minimum")),
       {},
       10,
       kInProgress,
       "Minimum"},
      {"two good words must both hold",
       with(condition("Available", "True") + "," + condition("Synced", "False", "No")),
       {},
       10,
       kInProgress,
       "No"},
      {"phase that is good", custom("'phase':'Running'"), {}, 10, kCurrent, "Running"},
      {"phase that sounds bad is not failure", custom("'phase':'Failed'"), {}, 900, kInProgress, "Failed"},
      {"phase that pauses", custom("'state':'Paused'"), {}, 10, kSuspended, "Paused"},
      {"no status, settling",
       plain("example.com/v1", "Widget", ""),
       {},
       14,
       kInProgress,
       "AwaitingStatus",
       15},
      {"no status, settled", plain("example.com/v1", "Widget", ""), {}, 15, kCurrent, "NoStatus"},
  });
  check({{"the schema has no status", plain("example.com/v1", "Widget", ""), {}, 0, kCurrent, "Exists"}},
        [](Context& context) { context.declares_status = false; });
}

TEST(CustomResource, Conventions) {
  const auto custom = [](const std::string& status, const std::string& spec = "") {
    return plain("example.com/v1", "Widget", "'spec':{" + spec + "},'status':{" + status + "}");
  };
  const auto with = [&](const std::string& conditions) {
    return custom("'conditions':[" + conditions + "]");
  };
  const auto parents = [&](const std::string& status, const std::string& reason) {
    return custom("'parents':[{'conditions':[" + condition("Accepted", "True") + "," +
                  condition("ResolvedRefs", status, reason) + "]}]");
  };
  check({
      {"Ready=True may be of the older spec",
       with(condition("Ready", "True")),
       {},
       4,
       kInProgress,
       "AwaitingStatus",
       5},
      {"… unless it says of which generation",
       with("{'type':'Ready','status':'True','reason':'Up','observedGeneration':2}"),
       {},
       0,
       kCurrent,
       "Up"},
      {"the status as a boolean", with("{'type':'Ready','status':true}"), {}, 10, kCurrent, "Ready"},
      {"Synced=False contradicts Ready=True",
       with(condition("Ready", "True") + "," + condition("Synced", "False", "ReconcileError")),
       {},
       10,
       kInProgress,
       "ReconcileError"},
      {"a part that is not available does not",
       with(condition("Ready", "True", "Up") + "," + condition("CronJobAvailable", "False")),
       {},
       10,
       kCurrent,
       "Up"},
      {"a bad type that is True",
       with(condition("CatalogSourcesUnhealthy", "True", "Down")),
       {},
       10,
       kInProgress,
       "Down"},
      {"a bad type that is False says nothing good",
       with(condition("Degraded", "False")),
       {},
       20,
       kCurrent,
       "StatusNotUnderstood"},
      {"conditions of parents, good", parents("True", "ResolvedRefs"), {}, 10, kCurrent, "Accepted"},
      {"conditions of parents, one bad",
       parents("False", "RefNotPermitted"),
       {},
       10,
       kInProgress,
       "RefNotPermitted"},
      {"a word in -ing", custom("'phase':'Provisioning'"), {}, 10, kInProgress, "Provisioning"},
      {"a nested word",
       custom("'applicationState':{'state':'SUBMISSION_FAILED'}"),
       {},
       10,
       kInProgress,
       "SUBMISSION_FAILED"},
      {"a word nobody knows", custom("'phase':'Bloomish'"), {}, 10, kCurrent, "Bloomish"},
      {"every word has to be good", custom("'phase':'Ready','health':'red'"), {}, 10, kInProgress, "red"},
      {"an error field",
       custom("'phase':'Ready','errorMessage':'no quota'"),
       {},
       900,
       kInProgress,
       "ErrorReported"},
      {"replicas missing", custom("'replicas':3,'readyReplicas':2"), {}, 10, kInProgress, "WaitingForReady"},
      {"replicas not updated",
       custom("'replicas':3,'readyReplicas':3,'updatedReplicas':1"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"replicas ready", custom("'replicas':3,'readyReplicas':3"), {}, 10, kCurrent, "ReplicasReady"},
      {"paused by its spec", custom("'phase':'Ready'", "'paused':true"), {}, 10, kSuspended, "Paused"},
      {"an unclear status gets time", custom("'endpoint':'x'"), {}, 14, kInProgress, "AwaitingStatus", 15},
  });
}

TEST(CustomResource, WhatAnObjectDeclaresAboutItself) {
  const auto custom = [](const std::string& status) {
    return plain("example.com/v1", "Widget", "'status':{" + status + "}");
  };
  const auto with = [&](const std::string& conditions) {
    return custom("'conditions':[" + conditions + "]");
  };
  const auto said = [](const std::string& type, const std::string& status, const std::string& message) {
    return "{'type':'" + type + "','status':'" + status + "','message':'" + message + "'}";
  };
  const std::string ready = condition("Ready", "True");
  check(
      {
          {"a phase that names an error", custom("'phase':'Failed'"), {}, 10, kFailed, "Failed"},
          {"… made of parts", custom("'state':'SUBMISSION_FAILED'"), {}, 10, kFailed, "SUBMISSION_FAILED"},
          {"… denied", custom("'phase':'NoErrors'"), {}, 10, kCurrent, "NoErrors"},
          {"failing over is work", custom("'phase':'Failing over'"), {}, 10, kInProgress, "Failing over"},
          {"not there yet", custom("'state':'NotFound'"), {}, 10, kInProgress, "NotFound"},
          {"unknown to itself", custom("'state':'Unknown'"), {}, 10, kUnknown, "Unknown"},
          {"a reason that names an error",
           with(condition("Ready", "False", "ReconcileError")),
           {},
           10,
           kFailed,
           "ReconcileError"},
          {"… while it is not yet decided",
           with(condition("Ready", "Unknown", "ReconcileError")),
           {},
           10,
           kInProgress,
           "ReconcileError"},
          {"a reason that names work",
           with(condition("Ready", "False", "Creating")),
           {},
           10,
           kInProgress,
           "Creating"},
          {"a message that speaks of an error",
           with(said("Ready", "False", "failed to reach the server")),
           {},
           10,
           kFailed,
           "NotReady"},
          {"… while work goes on",
           with(said("Ready", "False", "failed to reach the server") + "," + condition("Issuing", "True")),
           {},
           10,
           kInProgress,
           "NotReady"},
          {"something missing may come",
           with(said("Ready", "False", "Secret does not exist")),
           {},
           10,
           kInProgress,
           "NotReady"},
          {"trying again after an error",
           with(condition("Reconciling", "True", "ProgressingWithRetry") + "," +
                condition("Ready", "False", "GitOperationFailed")),
           {},
           10,
           kFailed,
           "GitOperationFailed"},
          {"a bad type", with(condition("FetchFailed", "True", "Down")), {}, 10, kFailed, "Down"},
          {"the opposite of a good type",
           with(condition("NotReady", "True", "Creating")),
           {},
           10,
           kInProgress,
           "Creating"},
          {"the spec is refused",
           with(condition("Accepted", "False", "UnsupportedValue")),
           {},
           10,
           kFailed,
           "UnsupportedValue"},
          {"… or not yet read",
           with(condition("Accepted", "False", "Pending")),
           {},
           10,
           kInProgress,
           "Pending"},
          {"a good summary and a bad phase disagree",
           custom("'phase':'Failed','conditions':[" + ready + "]"),
           {},
           10,
           kInProgress,
           "Failed"},
          {"a good phase and a bad part disagree",
           custom("'phase':'Running','backup':{'state':'Failed'}"),
           {},
           10,
           kInProgress,
           "Failed"},
          {"paused by its controller",
           with(ready + "," + condition("Synced", "False", "ReconcilePaused")),
           {},
           10,
           kSuspended,
           "ReconcilePaused"},
          {"rolled out, as Deployments say it",
           with(condition("Progressing", "True", "NewReplicaSetAvailable")),
           {},
           10,
           kCurrent,
           "NewReplicaSetAvailable"},
          {"… and under way",
           with(condition("Available", "True") + "," + condition("Progressing", "True", "ReplicaSetUpdated")),
           {},
           10,
           kInProgress,
           "ReplicaSetUpdated"},
          {"what has succeeded runs no more",
           with(condition("Running", "False", "JobRunning") + "," +
                condition("Succeeded", "True", "JobSucceeded")),
           {},
           10,
           kCurrent,
           "JobSucceeded"},
          {"nodes, as DaemonSets count them",
           custom("'desiredNumberScheduled':3,'numberAvailable':2"),
           {},
           10,
           kInProgress,
           "WaitingForReady"},
          {"a ratio of replicas",
           custom("'scale':{'statusReplicas':'1/3'}"),
           {},
           10,
           kInProgress,
           "WaitingForReady"},
      },
      [](Context& context) { context.options.declared_failures = true; });
}

TEST(CustomResource, Snapshots) {
  const auto judge = [](const std::string& kind, const std::string& status) {
    return compute(object(plain("example.com/v1", kind, status)), {}, {}, {}).status;
  };
  EXPECT_EQ(judge("Widget", ""), kInProgress) << "its controller has not reported";
  EXPECT_EQ(judge("Widget", "'status':{'endpoint':'x'}"), kInProgress);
  EXPECT_EQ(judge("Widget", "'status':{'observedGeneration':2}"), kCurrent) << "seen, and nothing to report";
  EXPECT_EQ(judge("Widget", "'status':{'phase':'Running'}"), kCurrent);
  EXPECT_EQ(judge("CronThing", ""), kCurrent) << "it has nothing to report before its time";
  EXPECT_EQ(judge("BackupSchedule", "'spec':{'suspend':true}"), kSuspended);
  EXPECT_EQ(judge("Widget", "'spec':{'paused':true}"), kSuspended) << "though nobody has reported yet";
  EXPECT_EQ(judge("Widget", "'status':{'currentHealthy':1,'desiredHealthy':3}"), kInProgress);
  EXPECT_EQ(judge("Widget", "'status':{'healthyInstances':3,'desiredInstances':3}"), kCurrent);
  EXPECT_EQ(judge("AnalysisRun", "'status':{'phase':'Running'}"), kInProgress)
      << "it is done when it has ended";
  EXPECT_EQ(judge("CronJobRunner", "'status':{'phase':'Running'}"), kCurrent);
}

}  // namespace
}  // namespace instantexec::status::test
