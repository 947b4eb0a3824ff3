#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "unit/engine/world.h"

// Workloads that a release does not write, and that have to be well again when it is undone: they use what
// was written.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kMissing = "registry.example/web:does-not-exist";

model::Object idle(const std::string& image) {
  auto out = deployment("idle", image);
  out.json["spec"]["strategy"]["type"] = "Recreate";
  return out;
}

// As soon as the changed ConfigMap is there `idle` is broken, and after `heals` (zero: never) it is well
// again, as a container that crashes because of its configuration.
void break_with_config(World& world, Duration heals) {
  world.server.store().listen([&world, heals, done = false](const sim::Change& change) mutable {
    if (done || !change.after || change.after->name() != "c") return;
    if (model::get_string(change.after->json, "/data/key") != "2") return;
    done = true;
    auto& timeline = world.server.timeline();
    timeline.at(world.server.now() + Duration{100}, [&world] { world.foreign_apply(idle(kMissing)); });
    if (heals == Duration{0}) return;
    timeline.at(world.server.now() + heals, [&world] { world.foreign_apply(idle(kGood)); });
  });
}

class Bystander : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world.deploy_word({config("c", "1"), idle(kGood)}), "deployed");
    before = world.picture();
  }

  // Changes the ConfigMap, and fails.
  [[nodiscard]] static std::vector<model::Object> failing() {
    return {config("c", "2"), idle(kGood), deployment("web", kMissing)};
  }

  World world;
  Picture before;
};

TEST_F(Bystander, IsWaitedFor) {
  constexpr Duration kHeals{90'000};
  break_with_config(world, kHeals);
  const Instant begun = world.server.now();
  const auto report = world.deploy(failing());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_TRUE(report->verification->behaviour);
  EXPECT_GE(world.server.now() - begun, kHeals) << "said before it was so";
}

TEST_F(Bystander, ThatStaysBrokenIsSaid) {
  break_with_config(world, Duration{0});
  const auto report = world.deploy(failing());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_TRUE(report->verification->values && report->verification->identity);
  EXPECT_FALSE(report->verification->behaviour);
  EXPECT_THAT(report->verification->differences,
              testing::Contains(testing::HasSubstr("Deployment default/idle: not healthy again")));
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "1");
}

// However long the release may take: the kubelet tries again within five minutes.
TEST_F(Bystander, IsGivenUpAfterAWhile) {
  world.options.timeout = std::chrono::minutes(30);
  world.options.per_object_timeout = std::chrono::seconds(20);  // of silence, which counts for a rollout
  break_with_config(world, Duration{0});
  const Instant begun = world.server.now();
  EXPECT_EQ(world.deploy_word(failing()), "rollback_incomplete");
  EXPECT_GE(world.server.now() - begun, std::chrono::minutes(6));
  EXPECT_LT(world.server.now() - begun, std::chrono::minutes(9));
}

// Whatever else has to be tried again.
TEST_F(Bystander, IsWaitedForNoLongerThanTheTimeout) {
  world.options.timeout = std::chrono::minutes(2);
  break_with_config(world, Duration{0});
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    const bool refused = info.verb == "delete" && info.ref.name == "new";
    return refused ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
  };
  std::vector<model::Object> wanted = failing();
  wanted.push_back(config("new", "1"));
  const Instant begun = world.server.now();
  EXPECT_EQ(world.deploy_word(wanted), "rollback_incomplete");
  EXPECT_LT(world.server.now() - begun, std::chrono::minutes(4));
}

TEST_F(Bystander, EachThatStaysBrokenIsNamed) {
  ASSERT_EQ(world.deploy_word({config("c", "1"), idle(kGood), deployment("other", kGood)}), "deployed");
  break_with_config(world, Duration{0});
  world.server.store().listen([this, done = false](const sim::Change& change) mutable {
    if (done || !change.after || change.after->name() != "web") return;
    done = true;
    auto broken = deployment("other", kMissing);
    broken.json["spec"]["strategy"] = {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 2}}}};
    world.server.timeline().at(world.server.now() + Duration{100},
                               [this, broken] { world.foreign_apply(broken); });
  });
  std::vector<model::Object> wanted = failing();
  wanted.push_back(deployment("other", kGood));
  const auto report = world.deploy(wanted);
  ASSERT_TRUE(report) << report.error().to_string();
  for (const char* name : {"idle", "other"}) {
    EXPECT_THAT(report->verification->differences,
                testing::Contains(
                    testing::HasSubstr(std::string("Deployment default/") + name + ": not healthy again")));
  }
}

TEST_F(Bystander, ThatSomebodyDeletesMeanwhileIsWaitedForNoLonger) {
  world.options.timeout = std::chrono::minutes(5);
  break_with_config(world, Duration{0});
  world.server.timeline().at(world.server.now() + Duration{60'000},
                             [this] { world.foreign_delete(idle(kGood)); });
  const Instant begun = world.server.now();
  EXPECT_EQ(world.deploy_word(failing()), "rolled_back");
  EXPECT_GE(world.server.now() - begun, Duration{60'000});
  EXPECT_LT(world.server.now() - begun, std::chrono::minutes(2));
}

TEST_F(Bystander, IsWaitedForByARecovery) {
  constexpr Duration kHeals{90'000};
  for (const bool heals : {true, false}) {
    World other;
    ASSERT_EQ(other.deploy_word({config("c", "1"), idle(kGood)}), "deployed");
    break_with_config(other, heals ? kHeals : Duration{0});
    const Instant begun = other.server.now();
    // Both are written, and the run dies as it waits.
    other.server.store().listen([&other](const sim::Change& change) {
      if (!change.after || change.after->name() != "web") return;
      other.server.faults.on_request = [](const sim::RequestInfo& info) {
        return info.verb == "replace" && info.ref.kind == "Lease" ? sim::Fault{sim::Fault::Kind::kDie}
                                                                  : sim::Fault{};
      };
    });
    EXPECT_THROW((void)other.deploy({config("c", "2"), idle(kGood), never_ready("web")}), Killed);
    other.server.faults.on_request = nullptr;
    other.restart();
    EXPECT_EQ(word(other.recover()), heals ? "rolled_back" : "rollback_incomplete");
    EXPECT_EQ(model::get_string(other.get("ConfigMap", "c")->json, "/data/key"), "1");
    EXPECT_GE(other.server.now() - begun, kHeals) << "said before it was so";
  }
}

// It was no better before, whoever undoes the release.
TEST_F(Bystander, ThatWasNotReadyBeforeIsNotWaitedFor) {
  for (const bool long_broken : {true, false}) {
    for (const bool dies : {true, false}) {
      World other;
      other.options.wait = false;
      ASSERT_EQ(other.deploy_word({config("c", "1"), idle(kMissing)}), "deployed");
      other.options.wait = true;
      other.server.run_for(long_broken ? Duration{600'000} : Duration{1'000});
      other.server.faults.on_request = [dies](const sim::RequestInfo& info) {
        sim::Fault fault;
        if (info.verb != "apply" || info.dry_run || info.ref.name != "d") return fault;
        fault.kind = dies ? sim::Fault::Kind::kDie : sim::Fault::Kind::kAnswer;
        fault.http_status = 422;
        return fault;
      };
      const auto attempt = [&] { return other.deploy({config("c", "2"), config("d", "1"), idle(kMissing)}); };
      if (dies) {
        EXPECT_THROW((void)attempt(), Killed);
        other.server.faults.on_request = nullptr;
        other.restart();
        EXPECT_EQ(word(other.recover()), "rolled_back") << long_broken;
      } else {
        EXPECT_EQ(word(attempt()), "rolled_back") << long_broken;
      }
    }
  }
}

TEST_F(Bystander, ThatCannotBeReadIsNotCalledHealthy) {
  bool written = false;
  world.server.store().listen([&](const sim::Change& change) {
    written = written || (change.after && change.after->name() == "web");
  });
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    const bool hidden =
        written && info.ref.kind == "Deployment" && info.ref.name == "idle" && info.verb == "get";
    return hidden ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
  };
  const auto report = world.deploy(failing());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->behaviour);
  EXPECT_THAT(report->verification->differences,
              testing::Contains(testing::HasSubstr("whether it is healthy could not be read")));
}

TEST_F(Bystander, OfAServerThatIsSilentAreNotCalledHealthy) {
  bool put_back = false;
  world.server.store().listen([&](const sim::Change& change) {
    const bool gone = change.before && !change.after && change.before->name() == "web";
    put_back = put_back || (gone && change.before->kind() == "Deployment");
  });
  world.server.faults.on_request = [&, quiet = 0](const sim::RequestInfo& info) mutable {
    constexpr int kTimes = 9;
    const bool silent = put_back && info.ref.name == "idle" && info.verb == "get" && quiet++ < kTimes;
    return silent ? sim::Fault{sim::Fault::Kind::kDropAnswer} : sim::Fault{};
  };
  const auto report = world.deploy(failing());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_THAT(report->verification->differences,
              testing::Contains(testing::HasSubstr("whether it is healthy could not be read")));
}

// It was put back, and somebody deletes or replaces it while it becomes ready. There is nothing to wait for.
TEST_F(Bystander, IsNotTheOnlyOneThatSomebodyMayDelete) {
  for (const bool anew : {false, true}) {
    World other;
    other.options.timeout = std::chrono::minutes(20);
    auto slow = idle(kGood);
    ASSERT_EQ(other.deploy_word({config("c", "1"), slow}), "deployed");
    std::optional<Instant> gone;
    other.server.store().listen([&](const sim::Change& change) {
      const bool restored =
          change.after && change.before && change.after->name() == "idle" &&
          model::get_string(change.before->json, "/spec/template/spec/containers/0/image") == kMissing &&
          model::get_string(change.after->json, "/spec/template/spec/containers/0/image") == kGood;
      if (gone || !restored) return;
      gone = other.server.now() + Duration{100};
      other.server.timeline().at(*gone, [&other, anew] {
        other.foreign_delete(idle(kGood));
        if (anew) other.foreign_apply(idle(kMissing));
      });
    });
    EXPECT_EQ(other.deploy_word({config("c", "2"), idle(kMissing)}), "rollback_incomplete") << anew;
    ASSERT_TRUE(gone) << anew;
    EXPECT_LT(other.server.now() - *gone, std::chrono::minutes(2)) << anew;
  }
}

// That is somebody's wish, also while something holds it.
TEST_F(Bystander, ThatSomebodyDeletesIsNotWaitedFor) {
  for (const bool held : {false, true}) {
    World other;
    auto leaving = idle(kGood);
    if (held) leaving.json["metadata"]["finalizers"] = model::Json::array({"example.org/held"});
    ASSERT_EQ(other.deploy_word({config("c", "1"), leaving}), "deployed");
    break_with_config(other, Duration{0});
    other.server.store().listen([&other, done = false](const sim::Change& change) mutable {
      if (done || !change.after || change.after->name() != "web") return;
      done = true;
      other.server.timeline().at(other.server.now() + Duration{200},
                                 [&other] { other.foreign_delete(idle(kGood)); });
    });
    const Instant begun = other.server.now();
    EXPECT_EQ(other.deploy_word({config("c", "2"), leaving, deployment("web", kMissing)}), "rolled_back")
        << held;
    EXPECT_LT(other.server.now() - begun, Duration{60'000}) << held;
  }
}

}  // namespace
}  // namespace instantexec::engine
