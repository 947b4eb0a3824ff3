#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "unit/engine/world.h"

// What an incomplete undo leaves, and what is said of a release that is not in order.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kMissing = "registry.example/web:does-not-exist";

class LeftOver : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    before = world.picture();
  }

  // The right to delete ConfigMaps is taken away meanwhile.
  void leave_new_one() {
    world.server.faults.on_request = [](const sim::RequestInfo& info) {
      const bool refused = info.verb == "delete" && info.ref.kind == "ConfigMap" && !info.dry_run;
      return refused ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
    };
    EXPECT_EQ(world.deploy_word({config("a", "2"), config("new", "1"), deployment("web", kMissing)}),
              "rollback_incomplete");
    EXPECT_NE(world.get("ConfigMap", "new"), nullptr);
    world.server.faults.on_request = nullptr;
    world.restart();
  }

  [[nodiscard]] std::size_t members() { return release_objects(world.environment(), world.options)->size(); }

  World world;
  Picture before;
};

TEST_F(LeftOver, BelongsToTheReleaseUntilTheNextDeployPrunesIt) {
  leave_new_one();
  EXPECT_EQ(members(), 2U);
  const auto planned = plan_release(world.environment(), world.options, manifests({config("a", "1")}));
  ASSERT_TRUE(planned) << planned.error().to_string();
  EXPECT_THAT(planned->findings,
              testing::Contains(testing::Field(&model::Finding::rule, "release.undo-incomplete")));
  EXPECT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  EXPECT_EQ(world.get("ConfigMap", "new"), nullptr) << "nobody would ever have pruned it";
  EXPECT_EQ(members(), 1U);
}

// Nothing can be done about it but to wait, once; and to say what for.
TEST_F(LeftOver, ThatSomethingHoldsIsWaitedForOnce) {
  auto held = config("new", "1");
  held.json["metadata"]["finalizers"] = model::Json::array({"example.org/held"});
  std::optional<Instant> deleted;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (!deleted && info.verb == "delete" && info.ref.name == "new") deleted = world.server.now();
    return sim::Fault{};
  };
  const auto report = world.deploy({config("a", "2"), held, deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_THAT(
      report->verification->differences,
      testing::Contains(testing::HasSubstr("its deletion is pending, it waits for example.org/held")));
  ASSERT_TRUE(deleted);
  EXPECT_GE(world.server.now() - *deleted, Duration{60'000});
  EXPECT_LT(world.server.now() - *deleted, Duration{90'000});
  EXPECT_EQ(members(), 1U) << "it goes by itself";
}

TEST_F(LeftOver, WhoIsStoppedAtTheSecondTryLeavesItToARecovery) {
  world.server.faults.on_request = [tries = 0](const sim::RequestInfo& info) mutable {
    if (info.verb != "delete" || info.ref.name != "new") return sim::Fault{};
    return ++tries == 1 ? sim::Fault{sim::Fault::Kind::kAnswer, 403}
                        : sim::Fault{sim::Fault::Kind::kInterrupt};
  };
  EXPECT_EQ(world.deploy_word({config("a", "2"), config("new", "1"), deployment("web", kMissing)}),
            "interrupted");
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

// Another operation that is undone leaves it as it was, and recovery cannot go back to it any more.
TEST_F(LeftOver, IsToldOfAfterAnotherOneWasUndone) {
  leave_new_one();
  EXPECT_EQ(release_status(world.environment(), world.options)->not_undone, 0) << "a recovery can, still";
  EXPECT_EQ(world.deploy_word({config("a", "3"), config("new", "1"), deployment("web", kMissing)}),
            "rolled_back");
  EXPECT_EQ(release_status(world.environment(), world.options)->not_undone, 2);
  EXPECT_EQ(world.deploy_word({config("a", "3")}), "deployed");
  EXPECT_EQ(release_status(world.environment(), world.options)->not_undone, 0);
}

TEST_F(LeftOver, IsTakenOverByADeployThatWantsIt) {
  leave_new_one();
  EXPECT_EQ(world.deploy_word({config("a", "1"), config("new", "1")}), "deployed");
  EXPECT_EQ(members(), 2U);
}

TEST_F(LeftOver, LeavesTheReleaseWhenARecoveryDeletesIt) {
  leave_new_one();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
  EXPECT_EQ(members(), 1U);
  EXPECT_EQ(world.deploy_word({config("a", "1")}), "nothing_to_do");
}

TEST_F(LeftOver, IsNamedOnceHoweverOftenItIsTried) {
  leave_new_one();
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    const bool refused = info.verb == "delete" && info.ref.kind == "ConfigMap";
    return refused ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
  };
  EXPECT_EQ(word(world.recover()), "rollback_incomplete");
  EXPECT_EQ(members(), 2U);
}

// Somebody had deleted it before, so the release knew it under another UID.
TEST_F(LeftOver, IsPrunedThoughItBelongedToTheReleaseBefore) {
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("new", "1")}), "deployed");
  world.foreign_delete(config("new", ""));
  leave_new_one();
  EXPECT_EQ(members(), 2U);
  EXPECT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  EXPECT_EQ(world.get("ConfigMap", "new"), nullptr) << "nobody would ever have pruned it";
}

// It was missing before, and is so again: the release in force still has it.
TEST_F(LeftOver, AMemberThatSomebodyHadDeletedStaysOne) {
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("new", "1")}), "deployed");
  world.foreign_delete(config("new", ""));
  EXPECT_EQ(world.deploy_word({config("a", "2"), config("new", "1"), deployment("web", kMissing)}),
            "rolled_back");
  EXPECT_EQ(members(), 2U);
}

TEST_F(LeftOver, RollbackReturnsToWhatIsInForce) {
  leave_new_one();
  const auto report = rollback(world.environment(), world.options, 0);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_EQ(report->operation, "rollback");
  EXPECT_EQ(report->target, 1);
  EXPECT_EQ(world.get("ConfigMap", "new"), nullptr);
}

// --- unfinished work ---

class Unfinished : public LeftOver {
 protected:
  void SetUp() override {
    LeftOver::SetUp();
    world.server.faults.on_request = [](const sim::RequestInfo& info) {
      const bool last = info.verb == "apply" && !info.dry_run && info.ref.name == "web";
      return last ? sim::Fault{sim::Fault::Kind::kDie} : sim::Fault{};
    };
    EXPECT_THROW((void)world.deploy({config("a", "2"), deployment("web", kMissing)}), Killed);
    world.server.faults.on_request = nullptr;
    world.restart();
  }
};

TEST_F(Unfinished, IsToldByAPlanAndADryRun) {
  const auto rule = testing::Contains(testing::Field(&model::Finding::rule, "release.unfinished"));
  const auto planned = plan_release(world.environment(), world.options, manifests({config("a", "3")}));
  ASSERT_TRUE(planned) << planned.error().to_string();
  EXPECT_THAT(planned->findings, rule);
  EXPECT_TRUE(planned->executable());
  world.options.dry_run_server = true;
  const auto tried = world.deploy({config("a", "3")});
  ASSERT_TRUE(tried) << tried.error().to_string();
  EXPECT_THAT(tried->findings, rule);
  const auto back = rollback(world.environment(), world.options, 1);
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_THAT(back->findings, rule);
  world.options.dry_run_server = false;
  const auto report = world.deploy({config("a", "3")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_THAT(report->findings, testing::Not(rule)) << "it has been dealt with";
}

TEST_F(Unfinished, IsAtWorkUntilItsLockRunsOut) {
  auto status = release_status(world.environment(), world.options);
  ASSERT_TRUE(status && status->unfinished);
  EXPECT_TRUE(status->at_work);
  EXPECT_NE(status->lock_holder, "");
  EXPECT_NE(status->lock_renewed, "");
  EXPECT_EQ(status->lock_unread, "");
  world.server.run_for(Duration{60'000});
  status = release_status(world.environment(), world.options);
  ASSERT_TRUE(status && status->unfinished);
  EXPECT_FALSE(status->at_work);
  EXPECT_NE(status->lock_renewed, "");
}

TEST_F(Unfinished, ALockThatCannotBeReadIsNotCalledFree) {
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    return info.ref.kind == "Lease" ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
  };
  const auto status = release_status(world.environment(), world.options);
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_NE(status->lock_unread, "");
  EXPECT_FALSE(status->at_work);
}

TEST_F(Unfinished, ThatWasBeingPutBackIsNotResumed) {
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    const bool undoes = info.verb == "patch" && info.ref.name == "a";
    return undoes ? sim::Fault{sim::Fault::Kind::kDie} : sim::Fault{};
  };
  EXPECT_THROW((void)world.recover(), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
  const auto report = world.recover(true);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->operation, "recover");
  EXPECT_THAT(report->warnings, testing::Contains(testing::HasSubstr("--resume goes on with that")));
  EXPECT_EQ(differences(before, world.picture()), "");
}

}  // namespace
}  // namespace instantexec::engine
