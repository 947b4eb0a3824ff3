#include "engine/health_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "engine/errors.h"
#include "engine/health_follow.h"
#include "unit/engine/health_story.h"

// Following the health of what is there: events in, verdicts out.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

TEST(HealthWatch, EndsWhenEverythingIsReady) {
  World world;
  create(world, deployment("web", kGood));
  create(world, service("web"));
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink),
            (std::vector<std::string>{"Service web: Current", "Deployment web: InProgress Current"}));
  ASSERT_EQ(seen->nodes.size(), 2U) << "what a Deployment owns is below it";
  const auto web = std::find_if(seen->nodes.begin(), seen->nodes.end(),
                                [](const auto& node) { return node.object.kind == "Deployment"; });
  ASSERT_EQ(web->children.size(), 1U);
  EXPECT_EQ(web->children[0].object.kind, "ReplicaSet");
  EXPECT_EQ(web->children[0].children.size(), 2U);
}

TEST(HealthWatch, AReleaseIsItsObjects) {
  World world;
  ASSERT_EQ(world.deploy_word({config("settings", "1"), deployment("web", kGood)}), "deployed");
  create(world, deployment("stranger", kCrash));
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_EQ(seen->release, "web");
  EXPECT_EQ(seen->revision, 1);
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink),
            (std::vector<std::string>{"ConfigMap settings: Current", "Deployment web: Current"}));
}

TEST(HealthWatch, AMemberThatIsGoneIsWaitedForUntilItComesBack) {
  World world;
  ASSERT_EQ(world.deploy_word({config("settings", "1")}), "deployed");
  world.foreign_delete(config("settings", "1"));
  world.server.timeline().at(world.server.now() + Duration{9'000},
                             [&] { create(world, config("settings", "1")); });
  const auto started = world.server.now();
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"ConfigMap settings: NotFound Current"}));
  EXPECT_LT((world.server.now() - started).count(), 12'000) << "at once, not at the next look";
}

TEST(HealthWatch, AFailureIsConfirmedBeforeItEnds) {
  World world;
  create(world, deployment("web", kCrash));
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_FALSE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Deployment web: InProgress Failed"}));
  EXPECT_EQ(seen->nodes.at(0).status.reason, "CrashLoop");
}

TEST(HealthWatch, AFailureThatDoesNotLastEndsNothing) {
  World world;
  model::Object broken = deployment("web", "registry.example/web:does-not-exist");
  create(world, broken);
  // Somebody mends it two seconds after it was called failed.
  class Mender final : public EventSink {
   public:
    Mender(World& world, RecordingSink& inner) : world_(world), inner_(inner) {}
    void emit(const model::Event& event) override {
      inner_.emit(event);
      const auto* changed = std::get_if<model::ObjectHealthChanged>(&event);
      if (changed == nullptr || !changed->health.doomed() || mended_) return;
      mended_ = true;
      world_.server.timeline().at(world_.server.now() + Duration{2'000},
                                  [this] { create(world_, deployment("web", kGood)); });
    }

   private:
    World& world_;
    RecordingSink& inner_;
    bool mended_ = false;
  };
  Mender mender(world, world.sink);
  const Environment plain = world.environment();
  const auto seen =
      watch_health({plain.cluster, plain.clock, mender, plain.holder}, world.options, {""}, kLimit);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink),
            (std::vector<std::string>{"Deployment web: InProgress Failed InProgress Current"}));
}

TEST(HealthWatch, TheTimeIsUp) {
  World world;
  create(world, never_ready("web"));
  const auto started = world.server.now();
  const auto seen = watch(world, "", 30s);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_FALSE(ready(*seen));
  EXPECT_EQ(last_word(world.sink, "Service web"), "InProgress");
  EXPECT_GE((world.server.now() - started).count(), 30'000);
  EXPECT_LT((world.server.now() - started).count(), 31'000);
}

TEST(HealthWatch, NothingToFollow) {
  World world;
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(seen->nodes.empty());
  EXPECT_TRUE(seen->release.empty());
}

TEST(HealthWatch, OnlyWhatIsSelected) {
  World world;
  model::Object chosen = deployment("web", kGood);
  chosen.json["metadata"]["labels"] = {{"tier", "front"}};
  create(world, chosen);
  create(world, deployment("other", kCrash));
  const auto seen = watch(world, "tier=front");
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Deployment web: InProgress Current"}));
  ASSERT_EQ(seen->nodes.size(), 1U);
  EXPECT_FALSE(seen->nodes[0].children.empty()) << "what it owns need not carry the label";
}

TEST(HealthWatch, RepeatedEventsChangeNothing) {
  World world;
  world.client().duplicate_watch_events(true);
  create(world, deployment("web", kGood));
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Deployment web: InProgress Current"}));
}

TEST(HealthWatch, AnInterruptionEndsIt) {
  World world;
  create(world, never_ready("web"));
  world.client().interrupt(2, 5s);
  const auto seen = watch(world);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, &errors::kInterrupted);
}

// What becomes another verdict by waiting does so when its time has come, without an event.
TEST(HealthWatch, AVerdictThatOnlyTimeBrings) {
  World world;
  create(world, {*model::parse_json(R"({"apiVersion":"apiextensions.k8s.io/v1",
    "kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com",
    "scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
    "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
    "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})")});
  world.server.run_for(5s);
  world.restart();
  create(
      world,
      {*model::parse_json(
          R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"default"}})")});
  const auto started = world.server.now();
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Widget w: InProgress Current"}));
  EXPECT_GE((world.server.now() - started).count(), 14'000) << "time for its controller's first word";
  EXPECT_LT((world.server.now() - started).count(), 17'000);
}

// Our clock is wrong by ten minutes; what a container does is measured with the server's.
TEST(HealthWatch, TheServersClockCounts) {
  class WrongClock final : public Clock {
   public:
    explicit WrongClock(sim::SimCluster& right) : right_(right) {}
    Instant now() override { return right_.now(); }
    Timestamp wall() override { return right_.wall() + Duration{600'000}; }

   private:
    sim::SimCluster& right_;
  };
  World world;
  WrongClock clock(world.client());
  HealthFollower follower({world.client(), clock, world.sink, "holder"}, world.options, {""});
  ASSERT_TRUE(follower.begin());
  EXPECT_EQ(follower.now(), world.server.wall());
}

}  // namespace
}  // namespace instantexec::engine
