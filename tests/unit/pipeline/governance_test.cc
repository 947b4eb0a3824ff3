#include "pipeline/governance.h"

#include <gtest/gtest.h>

#include "unit/pipeline/fixtures.h"

namespace instantexec::pipeline::test {
namespace {

TEST(Governance, FilesBeyondTheDeadlineCountAsUnread) {
  World world;
  world.repository.touch("a.go", "package a\n");
  AIGovernanceEngine engine({}, world.client);
  const auto in_time =
      engine.analyze_codebase(&world.repository, "", {}, world.client.now() + Duration{1000});
  ASSERT_TRUE(in_time.has_value());
  EXPECT_EQ(in_time->metrics.analyzed_files, 1U);
  const auto late = engine.analyze_codebase(&world.repository, "", {}, world.client.now());
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->metrics.analyzed_files, 0U);
  const auto decision = engine.make_decision(*late, AIGovernanceEngine::assess_risk(*late, {}), true);
  EXPECT_EQ(decision.decision, model::DecisionType::kReview);
  EXPECT_DOUBLE_EQ(decision.confidence, 0.0);
}

TEST(Governance, WithoutARepositoryEveryManifestIsNew) {
  World world;
  const auto context = world.context(web());
  AIGovernanceEngine engine({}, world.client);
  const auto analysis = engine.analyze_codebase(nullptr, "", context.manifests, world.client.now());
  ASSERT_TRUE(analysis.has_value());
  EXPECT_EQ(analysis->change.files.size(), 1U);
  const auto decision =
      engine.make_decision(*analysis, AIGovernanceEngine::assess_risk(*analysis, context.manifests), true);
  EXPECT_DOUBLE_EQ(decision.confidence, 0.9);
  EXPECT_EQ(decision.decision, model::DecisionType::kApprove);
}

struct TouchedRow {
  const char* changed;
  const char* manifest_file;
  bool touched;
};

TEST(Governance, MatchesFilesAsUsersNameThem) {
  const TouchedRow rows[] = {{"config/a.yaml", "config/a.yaml", true},
                             {"config/a.yaml", "./config/a.yaml", true},
                             {"config/a.yaml", "/repo/config/a.yaml", true},
                             {"config/a.yaml", "a.yaml", true},
                             {"config/a.yaml", "b.yaml", false},
                             {"config/ba.yaml", "a.yaml", false}};
  for (const auto& row : rows) {
    model::Change change;
    change.base = "0123456";
    change.files.resize(1);
    change.files[0].path = row.changed;
    model::Manifest manifest;
    manifest.range.file = row.manifest_file;
    manifest.positions = std::make_shared<const model::PositionTable>();
    EXPECT_EQ(touched_manifests({&manifest, 1}, change).size(), row.touched ? 1U : 0U) << row.manifest_file;
  }
}

}  // namespace
}  // namespace instantexec::pipeline::test
