#include <gtest/gtest.h>

#include "engine/live.h"
#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";

TEST(Versions, AreNumbersWithoutABound) {
  struct Row {
    const char* version;
    const char* than;
    bool later;
  };
  const std::vector<Row> rows = {
      {"2", "1", true},       {"1", "2", false},  {"1", "1", false},
      {"10", "9", true},      {"9", "10", false}, {"100000000000000000000", "99999999999999999999", true},
      {"", "1", false},       {"2", "", false},   {"2a", "1", false},
      {"2", "opaque", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(is_later(row.version, row.than), row.later) << row.version << row.than;
}

// The answer to a write is read after the watch has told everything that came of it.
TEST(Health, AnAnswerOlderThanTheWatchDoesNotHideWhatTheWatchSaid) {
  World world;
  sim::Fault late;
  late.kind = sim::Fault::Kind::kSlowAnswer;
  late.delay = Duration{60'000};
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    return info.verb == "apply" && info.ref.kind == "Deployment" && !info.dry_run ? late : sim::Fault{};
  };
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({deployment("web", kGood)}), "deployed");
  // Ready long before the answer: no more than a confirming read is left to do.
  EXPECT_LT((world.server.now() - started).count(), 65'000);
}

TEST(Health, AWatchThatDeliversNothingDoesNotHoldUpADeploy) {
  World world;
  world.client().silence_watches(true);
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood), service("web")}), "deployed");
  EXPECT_LT((world.server.now() - started).count(), 40'000);
}

TEST(Health, AWatchThatFallsSilentInTheMiddleDoesNotHoldUpADeploy) {
  World world;
  bool silenced = false;
  world.server.store().listen([&](const sim::Change& change) {
    if (silenced || !change.after || change.after->kind() != "Pod") return;
    silenced = true;
    world.client().silence_watches(true);
  });
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({deployment("web", kGood)}), "deployed");
  EXPECT_TRUE(silenced);
  EXPECT_LT((world.server.now() - started).count(), 40'000);
}

// What a silent watch hides is found, and a new watch is opened that tells of pods again.
TEST(Health, ASilentWatchDoesNotHideAFailure) {
  World world;
  world.client().silence_watches(true);
  world.server.timeline().at(world.server.now() + Duration{20'000},
                             [&] { world.client().silence_watches(false); });
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({deployment("web", "registry.example/web:crash")}), "rolled_back");
  EXPECT_LT((world.server.now() - started).count(), 100'000);
}

}  // namespace
}  // namespace instantexec::engine
