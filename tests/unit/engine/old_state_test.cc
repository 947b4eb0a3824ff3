#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "unit/engine/world.h"

// Row 36 of the failure model: watches tell of an old state, as from an API server whose cache does not move
// on. What they say must not decide anything.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kOld = "registry.example/web:1";
const std::string kNew = "registry.example/web:2";
const std::string kMissing = "registry.example/web:does-not-exist";

using States = std::map<model::ObjectRef, model::Object>;

States states(World& world) {
  States out;
  for (const auto& [ref, snapshot] : world.server.store().all()) out.emplace(ref, *snapshot);
  return out;
}

// Tells by its watches of objects as they were then, whatever becomes of them, and of no others.
class OldNews final : public Cluster {
 public:
  OldNews(Cluster& real, States then) : real_(real), then_(std::move(then)) {}
  Result<ClusterInfo> info() override { return real_.info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return real_.catalog(refresh);
  }
  RequestId submit(Request request) override { return real_.submit(std::move(request)); }
  WatchId watch(WatchRequest request) override { return real_.watch(std::move(request)); }
  void cancel_watch(WatchId id) override { real_.cancel_watch(id); }
  ClusterEvent wait(Instant deadline) override {
    while (true) {
      ClusterEvent event = real_.wait(deadline);
      auto* changed = std::get_if<ObjectChanged>(&event);
      if (changed == nullptr) return event;
      const auto then = then_.find(changed->object.ref());
      if (then == then_.end()) continue;
      changed->deleted = false;
      changed->object = then->second;
      ++told_;
      return event;
    }
  }
  [[nodiscard]] std::size_t capacity() const override { return real_.capacity(); }
  [[nodiscard]] int told() const { return told_; }

 private:
  Cluster& real_;
  States then_;
  int told_ = 0;
};

std::vector<model::Object> release(const std::string& image) {
  return {config("a", image), deployment("web", image)};
}

void must_deploy(World& world, const std::string& image) {
  ASSERT_EQ(world.deploy_word(release(image)), "deployed");
}

void die_at_the_deployment(World& world, const std::string& image) {
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb == "apply" && !info.dry_run && info.ref.kind == "Deployment")
      fault.kind = sim::Fault::Kind::kDieAfterCommit;
    return fault;
  };
  EXPECT_THROW((void)world.deploy(release(image)), Killed);
  world.server.faults.on_request = nullptr;
  world.server.run_for(Duration{30'000});  // some pods of it run
  world.restart();
}

bool rolled_out(World& world, const std::string& image) {
  const sim::Snapshot web = world.get("Deployment", "web", "apps");
  const auto number = [&](const char* pointer) { return model::get_int(web->json, pointer); };
  return model::get_string(web->json, "/spec/template/spec/containers/0/image") == image &&
         number("/status/observedGeneration") == number("/metadata/generation") &&
         number("/status/updatedReplicas") == 2 && number("/status/availableReplicas") == 2 &&
         number("/status/replicas") == 2;
}

TEST(OldState, ToldByAWatchDecidesNothingInAnyVerb) {
  struct Row {
    const char* name;
    std::function<States(World&)> prepare;  // and what the watches tell
    std::function<Result<model::DeployReport>(World&)> act;
    const char* end;
    std::string image;  // of the Deployment in the end, all of it rolled out
  };
  const auto deploys = [](const std::string& image) {
    return [image](World& world) { return world.deploy(release(image)); };
  };
  const auto goes_back = [](World& world) { return rollback(world.environment(), world.options, 0); };
  const auto recovers = [](World& world) { return world.recover(); };
  const auto healthy = [](World& world) {
    must_deploy(world, kOld);
    return states(world);
  };
  const std::vector<Row> rows = {
      {"deploy: healthy before", healthy, deploys(kNew), "deployed", kNew},
      {"deploy: healthy before, broken now", healthy, deploys(kMissing), "rolled_back", kOld},
      {"deploy: there was nothing", [](World&) { return States{}; }, deploys(kNew), "deployed", kNew},
      {"rollback: healthy before",
       [](World& world) {
         must_deploy(world, kOld);
         must_deploy(world, kNew);
         return states(world);
       },
       goes_back, "deployed", kOld},
      {"rollback: healthy before, broken now",
       [](World& world) {
         world.options.wait = false;
         must_deploy(world, kMissing);
         world.options.wait = true;
         must_deploy(world, kNew);
         return states(world);
       },
       goes_back, "rolled_back", kNew},
      {"recover: as it was before the failure",
       [](World& world) {
         must_deploy(world, kOld);
         States out = states(world);
         die_at_the_deployment(world, kNew);
         return out;
       },
       recovers, "rolled_back", kOld},
      {"recover: as the failure left it",
       [](World& world) {
         must_deploy(world, kOld);
         die_at_the_deployment(world, kMissing);
         return states(world);
       },
       recovers, "rolled_back", kOld},
      {"recover --resume: healthy before, broken now",
       [](World& world) {
         must_deploy(world, kOld);
         States out = states(world);
         die_at_the_deployment(world, kMissing);
         return out;
       },
       [](World& world) { return world.recover(true); }, "rolled_back", kOld},
  };
  for (const Row& row : rows) {
    World world;
    States then = row.prepare(world);
    const bool tells = !then.empty();
    OldNews news(world.client(), std::move(then));
    world.through = &news;
    const auto started = world.server.now();
    const auto result = row.act(world);
    EXPECT_EQ(word(result), row.end) << row.name << (result ? "" : result.error().to_string());
    EXPECT_TRUE(rolled_out(world, row.image))
        << row.name << ": " << world.get("Deployment", "web", "apps")->json["status"];
    EXPECT_EQ(news.told() > 0, tells) << row.name;
    // At the latest when the time for getting healthy is over, after a wait for the lock of the dead.
    EXPECT_LT((world.server.now() - started).count(), 200'000) << row.name;
  }
}

}  // namespace
}  // namespace instantexec::engine
