#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <set>

#include "engine/errors.h"
#include "engine/health_follow.h"
#include "unit/engine/health_story.h"

// Following health while watches break, hang, or are refused.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

// Of what a list no longer holds nothing is told but what it was.
class OnlyTraces final : public Between {
 public:
  using Between::Between;
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

  int traces = 0;
};

TEST(HealthWatch, ATraceOfWhatVanishedIsEnough) {
  World world;
  OnlyTraces cluster(world.client());
  create(world, deployment("web", kCrash));
  const Instant started = world.server.now();
  world.server.timeline().at(started + Duration{2'000}, [&] { create(world, deployment("web", kGood)); });
  const auto seen = watch_through(cluster, world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_GT(cluster.traces, 0) << "the crashing pods are gone";
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Deployment web: InProgress Current"}));
}

// The server has compacted the version away (410) or the line was cut: the watches list again, and what
// vanished meanwhile is gone.
TEST(HealthWatch, WhatHappenedWhileTheConnectionWasLost) {
  World world;
  OnlyTraces cluster(world.client());
  ASSERT_EQ(world.deploy_word({config("settings", "1"), deployment("web", kGood)}), "deployed");
  create(world, deployment("web", kCrash));
  const Instant started = world.server.now();
  world.server.timeline().at(started + Duration{1'000}, [&] { world.client().disconnect_watches(20s); });
  world.server.timeline().at(started + Duration{2'000}, [&] {
    world.foreign_delete(config("settings", "1"));
    create(world, deployment("web", kGood));
  });
  world.server.timeline().at(started + Duration{60'000}, [&] { create(world, config("settings", "1")); });
  const auto seen = watch_through(cluster, world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"ConfigMap settings: Current NotFound Current",
                                                        "Deployment web: InProgress Current"}));
  EXPECT_GT(cluster.traces, 0);
}

// Tells of a new ReplicaSet only after its pods have been told of and looked at.
class LateReplicaSet final : public Between {
 public:
  using Between::Between;
  ClusterEvent wait(Instant deadline) override {
    if (release_ && !late_.empty()) {
      ClusterEvent event = std::move(late_.front());
      late_.pop_front();
      return event;
    }
    for (;;) {
      ClusterEvent event = inner_.wait(deadline);
      if (pod_ && std::holds_alternative<DeadlinePassed>(event)) release_ = true;
      const auto* changed = std::get_if<ObjectChanged>(&event);
      const std::string kind = changed == nullptr ? "" : changed->object.kind();
      if (kind == "Pod" && !late_.empty()) pod_ = true;
      if (!begun || release_ || kind != "ReplicaSet") return event;
      late_.push_back(std::move(event));
    }
  }

  bool begun = false;

 private:
  std::deque<ClusterEvent> late_;
  bool pod_ = false;
  bool release_ = false;
};

// What belongs to something else is not followed for itself, in whichever order the watches tell of them.
TEST(HealthWatch, APodBeforeItsReplicaSet) {
  World world;
  LateReplicaSet cluster(world.client());
  create(world, deployment("web", "registry.example/web:does-not-exist"));
  const Instant started = world.server.now();
  world.server.timeline().at(started + Duration{2'000}, [&] {
    cluster.begun = true;
    create(world, deployment("web", kGood));
  });
  const auto seen = watch_through(cluster, world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink),
            (std::vector<std::string>{"Deployment web: InProgress Failed InProgress Current"}));
  EXPECT_LT((world.server.now() - started).count(), 60'000) << "nothing is waited for that is not followed";
}

// Watches of a kind that were open when it went deaf tell nothing any more; those opened later do.
class Deaf final : public Between {
 public:
  using Between::Between;
  WatchId watch(WatchRequest request) override {
    const std::string kind = request.gvk.kind;
    ++opened[kind];
    const WatchId id = inner_.watch(std::move(request));
    ids_[kind].insert(id);
    return id;
  }
  ClusterEvent wait(Instant deadline) override {
    for (;;) {
      ClusterEvent event = inner_.wait(deadline);
      const auto* changed = std::get_if<ObjectChanged>(&event);
      if (changed == nullptr || !deaf_.contains(changed->watch)) return event;
    }
  }
  void go_deaf(const std::string& kind) { deaf_.insert(ids_[kind].begin(), ids_[kind].end()); }

  std::map<std::string, int> opened;  // kind

 private:
  std::map<std::string, std::set<WatchId>> ids_;
  std::set<WatchId> deaf_;
};

TEST(HealthWatch, AFailureIsConfirmedByAnotherRead) {
  World world;
  Deaf cluster(world.client());
  create(world, deployment("web", "registry.example/web:does-not-exist"));
  // Mended behind its back, as soon as it has been called failed.
  class Mender final : public EventSink {
   public:
    Mender(World& world, Deaf& cluster) : world_(world), cluster_(cluster) {}
    void emit(const model::Event& event) override {
      world_.sink.emit(event);
      const auto* changed = std::get_if<model::ObjectHealthChanged>(&event);
      if (changed == nullptr || !changed->health.doomed() || mended_) return;
      mended_ = true;
      for (const char* kind : {"Deployment", "ReplicaSet", "Pod", "Event"}) cluster_.go_deaf(kind);
      create(world_, deployment("web", kGood));
    }

   private:
    World& world_;
    Deaf& cluster_;
    bool mended_ = false;
  };
  Mender mender(world, cluster);
  const auto seen = watch_through(cluster, world, &mender);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(last_word(world.sink, "Deployment web"), "Current");
}

TEST(HealthWatch, ReadinessIsConfirmedByAnotherRead) {
  World world;
  Deaf cluster(world.client());
  ASSERT_EQ(world.deploy_word({config("settings", "1"), deployment("web", kGood)}), "deployed");
  world.foreign_delete(config("settings", "1"));
  const Instant started = world.server.now();
  world.server.timeline().at(started + Duration{3'000}, [&] {
    cluster.go_deaf("Deployment");
    create(world, deployment("web", kCrash));
    create(world, config("settings", "1"));
  });
  const auto seen = watch_through(cluster, world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_FALSE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"ConfigMap settings: NotFound Current",
                                                        "Deployment web: Current InProgress Failed"}));
}

TEST(HealthWatch, WhatTheFirstListsSayIsNotReadAgain) {
  World world;
  Deaf cluster(world.client());
  ASSERT_EQ(world.deploy_word({config("settings", "1"), deployment("web", kGood)}), "deployed");
  const auto seen = watch_through(cluster, world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(cluster.opened,
            (std::map<std::string, int>{
                {"ConfigMap", 1}, {"Deployment", 1}, {"Event", 1}, {"Pod", 1}, {"ReplicaSet", 1}}));
}

// Passes everything on but watches of Deployments.
class NoWatch final : public Between {
 public:
  using Between::Between;
  WatchId watch(WatchRequest request) override {
    if (request.gvk.kind != "Deployment") return inner_.watch(std::move(request));
    failed_.emplace_back(WatchFailed{kRefused, make_error(errors::kReadFailed, "forbidden")});
    return kRefused;
  }
  ClusterEvent wait(Instant deadline) override {
    if (failed_.empty()) return inner_.wait(deadline);
    ClusterEvent out = failed_.back();
    failed_.pop_back();
    return out;
  }

 private:
  static constexpr WatchId kRefused = 1'000'000;
  std::vector<ClusterEvent> failed_;
};

// Refuses every list and watch.
class NoRights final : public Between {
 public:
  using Between::Between;
  RequestId submit(Request request) override {
    if (!std::holds_alternative<ListRequest>(request)) return inner_.submit(std::move(request));
    Response response;
    response.id = next_++;
    response.outcome = Outcome::kRejected;
    response.http_status = 403;
    response.error = make_error(errors::kReadFailed, "may not list");
    events_.emplace_back(std::move(response));
    return next_ - 1;
  }
  WatchId watch(WatchRequest /*request*/) override {
    events_.emplace_back(WatchFailed{next_, make_error(errors::kReadFailed, "may not list")});
    return next_++;
  }
  ClusterEvent wait(Instant deadline) override {
    if (events_.empty()) return inner_.wait(deadline);
    ClusterEvent out = std::move(events_.front());
    events_.pop_front();
    return out;
  }

 private:
  std::uint64_t next_ = 1'000'000;
  std::deque<ClusterEvent> events_;
};

// It is not that nothing is there.
TEST(HealthFollower, NothingMayBeRead) {
  World world;
  NoRights cluster(world.client());
  create(world, deployment("web", kGood));
  const Environment environment{cluster, world.client(), world.sink, "holder"};
  const auto followed = watch_health(environment, world.options, {"tier=front"}, kLimit);
  ASSERT_FALSE(followed);
  EXPECT_EQ(followed.error().message, "may not list");
  const auto read = read_live_health(environment, world.options, {"tier=front"});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "may not list");
}

// A kind that may not be watched is read every few seconds.
TEST(HealthFollower, KindsWhoseWatchIsRefused) {
  World world;
  NoWatch cluster(world.client());
  create(world, deployment("web", kGood));
  const auto seen = watch_through(cluster, world);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_TRUE(ready(*seen));
  EXPECT_EQ(told(world.sink), (std::vector<std::string>{"Deployment web: InProgress Current"}));
  EXPECT_TRUE(seen->unreadable.empty());
}

}  // namespace
}  // namespace instantexec::engine
