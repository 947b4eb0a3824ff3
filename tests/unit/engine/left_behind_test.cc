#include <gtest/gtest.h>

#include "engine/errors.h"
#include "engine/session.h"
#include "unit/engine/world.h"

// What a run that loses its API server leaves on the machine it ran on.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";

// From the n-th write of that kind on, nothing arrives any more.
std::function<sim::Fault(const sim::RequestInfo&)> dead_from(const std::string& verb, const std::string& kind,
                                                             int n, sim::Fault::Kind how) {
  return [=, seen = 0](const sim::RequestInfo& info) mutable -> sim::Fault {
    if (info.verb == verb && info.ref.kind == kind && !info.dry_run) ++seen;
    sim::Fault fault;
    if (seen >= n) fault.kind = how;
    // An answer that never comes: longer than anybody waits.
    if (fault.kind == sim::Fault::Kind::kSlowAnswer) fault.delay = std::chrono::hours(2);
    return fault;
  };
}

class LeftBehind : public testing::Test {
 protected:
  World world;
  RecordingFiles files;

  void SetUp() override {
    world.files = &files;
    ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  }

  // An update during which the API server goes away.
  Result<model::DeployReport> deploy_without_end(sim::Fault::Kind how) {
    world.server.faults.on_request = dead_from("apply", "ConfigMap", 2, how);
    return world.deploy({config("a", "2"), config("b", "2")});
  }
};

TEST_F(LeftBehind, WorkIsNotedWithOneCommandThatFinishesIt) {
  const auto before = world.picture();
  for (const auto how : {sim::Fault::Kind::kRefuseConnection, sim::Fault::Kind::kDropRequest}) {
    const auto report = deploy_without_end(how);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code->exit, ExitCode::kInterrupted) << report.error().to_string();
    EXPECT_EQ(report.error().hint, "recover the test");
    EXPECT_NE(report.error().message.find("noted in state/web"), std::string::npos) << report.error().message;
    ASSERT_EQ(files.states.count("default/web"), 1U);
    const UnfinishedState state = files.states["default/web"];
    EXPECT_TRUE(state.phase == "applying" || state.phase == "rolling-back") << state.phase;
    EXPECT_GT(state.revision, 1);
    EXPECT_FALSE(state.operation.empty() || state.started.empty() || state.written.empty());
    EXPECT_NE(state.error, "");

    world.server.faults.on_request = nullptr;
    world.restart();
    const auto recovered = world.recover();
    ASSERT_TRUE(recovered) << recovered.error().to_string();
    EXPECT_EQ(recovered->result, model::DeployResult::kRolledBack);
    EXPECT_TRUE(files.states.empty()) << "the work is done";
    EXPECT_EQ(differences(before, world.picture()), "");
  }
}

TEST_F(LeftBehind, RecoveryNeedsNoFile) {
  ASSERT_FALSE(deploy_without_end(sim::Fault::Kind::kRefuseConnection));
  files.states.clear();
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
}

TEST_F(LeftBehind, ANoteThatOutlivedItsWorkIsRemoved) {
  files.states["default/web"] = {};
  EXPECT_EQ(word(world.recover()), "nothing_to_do");
  EXPECT_TRUE(files.states.empty());
  files.states["default/web"] = {};
  EXPECT_EQ(world.deploy_word({config("a", "3"), config("b", "1")}), "deployed");
  EXPECT_TRUE(files.states.empty());
}

TEST_F(LeftBehind, ARecoveryThatLosesTheClusterNotesItAgain) {
  ASSERT_FALSE(deploy_without_end(sim::Fault::Kind::kRefuseConnection));
  world.restart();
  world.server.faults.on_request = dead_from("patch", "ConfigMap", 1, sim::Fault::Kind::kRefuseConnection);
  ASSERT_FALSE(world.recover());
  EXPECT_EQ(files.states["default/web"].phase, "rolling-back");
}

TEST_F(LeftBehind, AFullDiskChangesNothingElse) {
  files.full = true;
  const auto report = deploy_without_end(sim::Fault::Kind::kRefuseConnection);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().hint, "recover the test");
  EXPECT_NE(world.sink.texts().find("could not be noted"), std::string::npos);
}

TEST_F(LeftBehind, NothingIsNotedWhileTheApiServerAnswers) {
  world.server.faults.on_request = sim::at_match("apply", "ConfigMap", 3, {sim::Fault::Kind::kInterrupt});
  const auto report = world.deploy({config("a", "2"), config("b", "2")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kInterrupted);
  EXPECT_EQ(report->recover_command, "recover the test");
  EXPECT_TRUE(files.states.empty());
}

TEST_F(LeftBehind, StoppingDoesNotWaitForASilentApiServer) {
  for (const char* verb : {"apply", "replace"}) {
    // Answers stop coming, and then the user has enough.
    Instant interrupted;
    int seen = 0;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
      const bool wanted = info.verb == verb && !info.dry_run && info.ref.kind != "Lease";
      if (wanted || seen > 0) ++seen;
      sim::Fault fault;
      if (seen == 1) {
        fault.kind = sim::Fault::Kind::kInterrupt;
        interrupted = world.server.now();
      } else if (seen > 1) {
        fault.kind = sim::Fault::Kind::kSlowAnswer;
        fault.delay = std::chrono::hours(2);
      }
      return fault;
    };
    const auto report = world.deploy({config("a", "4"), config("b", "4")});
    EXPECT_LE(world.server.now() - interrupted, kLastAnswers + std::chrono::seconds(2)) << verb;
    const bool told = report ? report->result == model::DeployResult::kInterrupted
                             : report.error().code->exit == ExitCode::kInterrupted;
    EXPECT_TRUE(told) << word(report);
    world.server.faults.on_request = nullptr;
    world.restart();
    ASSERT_TRUE(world.recover());
    EXPECT_TRUE(files.states.empty());
  }
}

TEST_F(LeftBehind, ALastRecordThatCouldNotBeWrittenIsWorkThatIsLeft) {
  const auto before = world.picture();
  world.server.faults.on_request = dead_from("replace", "Secret", 2, sim::Fault::Kind::kRefuseConnection);
  const auto report = world.deploy({config("a", "2"), config("b", "2")});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code->exit, ExitCode::kInterrupted) << report.error().to_string();
  EXPECT_EQ(report.error().hint, "recover the test");
  EXPECT_EQ(files.states["default/web"].phase, "applying");
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

}  // namespace
}  // namespace instantexec::engine
