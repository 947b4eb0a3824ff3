#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>

#include "unit/engine/health_story.h"

// Watches keep an order of their own and none between them; connections break, and what was told is told
// again. None of that changes what health --watch ends with.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

// Every watch lags as it likes, by up to three seconds and in an order of its own; some of it is told twice.
class Shuffled final : public Between {
 public:
  Shuffled(sim::SimCluster& inner, unsigned seed) : Between(inner), random_(seed) {}

  ClusterEvent wait(Instant deadline) override {
    for (;;) {
      if (auto due = next_due(inner_.now())) return *std::move(due);
      Instant until = deadline;
      for (const auto& [id, queue] : queues_) {
        if (!queue.empty()) until = std::min(until, queue.front().at);
      }
      ClusterEvent event = inner_.wait(until);
      const bool passed = std::holds_alternative<DeadlinePassed>(event);
      if (passed && inner_.now() >= deadline) return event;
      if (!passed && !enqueue(event)) return event;
    }
  }

  void cancel_watch(WatchId id) override {
    queues_.erase(id);
    inner_.cancel_watch(id);
  }

 private:
  struct Late {
    Instant at;
    ClusterEvent event;
  };

  std::optional<ClusterEvent> next_due(Instant now) {
    for (auto& [id, queue] : queues_) {
      if (queue.empty() || queue.front().at > now) continue;
      ClusterEvent event = std::move(queue.front().event);
      queue.pop_front();
      return event;
    }
    return std::nullopt;
  }

  // False: it is not of a watch.
  bool enqueue(ClusterEvent& event) {
    WatchId id = 0;
    if (const auto* changed = std::get_if<ObjectChanged>(&event)) id = changed->watch;
    if (const auto* synced = std::get_if<WatchSynced>(&event)) id = synced->watch;
    if (const auto* failed = std::get_if<WatchFailed>(&event)) id = failed->watch;
    if (id == 0) return false;
    auto& queue = queues_[id];
    Instant at = inner_.now();
    if (random_() % 3 == 0) at = at + Duration{random_() % 3000};
    if (!queue.empty()) at = std::max(at, queue.back().at);
    if (std::holds_alternative<ObjectChanged>(event) && random_() % 4 == 0) queue.push_back({at, event});
    queue.push_back({at, std::move(event)});
    return true;
  }

  std::mt19937 random_;
  std::map<WatchId, std::deque<Late>> queues_;
};

struct Story {
  const char* name;
  std::function<void(World&)> before;
  std::function<void(World&)> after_two_seconds;
  bool ready;
};

const std::string kMissing = "registry.example/web:does-not-exist";

std::vector<Story> stories() {
  const auto image = [](const std::string& name) {
    return [name](World& world) { create(world, deployment("web", name)); };
  };
  const auto nothing = [](World&) {};
  return {
      {"good", image(kGood), nothing, true},
      {"crashes", image(kCrash), nothing, false},
      {"no image", image(kMissing), nothing, false},
      {"mended", image(kMissing), image(kGood), true},
      {"broken after a while",
       [&](World& world) {
         create(world, deployment("web", kGood));
         create(world, never_ready("slow"));
       },
       [&](World& world) {
         create(world, deployment("web", kMissing));
         world.foreign_delete(never_ready("slow"));
       },
       false},
      {"one comes, one goes",
       [&](World& world) {
         create(world, deployment("old", kCrash));
         create(world, deployment("web", kGood));
       },
       [&](World& world) {
         world.foreign_delete(deployment("old", kCrash));
         create(world, deployment("new", kGood));
       },
       true},
  };
}

TEST(HealthShuffle, TheEndIsTheSame) {
  for (const Story& story : stories()) {
    for (unsigned seed = 0; seed < 9; ++seed) {
      SCOPED_TRACE(story.name + std::string(", seed ") + std::to_string(seed));
      World world;
      Shuffled cluster(world.client(), seed);
      story.before(world);
      const Instant started = world.server.now();
      world.server.timeline().at(started + Duration{2'000}, [&] { story.after_two_seconds(world); });
      if (seed % 3 == 1) {
        world.server.timeline().at(started + Duration{1'500}, [&] { world.client().disconnect_watches(3s); });
      }
      const auto seen = watch_through(cluster, world);
      ASSERT_TRUE(seen) << seen.error().to_string();
      EXPECT_EQ(ready(*seen), story.ready);
      // What a registry answered while nobody listened is not known, and such a pull gets five minutes.
      EXPECT_LT((world.server.now() - started).count(), 400'000) << "nothing is waited for that is not there";
    }
  }
}

}  // namespace
}  // namespace instantexec::engine
