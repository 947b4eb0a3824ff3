#include <gtest/gtest.h>

#include "unit/engine/world.h"

// What was broken before a deploy does not fail it; a rollout is compared with what it replaced.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kBetter = "registry.example/web:2";
const std::string kMissing = "registry.example/web:does-not-exist";
const std::string kCrashing = "registry.example/web:crash";

// Left as it is, though it failed: the release is broken from then on.
void break_it(World& world, const std::vector<model::Object>& objects) {
  world.options.rollback_on_failure = false;
  EXPECT_EQ(world.deploy_word(objects), "failed_kept");
  world.options.rollback_on_failure = true;
}

const model::ObjectOutcome& outcome(const model::DeployReport& report, const std::string& kind) {
  for (const auto& object : report.objects) {
    if (object.object.kind == kind) return object;
  }
  ADD_FAILURE() << "no " << kind;
  return report.objects.front();
}

// Three replicas of which a quota lets two be: two are ready, and no more will be.
model::Object quota() {
  return {*model::parse_json(R"({"apiVersion":"v1","kind":"ResourceQuota",
    "metadata":{"name":"few","namespace":"default"},"spec":{"hard":{"pods":"2"}}})")};
}

model::Object two_of_three(const std::string& image) {
  model::Object out = deployment("web", image, 3);
  out.json["spec"]["strategy"]["type"] = "Recreate";
  return out;
}

TEST(BeforeAfter, WhatIsNotTouchedAndWasBrokenDoesNotFailTheDeploy) {
  World world;
  break_it(world, {config("c", "1"), deployment("web", kCrashing)});
  const auto started = world.server.now();
  const auto report = world.deploy({config("c", "2"), deployment("web", kCrashing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_LT((world.server.now() - started).count(), 20'000);
  const auto& web = outcome(*report, "Deployment");
  EXPECT_TRUE(web.broken_before);
  EXPECT_TRUE(web.health.doomed());
  EXPECT_NE(web.message.find("as before the deploy"), std::string::npos) << web.message;
  EXPECT_NE(world.sink.texts().find("Deployment default/web was broken before this deploy"),
            std::string::npos)
      << world.sink.texts();
  EXPECT_FALSE(outcome(*report, "ConfigMap").broken_before);
}

// The new pods need a while, in which nothing happens to them.
TEST(BeforeAfter, AFixThatIsSlowIsWaitedFor) {
  World world;
  break_it(world, {deployment("web", kCrashing)});
  auto fixed = deployment("web", kGood);
  model::Json& pods = fixed.json["spec"]["template"]["metadata"];
  pods["labels"]["instantexec.dev/fault"] = "slow-start";
  pods["annotations"]["instantexec.dev/ready-after"] = "90s";
  world.options.timeout = std::chrono::minutes(10);
  const auto report = world.deploy({fixed});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_FALSE(outcome(*report, "Deployment").broken_before);
}

// The same release once more, which writes nothing.
TEST(BeforeAfter, ADeployThatChangesNothingIsJudgedLikeAnyOther) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  break_it(world, {config("c", "1"), deployment("web", kCrashing)});
  ASSERT_EQ(world.deploy_word({config("c", "2"), deployment("web", kCrashing)}), "deployed");
  const auto report = world.deploy({config("c", "2"), deployment("web", kCrashing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kNothingToDo);
  EXPECT_TRUE(outcome(*report, "Deployment").broken_before);
  EXPECT_FALSE(outcome(*report, "ConfigMap").broken_before);
  EXPECT_NE(world.sink.texts().find("was broken before this deploy"), std::string::npos);
}

// It was to become ready and does not: nothing was written, so nothing is undone.
TEST(BeforeAfter, ADeployThatChangesNothingWaitsForWhatIsOnItsWay) {
  for (const bool arrives : {true, false}) {
    World world;
    world.options.wait = false;
    ASSERT_EQ(world.deploy_word({config("c", "1"), never_ready("gate")}), "deployed");
    const Picture before = world.picture();
    EXPECT_EQ(world.deploy_word({config("c", "1"), never_ready("gate")}), "nothing_to_do")
        << "not asked to wait";
    world.options.wait = true;
    if (arrives) {
      world.server.timeline().at(world.server.now() + Duration{20'000}, [&world] {
        auto gate = *world.get("Service", "gate");
        gate.json["status"]["loadBalancer"]["ingress"] = model::Json::array({{{"ip", "192.0.2.1"}}});
        world.server.store().put(std::move(gate));
      });
    }
    const auto report = world.deploy({config("c", "1"), never_ready("gate")});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, arrives ? model::DeployResult::kNothingToDo : model::DeployResult::kUnhealthy);
    EXPECT_EQ(report->cause.has_value(), !arrives);
    EXPECT_EQ(differences(before, world.picture()), "");
    EXPECT_EQ(word(world.recover()), "nothing_to_do");
  }
}

TEST(BeforeAfter, WhatIsWrittenAndStillBrokenInTheSameWayDoesNotFailTheDeploy) {
  World world;
  break_it(world, {config("c", "1"), deployment("web", kCrashing)});
  auto labelled = deployment("web", kCrashing);
  labelled.json["spec"]["template"]["metadata"]["annotations"]["commit"] = "2";
  const auto report = world.deploy({config("c", "2"), labelled});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_TRUE(outcome(*report, "Deployment").broken_before);
}

TEST(BeforeAfter, WhatIsBrokenInAnotherWayThanBeforeFailsTheDeploy) {
  World world;
  break_it(world, {deployment("web", kCrashing)});
  EXPECT_EQ(world.deploy_word({deployment("web", kMissing)}), "rolled_back");
}

TEST(BeforeAfter, WhatRanBeforeAndDoesNotNowFailsTheDeploy) {
  World world;
  ASSERT_EQ(world.deploy_word({deployment("web", kGood)}), "deployed");
  EXPECT_EQ(world.deploy_word({deployment("web", kMissing)}), "rolled_back");
}

TEST(BeforeAfter, AFixIsWaitedFor) {
  World world;
  break_it(world, {deployment("web", kMissing)});
  const auto report = world.deploy({deployment("web", kGood)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_EQ(report->objects[0].health.status, model::HealthStatus::kCurrent);
  EXPECT_FALSE(report->objects[0].broken_before);
  EXPECT_EQ(world.sink.texts().find("broken before"), std::string::npos) << world.sink.texts();
}

// An earlier rollout under way is not broken: it is waited for, and its failure counts.
TEST(BeforeAfter, WhatWasStillOnItsWayIsNotBroken) {
  World world;
  world.options.wait = false;
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kMissing)}), "deployed");
  world.options.wait = true;
  EXPECT_EQ(world.deploy_word({config("c", "2"), deployment("web", kMissing)}), "rolled_back");
}

TEST(BeforeAfter, ARolloutNeedsAsManyReplicasAsItReplaced) {
  World world;
  world.options.timeout = std::chrono::minutes(8);
  ASSERT_EQ(world.deploy_word({quota()}), "deployed");
  break_it(world, {quota(), two_of_three(kGood)});
  EXPECT_EQ(model::get_int(world.get("Deployment", "web", "apps")->json, "/status/readyReplicas"), 2);
  world.server.run_for(std::chrono::minutes(5));

  const auto report = world.deploy({quota(), two_of_three(kBetter)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  const auto& web = outcome(*report, "Deployment");
  EXPECT_TRUE(web.broken_before);
  EXPECT_EQ(model::get_int(world.get("Deployment", "web", "apps")->json, "/status/readyReplicas"), 2);

  world.server.run_for(std::chrono::minutes(5));
  EXPECT_EQ(world.deploy_word({quota(), two_of_three(kCrashing)}), "rolled_back");
}

// The state before is that of the first process, not what the second one finds.
TEST(BeforeAfter, AResumedRunComparesWithWhatTheFirstOneFound) {
  for (const bool broken_before : {true, false}) {
    World world;
    if (broken_before) {
      break_it(world, {config("c", "1"), deployment("web", kCrashing)});
    } else {
      ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
    }
    sim::Fault die;
    die.kind = sim::Fault::Kind::kDieAfterCommit;
    world.server.faults.on_request = [die](const sim::RequestInfo& info) {
      return info.verb == "apply" && !info.dry_run && info.ref.kind == "ConfigMap" ? die : sim::Fault{};
    };
    EXPECT_THROW((void)world.deploy({config("c", "2"), deployment("web", kCrashing)}), Killed);
    world.server.faults.on_request = nullptr;
    world.restart();
    // Somebody breaks it while nobody looks.
    if (!broken_before) world.foreign_apply(deployment("web", kCrashing), "kubectl-instantexec");
    world.server.run_for(std::chrono::minutes(5));
    const auto report = world.recover(true);
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(to_string(report->result), broken_before ? "deployed" : "rolled_back");
  }
}

}  // namespace
}  // namespace instantexec::engine
