#include "plan/plan.h"

#include <gtest/gtest.h>

namespace instantexec::plan {
namespace {

Plan sample() {
  Plan plan;
  plan.release = "web";
  plan.ns = "demo";
  plan.revision = 4;
  Step create;
  create.op = Op::kCreate;
  create.gvk = {"", "v1", "ConfigMap"};
  create.object = {"", "ConfigMap", "demo", "c"};
  create.manifest_digest = "d";
  create.deferred = true;
  Step configure = create;
  configure.op = Op::kConfigure;
  configure.object.name = "e";
  configure.uid = "u";
  configure.resource_version = "7";
  configure.depends_on = {0};
  configure.waits_for = {0};
  configure.force = true;
  configure.deferred = false;
  configure.reversibility = Reversibility::kNone;
  configure.reason = "because";
  configure.changes = {{"/data/a", std::nullopt, "x"}, {"/data/b", 1, nullptr}};
  plan.steps = {create, configure};
  plan.groups = {{"g", {0}}};
  return plan;
}

TEST(Plan, RoundTripsThroughJson) {
  const Plan plan = sample();
  const auto again = from_json(to_json(plan));
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again), to_json(plan));
  EXPECT_EQ(digest(*again), digest(plan));
  EXPECT_TRUE(again->steps[1].force);
  EXPECT_EQ(again->steps[1].changes[1].after, model::Json(nullptr));
  EXPECT_FALSE(again->steps[1].changes[0].before.has_value());
}

TEST(Plan, TheDigestSeesEveryDecision) {
  const std::string original = digest(sample());
  const std::vector<void (*)(Plan&)> edits = {
      [](Plan& plan) { plan.steps[0].op = Op::kUnchanged; },
      [](Plan& plan) { plan.steps[1].resource_version = "8"; },
      [](Plan& plan) { plan.steps[0].manifest_digest = "other"; },
      [](Plan& plan) { plan.steps[1].depends_on.clear(); },
      [](Plan& plan) { plan.revision = 5; },
      [](Plan& plan) { plan.steps[1].force = false; },
  };
  for (std::size_t i = 0; i < edits.size(); ++i) {
    Plan plan = sample();
    edits[i](plan);
    EXPECT_NE(digest(plan), original) << i;
  }
  Plan moved = sample();
  moved.steps[0].at = {"elsewhere.yaml", {3, 1}, {}};
  EXPECT_EQ(digest(moved), original);
}

TEST(Plan, RefusesWhatItDoesNotUnderstand) {
  const std::vector<std::pair<const char*, void (*)(model::Json&)>> rows = {
      {"newer schema", [](model::Json& json) { json["schema"] = 2; }},
      {"unknown op", [](model::Json& json) { json["steps"][0]["op"] = "explode"; }},
      {"no name", [](model::Json& json) { json["steps"][0].erase("name"); }},
      {"dangling dependency", [](model::Json& json) { json["steps"][1]["dependsOn"] = {9}; }},
      {"dangling group", [](model::Json& json) { json["steps"][1]["waitsFor"] = {1}; }},
      {"dangling member", [](model::Json& json) { json["groups"][0]["members"] = {2}; }},
      {"index of another type", [](model::Json& json) { json["steps"][1]["dependsOn"] = {-1}; }},
  };
  for (const auto& [name, edit] : rows) {
    model::Json json = to_json(sample());
    edit(json);
    const auto plan = from_json(json);
    ASSERT_FALSE(plan) << name;
    EXPECT_EQ(plan.error().code->name, "plan.invalid") << name;
  }
  EXPECT_FALSE(from_json(model::Json::array()));
}

TEST(Plan, CountsAndKnowsWhetherItWrites) {
  Plan plan = sample();
  EXPECT_TRUE(plan.changes_anything());
  EXPECT_EQ(plan.count(Op::kCreate), 1U);
  plan.steps[0].op = Op::kUnchanged;
  plan.steps[1].op = Op::kKeep;
  EXPECT_FALSE(plan.changes_anything());
}

}  // namespace
}  // namespace instantexec::plan
