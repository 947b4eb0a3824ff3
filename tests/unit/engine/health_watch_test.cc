#include "engine/health_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "engine/errors.h"
#include "engine/health_follow.h"
#include "unit/engine/world.h"

// Following the health of what is there: events in, verdicts out.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

const std::string kGood = "registry.example/web:1";
const std::string kCrash = "registry.example/web:crash";
const Duration kLimit = 10min;

// "Deployment web: InProgress Current", in the order in which objects were first spoken of; changes of the
// reason alone are left out.
std::vector<std::string> told(const RecordingSink& sink) {
  std::vector<std::string> out;
  for (const model::Event& event : sink.events) {
    const auto* changed = std::get_if<model::ObjectHealthChanged>(&event);
    if (changed == nullptr) continue;
    const std::string name = changed->object.kind + " " + changed->object.name + ":";
    auto line = std::find_if(out.begin(), out.end(),
                             [&](const std::string& known) { return known.starts_with(name); });
    if (line == out.end()) line = out.insert(out.end(), name);
    const std::string word = " " + std::string(model::to_string(changed->health.status));
    if (!line->ends_with(word)) *line += word;
  }
  return out;
}

std::string last_word(const RecordingSink& sink, const std::string& object) {
  for (const std::string& line : told(sink)) {
    if (line.starts_with(object + ":")) return line.substr(line.rfind(' ') + 1);
  }
  return "";
}

// Somebody deploys without this program.
void create(World& world, const model::Object& object) {
  world.foreign_apply(object);
}

Result<WatchedHealth> watch(World& world, const std::string& selector = "", Duration limit = kLimit) {
  world.sink.events.clear();
  return watch_health(world.environment(), world.options, {selector}, limit);
}

bool ready(const WatchedHealth& seen) {
  return !seen.nodes.empty() &&
         std::all_of(seen.nodes.begin(), seen.nodes.end(), [](const status::HealthNode& node) {
           return status::counts_as_ready(node.status.status);
         });
}

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

// The server has compacted the version away (410) or the line was cut: the watches list again, and what
// vanished meanwhile is gone.
TEST(HealthWatch, WhatHappenedWhileTheConnectionWasLost) {
  World world;
  ASSERT_EQ(world.deploy_word({config("settings", "1"), deployment("web", kGood)}), "deployed");
  create(world, deployment("web", kCrash));
  const Instant started = world.server.now();
  world.server.timeline().at(started + Duration{1'000}, [&] { world.client().disconnect_watches(20s); });
  world.server.timeline().at(started + Duration{2'000}, [&] {
    world.foreign_delete(config("settings", "1"));
    create(world, deployment("web", kGood));
  });
  world.server.timeline().at(started + Duration{60'000}, [&] { create(world, config("settings", "1")); });
  const auto seen = watch(world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"ConfigMap settings: Current NotFound Current",
                                                        "Deployment web: InProgress Current"}));
}

// Of what a list no longer holds nothing is told but what it was.
class OnlyTraces final : public Cluster {
 public:
  explicit OnlyTraces(sim::SimCluster& inner) : inner_(inner) {}
  Result<ClusterInfo> info() override { return inner_.info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return inner_.catalog(refresh);
  }
  RequestId submit(Request request) override { return inner_.submit(std::move(request)); }
  WatchId watch(WatchRequest request) override { return inner_.watch(std::move(request)); }
  void cancel_watch(WatchId id) override { inner_.cancel_watch(id); }
  ClusterEvent wait(Instant deadline) override {
    ClusterEvent event = inner_.wait(deadline);
    auto* changed = std::get_if<ObjectChanged>(&event);
    if (changed == nullptr || !changed->deleted) return event;
    const model::Object whole = std::move(changed->object);
    changed->object = {};
    for (const char* key : {"apiVersion", "kind"}) changed->object.json[key] = whole.json.at(key);
    for (const char* key : {"namespace", "name", "uid", "resourceVersion"})
      changed->object.json["metadata"][key] = whole.json.at("metadata").at(key);
    ++traces;
    return event;
  }
  [[nodiscard]] std::size_t capacity() const override { return inner_.capacity(); }

  int traces = 0;

 private:
  sim::SimCluster& inner_;
};

TEST(HealthWatch, ATraceOfWhatVanishedIsEnough) {
  World world;
  OnlyTraces cluster(world.client());
  create(world, deployment("web", kCrash));
  const Instant started = world.server.now();
  world.server.timeline().at(started + Duration{2'000}, [&] { create(world, deployment("web", kGood)); });
  const auto seen =
      watch_health({cluster, world.client(), world.sink, "holder"}, world.options, {""}, kLimit);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_GT(cluster.traces, 0) << "the crashing pods are gone";
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Deployment web: InProgress Current"}));
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

// Passes everything on but watches of Deployments.
class NoWatch final : public Cluster {
 public:
  explicit NoWatch(sim::SimCluster& inner) : inner_(inner) {}
  Result<ClusterInfo> info() override { return inner_.info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return inner_.catalog(refresh);
  }
  RequestId submit(Request request) override { return inner_.submit(std::move(request)); }
  WatchId watch(WatchRequest request) override {
    if (request.gvk.kind != "Deployment") return inner_.watch(std::move(request));
    failed_.emplace_back(WatchFailed{kRefused, make_error(errors::kReadFailed, "forbidden")});
    return kRefused;
  }
  void cancel_watch(WatchId id) override { inner_.cancel_watch(id); }
  ClusterEvent wait(Instant deadline) override {
    if (failed_.empty()) return inner_.wait(deadline);
    ClusterEvent out = failed_.back();
    failed_.pop_back();
    return out;
  }
  [[nodiscard]] std::size_t capacity() const override { return inner_.capacity(); }

 private:
  static constexpr WatchId kRefused = 1'000'000;
  sim::SimCluster& inner_;
  std::vector<ClusterEvent> failed_;
};

// A kind that may not be watched is read every few seconds.
TEST(HealthFollower, KindsWhoseWatchIsRefused) {
  World world;
  NoWatch cluster(world.client());
  create(world, deployment("web", kGood));
  const auto seen =
      watch_health({cluster, world.client(), world.sink, "holder"}, world.options, {""}, kLimit);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Deployment web: InProgress Current"}));
  EXPECT_TRUE(seen->unreadable.empty());
}

}  // namespace
}  // namespace instantexec::engine
