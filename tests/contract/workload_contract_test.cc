// What controllers make of objects.
#include <algorithm>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using model::get_int;
using model::get_string;
using model::Json;

class Workloads : public Contract {
 protected:
  static bool rolled_out(const engine::Response& response) {
    const Json& json = response.object.json;
    const std::int64_t wanted = get_int(json, "/spec/replicas");
    return response.ok() && get_int(json, "/status/observedGeneration") == response.object.generation() &&
           get_int(json, "/status/updatedReplicas") == wanted &&
           get_int(json, "/status/replicas") == wanted &&
           get_int(json, "/status/availableReplicas") == wanted;
  }
  static Json condition(const model::Object& object, const std::string& type) {
    for (const Json& item : model::get_array(object.json, "/status/conditions")) {
      if (get_string(item, "/type") == type) return item;
    }
    return Json::object();
  }
  // The first pod of an app that satisfies the condition, once there is one.
  model::Object await_pod(const std::string& app, const std::function<bool(const model::Object&)>& good) {
    for (int i = 0; i < 600; ++i) {
      for (const auto& pod : list(kPod, "app=" + app)) {
        if (good(pod)) return pod;
      }
      pass(Duration{50});
    }
    ADD_FAILURE() << "no such pod of " << app;
    return {};
  }
};
INSTANTEXEC_CONTRACT(Workloads);

TEST_P(Workloads, DeploymentRollsOut) {
  ASSERT_TRUE(apply(deployment("web", 2, "registry.example/web:1")).ok());
  const auto done = await(kDeployment, "web", rolled_out);
  EXPECT_EQ(get_string(condition(done, "Available"), "/status"), "True");
  EXPECT_EQ(get_string(condition(done, "Available"), "/reason"), "MinimumReplicasAvailable");
  const auto progressed = await(kDeployment, "web", [&](const engine::Response& response) {
    return get_string(condition(response.object, "Progressing"), "/reason") == "NewReplicaSetAvailable";
  });
  EXPECT_EQ(progressed.annotation("deployment.kubernetes.io/revision"), "1");
  EXPECT_EQ(progressed.generation(), 1) << "the controller's own writes count for nothing";
  const auto sets = list(kReplicaSet, "app=web");
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(model::controller_uid(sets[0]), progressed.uid());
  EXPECT_EQ(sets[0].labels()["pod-template-hash"], sets[0].name().substr(4));
  const auto pods = list(kPod, "app=web");
  ASSERT_EQ(pods.size(), 2U);
  for (const auto& pod : pods) {
    EXPECT_EQ(model::controller_uid(pod), sets[0].uid());
    EXPECT_FALSE(get_string(pod.json, "/spec/nodeName").empty());
    EXPECT_EQ(get_string(pod.json, "/status/phase"), "Running");
    EXPECT_EQ(get_string(condition(pod, "Ready"), "/status"), "True");
  }
  EXPECT_TRUE(owners(progressed)["kube-controller-manager/Update/status"].contains("f:status"));
}

TEST_P(Workloads, UpdatesMakeANewRevision) {
  apply(deployment("web", 1, "registry.example/web:1"));
  await(kDeployment, "web", rolled_out);
  apply(deployment("web", 1, "registry.example/web:2"));
  const auto done = await(kDeployment, "web", rolled_out);
  EXPECT_EQ(done.annotation("deployment.kubernetes.io/revision"), "2");
  EXPECT_EQ(done.generation(), 2);
  EXPECT_EQ(list(kReplicaSet, "app=web").size(), 2U);
  await_pod("web", [](const model::Object& pod) {
    return get_string(pod.json, "/spec/containers/0/image") == "registry.example/web:2";
  });
}

TEST_P(Workloads, AMissingImageShowsInThePod) {
  apply(deployment("web", 1, "registry.example/web:does-not-exist"));
  const auto pod = await_pod("web", [](const model::Object& candidate) {
    return get_string(candidate.json, "/status/containerStatuses/0/state/waiting/reason") ==
           "ImagePullBackOff";
  });
  EXPECT_EQ(get_string(pod.json, "/status/phase"), "Pending");
  EXPECT_EQ(get_string(condition(pod, "Ready"), "/status"), "False");
  EXPECT_EQ(get_string(condition(pod, "Ready"), "/reason"), "ContainersNotReady");
  const auto stuck = get(kDeployment, "web").object;
  EXPECT_EQ(get_string(condition(stuck, "Available"), "/status"), "False");
  EXPECT_EQ(get_string(condition(stuck, "Available"), "/reason"), "MinimumReplicasUnavailable");
  EXPECT_EQ(get_int(stuck.json, "/status/unavailableReplicas"), 1);
}

TEST_P(Workloads, ACrashLoopCountsItsRestarts) {
  apply(deployment("web", 1, "registry.example/web:crash"));
  const auto pod = await_pod("web", [](const model::Object& candidate) {
    return get_string(candidate.json, "/status/containerStatuses/0/state/waiting/reason") ==
           "CrashLoopBackOff";
  });
  EXPECT_EQ(get_string(pod.json, "/status/phase"), "Running");
  EXPECT_GE(get_int(pod.json, "/status/containerStatuses/0/restartCount"), 1);
  EXPECT_EQ(get_int(pod.json, "/status/containerStatuses/0/lastState/terminated/exitCode"), 1);
}

TEST_P(Workloads, DeletionCollectsReplicaSetsAndPods) {
  apply(deployment("web", 1, "registry.example/web:1"));
  await(kDeployment, "web", rolled_out);
  ASSERT_TRUE(remove(kDeployment, "web").ok());
  for (int i = 0; i < 600; ++i) {
    if (list(kReplicaSet, "app=web").empty() && list(kPod, "app=web").empty()) return;
    pass(Duration{50});
  }
  ADD_FAILURE() << "something was left";
}

TEST_P(Workloads, OrphansOutliveTheirOwner) {
  apply(deployment("web", 1, "registry.example/web:1"));
  await(kDeployment, "web", rolled_out);
  ASSERT_TRUE(remove(kDeployment, "web", {}, engine::Propagation::kOrphan).ok());
  await(kDeployment, "web", [](const engine::Response& response) { return response.not_found(); });
  const auto sets = list(kReplicaSet, "app=web");
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_TRUE(model::controller_uid(sets[0]).empty());
}

TEST_P(Workloads, StatefulSetStartsInOrder) {
  ASSERT_TRUE(
      apply(object("apps/v1", "StatefulSet", "db",
                   R"({"spec":{"replicas":2,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
                               "template":{"metadata":{"labels":{"app":"db"}},
                               "spec":{"containers":[{"name":"app","image":"registry.example/db:1"}]}}}})"))
          .ok());
  const auto done = await({"apps", "v1", "StatefulSet"}, "db", [](const engine::Response& response) {
    return get_int(response.object.json, "/status/readyReplicas") == 2 &&
           get_int(response.object.json, "/status/observedGeneration") == response.object.generation();
  });
  EXPECT_EQ(get_string(done.json, "/status/currentRevision"),
            get_string(done.json, "/status/updateRevision"));
  const auto pods = list(kPod, "app=db");
  ASSERT_EQ(pods.size(), 2U);
  EXPECT_EQ(pods[0].name(), "db-0");
  EXPECT_EQ(pods[0].labels()["controller-revision-hash"], get_string(done.json, "/status/updateRevision"));
}

TEST_P(Workloads, JobsComplete) {
  ASSERT_TRUE(
      apply(
          object("batch/v1", "Job", "once",
                 R"({"spec":{"template":{"metadata":{"labels":{"app":"once"}},"spec":{"restartPolicy":"Never",
                               "containers":[{"name":"app","image":"registry.example/job:1"}]}}}})"))
          .ok());
  const auto done = await({"batch", "v1", "Job"}, "once", [](const engine::Response& response) {
    return get_string(condition(response.object, "Complete"), "/status") == "True";
  });
  EXPECT_EQ(get_int(done.json, "/status/succeeded"), 1);
  EXPECT_FALSE(get_string(done.json, "/status/completionTime").empty());
}

TEST_P(Workloads, ServicesFindTheirPods) {
  apply(deployment("web", 2, "registry.example/web:1"));
  const auto made =
      apply(object("v1", "Service", "web", R"({"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}})"));
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  EXPECT_FALSE(get_string(made.object.json, "/spec/clusterIP").empty());
  for (int i = 0; i < 600; ++i) {
    std::int64_t ready = 0;
    for (const auto& slice :
         list({"discovery.k8s.io", "v1", "EndpointSlice"}, "kubernetes.io/service-name=web")) {
      for (const Json& endpoint : model::get_array(slice.json, "/endpoints")) {
        if (model::get_bool(endpoint, "/conditions/ready")) ++ready;
      }
    }
    if (ready == 2) return;
    pass(Duration{50});
  }
  ADD_FAILURE() << "the pods never became endpoints";
}

}  // namespace
}  // namespace instantexec::contract
