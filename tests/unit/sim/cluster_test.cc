#include "sim/cluster.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "unit/sim/helpers.h"

namespace instantexec::sim {
namespace {

using engine::Outcome;
using model::Json;

struct Fixture : ::testing::Test {
  SimServer server;
  SimCluster cluster{server};
};
using Client = Fixture;

TEST_F(Client, UnknownKindIsNeverSent) {
  const auto response = ask(cluster, engine::GetRequest{{"x.example", "v1", "Thing"}, "default", "a"});
  EXPECT_EQ(response.outcome, Outcome::kNotSent);
  EXPECT_TRUE(server.audit().empty());
}

TEST_F(Client, DryRunStoresNothing) {
  auto request = apply_of(config_map_json("c", R"({"a":"1"})"));
  request.dry_run = true;
  const auto response = ask(cluster, request);
  EXPECT_EQ(response.http_status, 201);
  EXPECT_EQ(response.object.json["data"]["a"], "1");
  EXPECT_EQ(server.get({"", "ConfigMap", "default", "c"}), nullptr);
  EXPECT_TRUE(server.writes().empty()) << "a dry-run is no write";
  EXPECT_EQ(server.audit().size(), 1U);
}

TEST_F(Client, WritesAreAuditedInOrder) {
  ask(cluster, apply_of(config_map_json("c", R"({"a":"1"})")));
  ask(cluster, apply_of(config_map_json("c", R"({"a":"1"})")));
  ask(cluster, engine::DeleteRequest{{"", "v1", "ConfigMap"}, "default", "c", {}, {}, false});
  const auto writes = server.writes();
  ASSERT_EQ(writes.size(), 3U);
  EXPECT_EQ(writes[0].verb, "apply");
  EXPECT_TRUE(writes[0].changed);
  EXPECT_FALSE(writes[1].changed) << "the same again";
  EXPECT_EQ(writes[2].verb, "delete");
  EXPECT_EQ(writes[2].ref, (model::ObjectRef{"", "ConfigMap", "default", "c"}));
}

TEST_F(Client, WaitTakesVirtualTimeOnly) {
  const Instant before = cluster.now();
  const auto event = cluster.wait(before + Duration{3'600'000});
  EXPECT_TRUE(std::holds_alternative<engine::DeadlinePassed>(event));
  EXPECT_EQ(cluster.now(), before + Duration{3'600'000});
}

TEST_F(Client, WatchListsThenFollows) {
  ask(cluster, apply_of(config_map_json("old", R"({"a":"1"})")));
  cluster.watch({{"", "v1", "ConfigMap"}, "default", "", "metadata.name!=kube-root-ca.crt"});
  std::string story;
  const auto follow = [&] {
    for (;;) {
      const auto event = cluster.wait(cluster.now() + Duration{100});
      if (std::holds_alternative<engine::DeadlinePassed>(event)) return;
      if (const auto* changed = std::get_if<engine::ObjectChanged>(&event)) {
        story += (changed->deleted ? "-" : "+") + changed->object.name() + " ";
      } else if (std::holds_alternative<engine::WatchSynced>(event)) {
        story += "synced ";
      }
    }
  };
  follow();
  EXPECT_EQ(story, "+old synced ");
  server.act(apply_of(config_map_json("new", R"({"a":"1"})")));
  server.act(apply_of(config_map_json("new", R"({"a":"2"})")));
  server.act(engine::DeleteRequest{{"", "v1", "ConfigMap"}, "default", "old", {}, {}, false});
  follow();
  EXPECT_EQ(story, "+old synced +new +new -old ");
}

TEST_F(Client, AfterALostConnectionTheWatchListsAgain) {
  ask(cluster, apply_of(config_map_json("gone", R"({"a":"1"})")));
  const auto id = cluster.watch({{"", "v1", "ConfigMap"}, "default", "", "metadata.name!=kube-root-ca.crt"});
  while (!std::holds_alternative<engine::WatchSynced>(cluster.wait(cluster.now() + Duration{100}))) {
  }
  cluster.disconnect_watches(Duration{5'000});
  server.act(engine::DeleteRequest{{"", "v1", "ConfigMap"}, "default", "gone", {}, {}, false});
  server.act(apply_of(config_map_json("new", R"({"a":"1"})")));
  const auto first = cluster.wait(cluster.now() + Duration{10'000});
  ASSERT_TRUE(std::holds_alternative<engine::ObjectChanged>(first));
  EXPECT_TRUE(std::get<engine::ObjectChanged>(first).deleted);
  EXPECT_EQ(std::get<engine::ObjectChanged>(first).object.name(), "gone");
  EXPECT_EQ(std::get<engine::ObjectChanged>(cluster.wait(cluster.now() + Duration{10'000})).object.name(),
            "new");
  EXPECT_TRUE(std::holds_alternative<engine::WatchSynced>(cluster.wait(cluster.now() + Duration{10'000})));
  cluster.cancel_watch(id);
  server.act(apply_of(config_map_json("late", R"({"a":"1"})")));
  EXPECT_TRUE(std::holds_alternative<engine::DeadlinePassed>(cluster.wait(cluster.now() + Duration{1'000})));
}

struct FaultRow {
  const char* name;
  Fault fault;
  Outcome outcome;
  int http_status;
  bool stored;
};

TEST(Faults, DecideWhatIsKnownAndWhatIsDone) {
  const FaultRow rows[] = {
      {"none", {}, Outcome::kCommitted, 201, true},
      {"connection refused", {Fault::Kind::kRefuseConnection}, Outcome::kNotSent, 0, false},
      {"request lost", {Fault::Kind::kDropRequest}, Outcome::kUnknown, 0, false},
      {"answer lost", {Fault::Kind::kDropAnswer}, Outcome::kUnknown, 0, true},
      {"late commit", {Fault::Kind::kLateCommit, 0, Duration{20'000}}, Outcome::kUnknown, 504, true},
      {"throttled", {Fault::Kind::kAnswer, 429}, Outcome::kRejected, 429, false},
      {"server error", {Fault::Kind::kAnswer, 500}, Outcome::kUnknown, 500, false},
      {"slow", {Fault::Kind::kDelay, 0, Duration{5'000}}, Outcome::kCommitted, 201, true},
  };
  for (const auto& row : rows) {
    SimServer server;
    SimCluster cluster{server};
    server.faults.on_request = at_request(1, row.fault);
    const auto response = ask(cluster, apply_of(config_map_json("c", R"({"a":"1"})")));
    EXPECT_EQ(response.outcome, row.outcome) << row.name;
    EXPECT_EQ(response.http_status, row.http_status) << row.name;
    EXPECT_EQ(response.error.has_value(), row.outcome != Outcome::kCommitted) << row.name;
    server.run_for(Duration{30'000});
    EXPECT_EQ(server.get({"", "ConfigMap", "default", "c"}) != nullptr, row.stored) << row.name;
  }
}

struct Died : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST(Faults, ADeadClientLeavesTheServerAsItIs) {
  for (const auto kind : {Fault::Kind::kDie, Fault::Kind::kDieAfterCommit}) {
    SimServer server;
    server.faults.on_request = at_match("apply", "ConfigMap", 2, {kind});
    {
      SimCluster cluster{server, {.on_death = [] { throw Died("killed"); }}};
      ask(cluster, apply_of(config_map_json("one", R"({"a":"1"})")));
      EXPECT_THROW(ask(cluster, apply_of(config_map_json("two", R"({"a":"1"})"))), Died);
    }
    server.run_for(Duration{60'000});
    SimCluster next{server};
    EXPECT_TRUE(ask(next, engine::GetRequest{{"", "v1", "ConfigMap"}, "default", "one"}).ok());
    EXPECT_EQ(ask(next, engine::GetRequest{{"", "v1", "ConfigMap"}, "default", "two"}).ok(),
              kind == Fault::Kind::kDieAfterCommit);
  }
}

TEST_F(Client, InterruptsArriveOnceForEachSignal) {
  cluster.interrupt(2, Duration{100});
  cluster.interrupt(15, Duration{200});
  const auto first = cluster.wait(cluster.now() + Duration{1'000});
  ASSERT_TRUE(std::holds_alternative<engine::Interrupted>(first));
  EXPECT_EQ(std::get<engine::Interrupted>(first).signal, 2);
  EXPECT_EQ(std::get<engine::Interrupted>(cluster.wait(cluster.now() + Duration{1'000})).signal, 15);
}

TEST(Access, IsAskedForEveryRequestAndReview) {
  ServerOptions options;
  options.api.allow = [](const Json& attributes) { return attributes.value("verb", "") != "delete"; };
  SimServer server{options};
  SimCluster cluster{server};
  const auto review = [&](const char* verb) {
    engine::CreateRequest request;
    request.body =
        object_of(R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":
      {"resourceAttributes":{"verb":")" +
                  std::string(verb) + R"(","resource":"configmaps","namespace":"default"}}})");
    return ask(cluster, request).object.json["status"]["allowed"].get<bool>();
  };
  EXPECT_TRUE(review("create"));
  EXPECT_FALSE(review("delete"));
  ask(cluster, apply_of(config_map_json("c", R"({"a":"1"})")));
  const auto refused =
      ask(cluster, engine::DeleteRequest{{"", "v1", "ConfigMap"}, "default", "c", {}, {}, false});
  EXPECT_EQ(refused.http_status, 403);
  EXPECT_EQ(refused.error->reason, "Forbidden");
  EXPECT_TRUE(server.writes().size() == 2 && server.get({"", "ConfigMap", "default", "c"}) != nullptr);
}

}  // namespace
}  // namespace instantexec::sim
