#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/status/table.h"

// More rows from the API documents of the built-in kinds: the ends of ranges, defaults, and states that are
// easily taken for one another.
namespace instantexec::status::test {
namespace {

std::string numbers(int replicas, int updated, int ready, int available) {
  return fmt::format("'replicas':{},'updatedReplicas':{},'readyReplicas':{},'availableReplicas':{}", replicas,
                     updated, ready, available);
}

TEST(ApiTable, Deployments) {
  const std::string revisions = "'currentRevision':'a','updateRevision':'a'";
  check({
      {"one of one", deployment("'replicas':1", numbers(1, 1, 1, 1)), {}, 10, kCurrent, "RolloutComplete"},
      {"no status numbers at all", deployment("'replicas':1", ""), {}, 10, kInProgress, "Updating"},
      {"a surge pod is left",
       deployment("'replicas':2", numbers(3, 2, 3, 3)),
       {},
       10,
       kInProgress,
       "OldReplicas"},
      {"the last one is not ready",
       deployment("'replicas':10", numbers(10, 10, 9, 9)),
       {},
       10,
       kInProgress,
       "WaitingForReady"},
      {"the last one is not available",
       deployment("'replicas':10", numbers(10, 10, 10, 9)),
       {},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"scaled down by an autoscaler",
       deployment("'replicas':2", numbers(3, 3, 3, 3)),
       {},
       10,
       kInProgress,
       "ScalingDown"},
      {"paused while it rolls out",
       deployment("'paused':true,'replicas':3", numbers(4, 2, 3, 3)),
       {},
       10,
       kSuspended,
       "Paused"},
      {"paused is false",
       deployment("'paused':false,'replicas':1", numbers(1, 1, 1, 1)),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"recreate: everything is down",
       deployment("'strategy':{'type':'Recreate'},'replicas':2", numbers(0, 0, 0, 0)),
       {},
       10,
       kInProgress,
       "Updating"},
      {"minimum availability is no readiness",
       deployment("'replicas':4",
                  numbers(4, 4, 3, 3) + ",'conditions':[" + condition("Available", "True") + "]"),
       {},
       10,
       kInProgress,
       "WaitingForReady"},
  });
}

TEST(ApiTable, StatefulSets) {
  const auto set = [](std::string_view spec, std::string_view counts, std::string_view now,
                      std::string_view wanted) {
    return stateful_set(spec,
                        fmt::format("{},'currentRevision':'{}','updateRevision':'{}'", counts, now, wanted));
  };
  check({
      {"all of one revision",
       set("'replicas':3", numbers(3, 3, 3, 3), "b", "b"),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"replicas default to one",
       set("", numbers(1, 1, 1, 1), "b", "b"),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"scaled to zero",
       set("'replicas':0", numbers(0, 0, 0, 0), "b", "b"),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"the first of three",
       set("'replicas':3", numbers(1, 1, 0, 0), "b", "b"),
       {},
       10,
       kInProgress,
       "Scaling"},
      {"two of three updated",
       set("'replicas':3", numbers(3, 2, 3, 3), "a", "b"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"updated, the last one not ready",
       set("'replicas':3", numbers(3, 3, 2, 2), "a", "b"),
       {},
       10,
       kInProgress,
       "WaitingForReady"},
      {"numbers met, revision not yet",
       set("'replicas':3", numbers(3, 3, 3, 3), "a", "b"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"one too many",
       set("'replicas':2", numbers(3, 3, 3, 3), "b", "b"),
       {},
       10,
       kInProgress,
       "ScalingDown"},
      {"partition above the replicas changes nothing",
       set("'replicas':3,'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition':5}}",
           numbers(3, 0, 3, 3), "a", "b"),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"partition of all but one",
       set("'replicas':3,'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition':2}}",
           numbers(3, 1, 3, 3), "a", "b"),
       {},
       10,
       kCurrent,
       "PartitionComplete"},
      {"partition not reached",
       set("'replicas':3,'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition':1}}",
           numbers(3, 1, 3, 3), "a", "b"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"OnDelete with old pods",
       set("'replicas':3,'updateStrategy':{'type':'OnDelete'}", numbers(3, 0, 3, 3), "a", "b"),
       {},
       10,
       kCurrent,
       "OnDelete"},
      {"minReadySeconds counts availability",
       set("'replicas':1,'minReadySeconds':10", numbers(1, 1, 1, 0), "b", "b"),
       {},
       10,
       kInProgress,
       "WaitingForAvailable"},
  });
}

TEST(ApiTable, DaemonSets) {
  const auto set = [](int want, int scheduled, int updated, int available, std::string_view spec = "") {
    return daemon_set(spec, fmt::format("'desiredNumberScheduled':{},'currentNumberScheduled':{},"
                                        "'updatedNumberScheduled':{},'numberAvailable':{}",
                                        want, scheduled, updated, available));
  };
  check({
      {"on every node", set(3, 3, 3, 3), {}, 10, kCurrent, "RolloutComplete"},
      {"no node matches", set(0, 0, 0, 0), {}, 10, kCurrent, "RolloutComplete"},
      {"one node is old", set(3, 3, 2, 3), {}, 10, kInProgress, "Updating"},
      {"one pod is not available", set(3, 3, 3, 2), {}, 10, kInProgress, "WaitingForAvailable"},
      {"a new node has joined", set(4, 3, 3, 3), {}, 10, kInProgress, "Updating"},
      {"OnDelete, old pods run",
       set(3, 3, 1, 3, "'updateStrategy':{'type':'OnDelete'}"),
       {},
       10,
       kCurrent,
       "OnDelete"},
      {"OnDelete, one down",
       set(3, 3, 1, 2, "'updateStrategy':{'type':'OnDelete'}"),
       {},
       10,
       kInProgress,
       "WaitingForAvailable"},
      {"nothing known", daemon_set("", ""), {}, 10, kInProgress, "WaitingForController"},
  });
}

TEST(ApiTable, Jobs) {
  check({
      {"complete",
       job("", "'conditions':[" + condition("Complete", "True") + "]"),
       {},
       10,
       kCurrent,
       "Complete"},
      {"not complete", job("", "'active':1"), {}, 10, kInProgress, "Running"},
      {"failed",
       job("", "'conditions':[" + condition("Failed", "True", "BackoffLimitExceeded") + "]"),
       {},
       10,
       kFailed,
       "BackoffLimitExceeded"},
      {"too late",
       job("", "'conditions':[" + condition("Failed", "True", "DeadlineExceeded") + "]"),
       {},
       10,
       kFailed,
       "DeadlineExceeded"},
      {"a policy ended it",
       job("", "'conditions':[" + condition("Failed", "True", "PodFailurePolicy") + "]"),
       {},
       10,
       kFailed,
       "PodFailurePolicy"},
      {"Failed is False",
       job("", "'active':1,'conditions':[" + condition("Failed", "False") + "]"),
       {},
       10,
       kInProgress,
       "Running"},
      {"suspended",
       job("'suspend':true", "'conditions':[" + condition("Suspended", "True", "JobSuspended") + "]"),
       {},
       10,
       kSuspended,
       "Suspended"},
      {"Complete is False",
       job("", "'active':1,'conditions':[" + condition("Complete", "False") + "]"),
       {},
       10,
       kInProgress,
       "Running"},
  });
}

TEST(ApiTable, KindsThatAreReadyWhenTheyExist) {
  const std::vector<std::pair<const char*, const char*>> kinds{
      {"v1", "ConfigMap"},
      {"v1", "Secret"},
      {"v1", "ServiceAccount"},
      {"v1", "LimitRange"},
      {"rbac.authorization.k8s.io/v1", "Role"},
      {"rbac.authorization.k8s.io/v1", "RoleBinding"},
      {"rbac.authorization.k8s.io/v1", "ClusterRole"},
      {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding"},
      {"networking.k8s.io/v1", "NetworkPolicy"},
      {"networking.k8s.io/v1", "IngressClass"},
      {"scheduling.k8s.io/v1", "PriorityClass"},
      {"storage.k8s.io/v1", "StorageClass"},
      {"storage.k8s.io/v1", "CSIDriver"},
      {"node.k8s.io/v1", "RuntimeClass"},
      {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"},
      {"admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"},
      {"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"},
      {"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"},
  };
  std::vector<Row> rows;
  for (const auto& [api, kind] : kinds)
    rows.push_back({kind, plain(api, kind, ""), {}, 0, kCurrent, "Exists"});
  check(rows);
}

TEST(ApiTable, BarePods) {
  const auto bare = [](std::string_view status, std::string_view spec = "'restartPolicy':'Always'") {
    return pod("x", "", status, std::string(spec) + ",'containers':[{'name':'app','image':'reg/app:1'}]");
  };
  const std::string ready = "'conditions':[{'type':'Ready','status':'True'}]";
  const std::string not_ready = "'conditions':[{'type':'Ready','status':'False'}]";
  check({
      {"running and ready", bare("'phase':'Running'," + ready), {}, 10, kCurrent, "Ready"},
      {"running, not ready", bare("'phase':'Running'," + not_ready), {}, 10, kInProgress, "NotReady"},
      {"pending", bare("'phase':'Pending'"), {}, 10, kInProgress, "Pending"},
      {"succeeded", bare("'phase':'Succeeded'", "'restartPolicy':'Never'"), {}, 10, kCurrent, "Succeeded"},
  });
}

}  // namespace
}  // namespace instantexec::status::test
