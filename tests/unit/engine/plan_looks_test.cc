#include <gtest/gtest.h>

#include "plan/diff.h"
#include "unit/engine/world.h"

// A plan rests on two looks at each object, the read and the dry-run. Others may work in between.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using model::Json;

model::Object with_more(const std::string& value) {
  model::Object out = config("a", "");
  out.json["data"] = {{"theirs", value}};
  return out;
}

enum class Look { kRead, kDryRun, kAny };

// The second release changes `a` and then fails. The first looks of a kind at `a` come late, and somebody
// else edits it before each.
struct Race {
  World world;
  int looks = 0;

  Race() {
    EXPECT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    world.options.timeout = std::chrono::seconds(20);
  }

  void edit_before(Look look, int times, const std::function<void()>& what) {
    world.server.faults.on_request = [this, look, times, what](const sim::RequestInfo& info) {
      const bool at_a = info.ref.kind == "ConfigMap" && info.ref.name == "a";
      const bool such = info.dry_run ? look != Look::kRead : info.verb == "get" && look != Look::kDryRun;
      if (!at_a || !such || looks >= times) return sim::Fault{};
      ++looks;
      // The dry-run comes after the read, also when they are sent together.
      const Duration after{info.dry_run ? 1500 : 500};
      world.server.timeline().at(world.server.now() + after, what);
      sim::Fault late;
      late.kind = sim::Fault::Kind::kDelay;
      late.delay = after + Duration{500};
      return late;
    };
  }

  std::string fail() { return world.deploy_word({config("a", "2"), never_ready("gate")}); }
  [[nodiscard]] Json data() const {
    const sim::Snapshot found = world.get("ConfigMap", "a");
    return found ? found->json.at("data") : Json("there is none");
  }
};

TEST(PlanLooks, WhatOthersWriteBetweenTheTwoLooksIsNotTakenBack) {
  for (const Look look : {Look::kDryRun, Look::kRead}) {
    Race race;
    race.edit_before(look, 1, [&] { race.world.foreign_apply(with_more("1")); });
    EXPECT_EQ(race.fail(), "rolled_back");
    EXPECT_EQ(race.looks, 1);
    EXPECT_EQ(race.data(), (Json{{"key", "1"}, {"theirs", "1"}})) << static_cast<int>(look);
  }
}

TEST(PlanLooks, WhatOthersRemoveBetweenTheTwoLooksDoesNotComeBack) {
  for (const Look look : {Look::kDryRun, Look::kRead}) {
    Race race;
    race.world.foreign_apply(with_more("1"));
    model::Object nothing = with_more("");
    nothing.json.erase("data");
    race.edit_before(look, 1, [&] { race.world.foreign_apply(nothing); });
    EXPECT_EQ(race.fail(), "rolled_back");
    EXPECT_EQ(race.data(), (Json{{"key", "1"}})) << static_cast<int>(look);
  }
}

// Deleted in between it is planned as one that has to be made, created in between as one that is there.
TEST(PlanLooks, AnObjectThatComesOrGoesBetweenTheTwoLooks) {
  Race gone;
  gone.edit_before(Look::kDryRun, 1, [&] { gone.world.foreign_delete(config("a", "")); });
  EXPECT_EQ(gone.world.deploy_word({config("a", "2")}), "deployed");
  EXPECT_EQ(gone.data(), (Json{{"key", "2"}}));
  Race come;
  come.world.foreign_delete(config("a", ""));
  come.edit_before(Look::kDryRun, 1, [&] { come.world.foreign_apply(with_more("1")); });
  EXPECT_EQ(come.fail(), "rolled_back");
  EXPECT_EQ(come.data(), (Json{{"theirs", "1"}})) << "it is theirs";
}

// An object whose status never rests has another version at every look.
TEST(PlanLooks, AStatusThatNeverRestsIsNoHindrance) {
  Race race;
  int written = 0;
  race.edit_before(Look::kAny, 100, [&] {
    model::Object busy = *race.world.get("ConfigMap", "a");
    busy.json["status"] = {{"beat", ++written}};
    race.world.server.store().put(std::move(busy));
  });
  EXPECT_EQ(race.world.deploy_word({config("a", "2")}), "deployed");
  EXPECT_GE(written, 1);
  EXPECT_EQ(race.data(), (Json{{"key", "2"}}));
}

TEST(PlanLooks, OneThatIsChangedAllTheTimeCannotBePlanned) {
  Race race;
  int written = 0;
  race.edit_before(Look::kAny, 100, [&] { race.world.foreign_apply(with_more(std::to_string(++written))); });
  EXPECT_EQ(race.fail(), "error: plan.contested");
  EXPECT_EQ(race.data(), (Json{{"key", "1"}, {"theirs", std::to_string(written)}}));
}

}  // namespace
}  // namespace instantexec::engine
