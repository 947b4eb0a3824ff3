#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/status/table.h"

// Edges of what keeps pods running and what watches over it: states that are easily taken for another one, in
// the words of the API documents and as a control plane writes them.
namespace instantexec::status::test {
namespace {

std::string with_conditions(std::string_view api, std::string_view kind, const std::string& conditions,
                            const std::string& rest = "") {
  return plain(api, kind, "'status':{'observedGeneration':2,'conditions':[" + conditions + "]" + rest + "}");
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
      {"… but an old pod of a node that answers is",
       status(3, 2, 2),
       {revision, silent("p1", "n1")},
       10,
       kInProgress,
       "Updating"},
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

}  // namespace
}  // namespace instantexec::status::test
