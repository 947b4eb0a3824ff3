#include <gtest/gtest.h>

#include <algorithm>

#include "unit/sim/helpers.h"

namespace instantexec::sim {
namespace {

using model::get_int;
using model::get_string;
using model::Json;

struct Fixture : ::testing::Test {
  SimServer server;

  Snapshot deployment(const std::string& name = "web") {
    return server.get({"apps", "Deployment", "default", name});
  }
  std::string condition(const std::string& type, const char* field) {
    for (const Json& item : model::get_array(deployment()->json, "/status/conditions")) {
      if (get_string(item, "/type") == type) return get_string(item, std::string("/") + field);
    }
    return "";
  }
  bool complete() {
    const auto object = deployment();
    const std::int64_t wanted = get_int(object->json, "/spec/replicas");
    return get_int(object->json, "/status/observedGeneration") == object->generation() &&
           get_int(object->json, "/status/updatedReplicas") == wanted &&
           get_int(object->json, "/status/replicas") == wanted &&
           get_int(object->json, "/status/availableReplicas") == wanted;
  }
  void apply(const std::string& json) {
    const auto response = server.act(apply_of(json));
    ASSERT_TRUE(response.ok()) << response.error->message;
  }
  std::vector<Snapshot> pods() { return server.store().list("", "Pod", "default"); }
};
using Rollout = Fixture;

TEST_F(Rollout, DeploymentBecomesAvailable) {
  apply(deployment_json("web", 3, "registry.example/web:1"));
  EXPECT_TRUE(server.run_until([&] { return complete(); }, Duration{10'000}));
  EXPECT_EQ(condition("Available", "status"), "True");
  EXPECT_EQ(condition("Progressing", "reason"), "NewReplicaSetAvailable");
  EXPECT_EQ(deployment()->annotation("deployment.kubernetes.io/revision"), "1");
  EXPECT_EQ(pods().size(), 3U);
}

TEST_F(Rollout, AnUpdateKeepsMinimumAndMaximum) {
  apply(deployment_json("web", 4, "registry.example/web:1"));
  ASSERT_TRUE(server.run_until([&] { return complete(); }, Duration{10'000}));
  std::int64_t fewest = 99;
  std::size_t most = 0;
  server.store().listen([&](const Change&) {
    fewest = std::min(fewest, get_int(deployment()->json, "/status/availableReplicas"));
    const auto all = pods();
    most =
        std::max(most, static_cast<std::size_t>(std::count_if(
                           all.begin(), all.end(), [](const Snapshot& pod) { return !pod->terminating(); })));
  });
  apply(deployment_json("web", 4, "registry.example/web:2"));
  ASSERT_TRUE(server.run_until([&] { return complete(); }, Duration{60'000}));
  EXPECT_GE(fewest, 3) << "maxUnavailable 25% of 4";
  EXPECT_LE(most, 5U) << "maxSurge 25% of 4";
  EXPECT_EQ(deployment()->annotation("deployment.kubernetes.io/revision"), "2");
  EXPECT_EQ(server.store().list("apps", "ReplicaSet", "default").size(), 2U)
      << "the old one is kept for its history";
}

TEST_F(Rollout, GoingBackReusesTheOldReplicaSet) {
  for (const char* image : {"registry.example/web:1", "registry.example/web:2", "registry.example/web:1"}) {
    apply(deployment_json("web", 2, image));
    ASSERT_TRUE(server.run_until([&] { return complete(); }, Duration{60'000})) << image;
  }
  EXPECT_EQ(server.store().list("apps", "ReplicaSet", "default").size(), 2U);
  EXPECT_EQ(deployment()->annotation("deployment.kubernetes.io/revision"), "3");
}

TEST_F(Rollout, ABrokenImageStallsAndPassesTheDeadline) {
  apply(deployment_json("web", 4, "registry.example/web:1"));
  ASSERT_TRUE(server.run_until([&] { return complete(); }, Duration{10'000}));
  apply(deployment_json("web", 4, "registry.example/web:does-not-exist"));
  server.run_for(Duration{60'000});
  EXPECT_FALSE(complete());
  EXPECT_EQ(condition("Available", "status"), "True") << "the old pods carry on";
  EXPECT_EQ(condition("Progressing", "status"), "True");
  server.run_for(Duration{600'000});
  EXPECT_EQ(condition("Progressing", "reason"), "ProgressDeadlineExceeded");
}

struct FaultRow {
  const char* name;
  Duration after;
  const char* phase;
  const char* pointer;
  const char* text;
  const char* ready;
};

TEST(PodFaults, LookLikeTheRealOnes) {
  constexpr const char* kWaiting = "/status/containerStatuses/0/state/waiting/reason";
  const FaultRow rows[] = {
      {"image-not-found", Duration{700}, "Pending", kWaiting, "ErrImagePull", "False"},
      {"image-not-found", Duration{5'000}, "Pending", kWaiting, "ImagePullBackOff", "False"},
      {"pull-backoff", Duration{5'000}, "Pending", kWaiting, "ImagePullBackOff", "False"},
      {"config-error", Duration{5'000}, "Pending", kWaiting, "CreateContainerConfigError", "False"},
      {"crash-loop", Duration{1'500}, "Running", kWaiting, "CrashLoopBackOff", "False"},
      {"oom", Duration{2'200}, "Running", "/status/containerStatuses/0/lastState/terminated/reason",
       "OOMKilled", "False"},
      {"never-ready", Duration{60'000}, "Running", "/status/containerStatuses/0/state/waiting/reason", "",
       "False"},
      {"slow-start", Duration{5'000}, "Running", kWaiting, "", "False"},
      {"slow-start", Duration{10'000}, "Running", kWaiting, "", "True"},
      {"ready-then-lost", Duration{2'000}, "Running", kWaiting, "", "True"},
      {"ready-then-lost", Duration{10'000}, "Running", kWaiting, "", "False"},
  };
  for (const auto& row : rows) {
    SimServer server;
    server.act(apply_of(deployment_json("web", 1, "registry.example/web:1",
                                        R"(,"instantexec.dev/fault":")" + std::string(row.name) + "\"")));
    server.run_for(row.after);
    const auto pods = server.store().list("", "Pod", "default");
    ASSERT_EQ(pods.size(), 1U) << row.name;
    const Json& pod = pods[0]->json;
    EXPECT_EQ(get_string(pod, "/status/phase"), row.phase) << row.name;
    EXPECT_EQ(get_string(pod, row.pointer), row.text) << row.name << " " << pod["status"].dump();
    std::string ready;
    for (const Json& item : pod["status"]["conditions"]) {
      if (item["type"] == "Ready") ready = item["status"].get<std::string>();
    }
    EXPECT_EQ(ready, row.ready) << row.name;
  }
}

TEST_F(Rollout, ACrashingPodCountsRestartsAndKeepsItsLog) {
  apply(deployment_json("web", 1, "registry.example/web:crash"));
  server.run_for(Duration{20'000});
  const auto all = pods();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_GE(get_int(all[0]->json, "/status/containerStatuses/0/restartCount"), 3);
  const auto log = server.act(engine::LogsRequest{"default", all[0]->name(), "app", true, 1});
  EXPECT_EQ(log.text, "fatal: simulated failure, exit code 1\n");
  const auto events = server.store().list("", "Event", "default");
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const Snapshot& event) {
    return get_string(event->json, "/reason") == "BackOff" && get_int(event->json, "/count") >= 3;
  }));
}

TEST_F(Rollout, DeletionCollectsWhatItOwns) {
  apply(deployment_json("web", 2, "registry.example/web:1"));
  ASSERT_TRUE(server.run_until([&] { return complete(); }, Duration{10'000}));
  server.act(engine::DeleteRequest{{"apps", "v1", "Deployment"}, "default", "web", {}, {}, false});
  server.run_for(Duration{5'000});
  EXPECT_TRUE(pods().empty());
  EXPECT_TRUE(server.store().list("apps", "ReplicaSet", "default").empty());
}

TEST_F(Rollout, ForegroundDeletionEndsWithTheOwner) {
  apply(deployment_json("web", 2, "registry.example/web:1"));
  ASSERT_TRUE(server.run_until([&] { return complete(); }, Duration{10'000}));
  server.act(engine::DeleteRequest{
      {"apps", "v1", "Deployment"}, "default", "web", {}, engine::Propagation::kForeground, false});
  EXPECT_TRUE(deployment()->terminating());
  ASSERT_TRUE(server.run_until([&] { return deployment() == nullptr; }, Duration{10'000}));
  EXPECT_TRUE(pods().empty()) << "what it owned went first";
}

TEST_F(Rollout, OrphansStay) {
  apply(deployment_json("web", 2, "registry.example/web:1"));
  ASSERT_TRUE(server.run_until([&] { return complete(); }, Duration{10'000}));
  server.act(engine::DeleteRequest{
      {"apps", "v1", "Deployment"}, "default", "web", {}, engine::Propagation::kOrphan, false});
  server.run_for(Duration{5'000});
  EXPECT_EQ(deployment(), nullptr);
  EXPECT_EQ(pods().size(), 2U);
}

TEST_F(Rollout, ANamespaceTakesItsContentsAlong) {
  server.act(apply_of(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"demo"}})"));
  server.run_for(Duration{100});
  EXPECT_NE(server.get({"", "ServiceAccount", "demo", "default"}), nullptr);
  EXPECT_NE(server.get({"", "ConfigMap", "demo", "kube-root-ca.crt"}), nullptr);
  server.act(apply_of(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stuck","namespace":"demo","finalizers":["x.example/hold"]}})"));
  server.act(engine::DeleteRequest{{"", "v1", "Namespace"}, "", "demo", {}, {}, false});
  const auto refused = server.act(
      apply_of(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new","namespace":"demo"}})"));
  EXPECT_EQ(refused.http_status, 403);
  ASSERT_EQ(refused.causes.size(), 1U);
  EXPECT_EQ(refused.causes[0].reason, "NamespaceTerminating");
  server.run_for(Duration{5'000});
  ASSERT_NE(server.get({"", "Namespace", "", "demo"}), nullptr) << "a finalizer holds it";
  server.act(engine::PatchRequest{{"", "v1", "ConfigMap"},
                                  "demo",
                                  "stuck",
                                  Json::parse(R"([{"op":"remove","path":"/metadata/finalizers"}])"),
                                  "x",
                                  false});
  server.run_for(Duration{5'000});
  EXPECT_EQ(server.get({"", "Namespace", "", "demo"}), nullptr);
}

}  // namespace
}  // namespace instantexec::sim
