#include "engine/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "engine/errors.h"
#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kCrashing = "registry.example/web:crash";
const std::string kCanary = "canary-4711-value";

bool has_write(const sim::SimServer& server, std::size_t from) {
  const auto& audit = server.audit();
  return std::any_of(audit.begin() + static_cast<std::ptrdiff_t>(from), audit.end(),
                     [](const sim::AuditEntry& entry) { return entry.write() && entry.ref.kind != "Lease"; });
}

class Evidence : public testing::Test {
 protected:
  World world;
  RecordingFiles files;

  void SetUp() override { world.files = &files; }

  // The content of one file of the only bundle; empty when there is none.
  [[nodiscard]] std::string file(const std::string& name) const {
    if (files.bundles.size() != 1) return {};
    for (const EvidenceFile& one : files.bundles[0].files) {
      if (one.name == name) return one.content;
    }
    return {};
  }
};

TEST_F(Evidence, IsKeptBeforeTheFirstWriteOfAnUndo) {
  ASSERT_EQ(world.deploy_word({config("c", "1"), secret("s", kCanary), deployment("web", kGood)}),
            "deployed");
  std::string live_then;
  std::size_t audit_then = 0;
  files.on_evidence = [&] {
    live_then = model::get_string(world.get("ConfigMap", "c")->json, "/data/key");
    audit_then = world.server.audit().size();
  };
  const auto report =
      world.deploy({config("c", "2"), secret("s", kCanary + "-new"), deployment("web", kCrashing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(live_then, "2") << "nothing was put back yet";
  EXPECT_TRUE(has_write(world.server, audit_then));
  EXPECT_EQ(report->evidence, "evidence/1");
  ASSERT_EQ(files.bundles.size(), 1U);
  EXPECT_EQ(files.bundles[0].title.find("web-r2-2026"), 0U) << files.bundles[0].title;

  EXPECT_NE(file("summary.txt").find("revision 2"), std::string::npos);
  EXPECT_NE(file("summary.txt").find("CrashLoopBackOff"), std::string::npos) << file("summary.txt");
  EXPECT_NE(file("objects.json").find("\"Deployment\""), std::string::npos);
  EXPECT_NE(file("children.json").find("\"Pod\""), std::string::npos);
  EXPECT_NE(file("events.json").find("\"Event\""), std::string::npos);
  const auto log = std::find_if(files.bundles[0].files.begin(), files.bundles[0].files.end(),
                                [](const EvidenceFile& one) { return one.name.starts_with("logs/web-"); });
  EXPECT_NE(log, files.bundles[0].files.end());
  for (const EvidenceFile& one : files.bundles[0].files) {
    EXPECT_TRUE(!one.name.ends_with(".json") || model::parse_json(one.content)) << one.name;
    for (const std::string& value : {kCanary, base64_encode(kCanary), base64_encode(kCanary + "-new")}) {
      EXPECT_EQ(one.content.find(value), std::string::npos) << one.name;
    }
  }
}

TEST_F(Evidence, NothingIsKeptOfWhatWentWell) {
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  EXPECT_TRUE(files.bundles.empty());
}

TEST_F(Evidence, AFullDiskIsAWarning) {
  files.full = true;
  const auto before = world.picture();
  const auto report = world.deploy({config("c", "2"), deployment("web", kCrashing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->evidence, "");
  EXPECT_EQ(differences(before, world.picture()), "");
  EXPECT_NE(world.sink.texts().find("evidence was not stored"), std::string::npos) << world.sink.texts();
}

TEST_F(Evidence, AnApiServerThatIsSlowToTellDelaysTheUndoAQuarterOfAMinuteAtMost) {
  // Nothing that only evidence asks for is ever answered.
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    const bool asked = info.verb == "logs" || (info.verb == "list" && info.ref.kind == "Event");
    if (!asked) return {};
    sim::Fault fault;
    fault.kind = sim::Fault::Kind::kSlowAnswer;
    fault.delay = std::chrono::minutes(5);
    return fault;
  };
  Instant done;
  const Instant begin = world.server.now();
  files.on_evidence = [&] { done = world.server.now(); };
  const auto report = world.deploy({deployment("web", "registry.example/web:does-not-exist")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_NE(file("summary.txt").find("not read:"), std::string::npos) << file("summary.txt");
  EXPECT_LT(done - begin, std::chrono::minutes(5));
}

TEST_F(Evidence, ARefusedWriteIsShownToo) {
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  world.server.faults.on_request = sim::at_match("apply", "ConfigMap", 4, {sim::Fault::Kind::kAnswer, 403});
  const auto report = world.deploy({config("a", "2"), config("b", "2")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_NE(file("summary.txt").find("cause: "), std::string::npos);
  EXPECT_NE(file("objects.json").find("\"ConfigMap\""), std::string::npos);
}

TEST_F(Evidence, OfWhatADeadRunLeftIsKeptByTheRecovery) {
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  world.server.faults.on_request =
      sim::at_match("apply", "Deployment", 2, {sim::Fault::Kind::kDieAfterCommit});
  EXPECT_THROW(world.deploy_word({config("c", "2"), deployment("web", kCrashing)}), Killed);
  world.restart();
  EXPECT_TRUE(files.bundles.empty());
  const auto report = world.recover();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->evidence, "evidence/1");
  EXPECT_NE(file("objects.json").find("\"2\""), std::string::npos);
}

TEST_F(Evidence, AnInterruptionWhileItIsCollectedStopsTheRun) {
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  int reads = 0;
  bool undoing = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    // The cause is known from here on: the health monitor asked for logs.
    undoing = undoing || info.verb == "logs";
    if (!undoing || info.verb == "logs" || ++reads != 2) return {};
    sim::Fault fault;
    fault.kind = sim::Fault::Kind::kInterrupt;
    return fault;
  };
  const auto report = world.deploy({config("c", "2"), deployment("web", kCrashing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kInterrupted);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "2");
}

TEST(SecretsInLogs, AreNotInTheReport) {
  World world;
  // The simulated container says this before it ends.
  const std::string said = "simulated failure";
  auto report = world.deploy({config("c", "1"), deployment("web", kCrashing)});
  const auto logged = [&](const std::string& text) {
    std::string all;
    for (const auto& log : report->cause->logs) all += join(log.lines, "\n");
    return all.find(text) != std::string::npos;
  };
  ASSERT_TRUE(report && report->cause);
  ASSERT_TRUE(logged(said));
  report = world.deploy({secret("s", said), deployment("web", kCrashing)});
  ASSERT_TRUE(report && report->cause);
  EXPECT_FALSE(logged(said));
  EXPECT_TRUE(logged("<redacted>"));
}

}  // namespace
}  // namespace instantexec::engine
