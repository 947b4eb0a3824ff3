#include "cli/action/outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace instantexec::cli::action {
namespace {

using ::testing::Contains;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::map<std::string, std::string> as_map(const model::RunReport& report, const std::string& path = {}) {
  std::map<std::string, std::string> result;
  for (const Output& output : outputs(report, path)) {
    EXPECT_TRUE(result.emplace(output.name, output.value).second) << output.name << " twice";
  }
  return result;
}

model::RunReport deployed(model::DeployResult result, model::Action action, ExitCode exit) {
  model::RunReport report;
  report.exit = exit;
  report.elapsed = std::chrono::milliseconds(61250);
  report.deployment.emplace();
  report.deployment->result = result;
  report.deployment->revision = 4;
  report.deployment->objects.emplace_back();
  report.deployment->objects.back().action = action;
  return report;
}

TEST(Outputs, OfAWholeRun) {
  auto report = deployed(model::DeployResult::kDeployed, model::Action::kConfigured, ExitCode::kDone);
  report.analysis.emplace();
  report.analysis->decision = model::DecisionType::kConditionalApprove;
  report.analysis->confidence = 0.9249;
  report.analysis->risk_score = 12.34;
  EXPECT_THAT(as_map(report, "out/report.json"),
              UnorderedElementsAre(Pair("result", "deployed"), Pair("exit-code", "0"),
                                   Pair("decision", "conditional_approve"), Pair("confidence", "0.92"),
                                   Pair("risk-score", "12.3"), Pair("changed", "true"),
                                   Pair("release-revision", "4"), Pair("rolled-back", "false"),
                                   Pair("duration-seconds", "61.2"), Pair("report-path", "out/report.json")));
}

TEST(Outputs, TellWhereEvidenceIs) {
  auto report = deployed(model::DeployResult::kRolledBack, model::Action::kRestored, ExitCode::kRolledBack);
  EXPECT_FALSE(as_map(report).contains("evidence-path"));
  report.deployment->evidence = "out/web-r2";
  EXPECT_THAT(as_map(report), Contains(Pair("evidence-path", "out/web-r2")));
}

TEST(Outputs, OfAnAnalysisAlone) {
  model::RunReport report;
  report.exit = ExitCode::kRejected;
  report.analysis.emplace();
  report.analysis->decision = model::DecisionType::kReject;
  const auto map = as_map(report);
  EXPECT_THAT(map, Contains(Pair("result", "rejected")));
  EXPECT_THAT(map, Contains(Pair("decision", "reject")));
  EXPECT_THAT(map, Contains(Pair("changed", "false")));
  EXPECT_FALSE(map.contains("release-revision"));
  EXPECT_FALSE(map.contains("report-path"));
}

TEST(Outputs, ResultWithoutADeployment) {
  const std::map<ExitCode, std::string> rows{{ExitCode::kDone, "passed"},
                                             {ExitCode::kDifferences, "passed"},
                                             {ExitCode::kValidationFailed, "failed"},
                                             {ExitCode::kRejected, "rejected"},
                                             {ExitCode::kUnreachable, "error"},
                                             {ExitCode::kLocked, "error"}};
  for (const auto& [exit, result] : rows) {
    model::RunReport report;
    report.exit = exit;
    EXPECT_THAT(as_map(report), Contains(Pair("result", result)));
  }
}

TEST(Outputs, ChangedAndRolledBack) {
  struct Row {
    model::DeployResult result;
    model::Action action;
    std::string changed;
    std::string rolled_back;
  };
  const std::vector<Row> rows{
      {model::DeployResult::kNothingToDo, model::Action::kUnchanged, "false", "false"},
      {model::DeployResult::kDeployed, model::Action::kUnchanged, "false", "false"},
      {model::DeployResult::kDeployed, model::Action::kPruned, "true", "false"},
      {model::DeployResult::kDryRun, model::Action::kConfigured, "false", "false"},
      {model::DeployResult::kRefused, model::Action::kFailed, "false", "false"},
      {model::DeployResult::kRolledBack, model::Action::kRestored, "false", "true"},
      {model::DeployResult::kRollbackIncomplete, model::Action::kRestored, "true", "false"},
      {model::DeployResult::kFailedKept, model::Action::kFailed, "true", "false"},
      {model::DeployResult::kUnhealthy, model::Action::kUnchanged, "false", "false"},
      {model::DeployResult::kInterrupted, model::Action::kCreated, "true", "false"},
  };
  for (const Row& row : rows) {
    const auto map = as_map(deployed(row.result, row.action, ExitCode::kDone));
    const std::string name(model::to_string(row.result));
    EXPECT_EQ(map.at("changed"), row.changed) << name;
    EXPECT_EQ(map.at("rolled-back"), row.rolled_back) << name;
    EXPECT_EQ(map.at("result"), name);
  }
}

TEST(OutputText, IsAHeredocPerValue) {
  EXPECT_EQ(output_text({{"a", "1"}, {"b", "two\nlines"}}, "D"), "a<<D\n1\nD\nb<<D\ntwo\nlines\nD\n");
  EXPECT_EQ(output_text({}, "D"), "");
}

TEST(OutputText, AValueCannotEndItsHeredoc) {
  EXPECT_EQ(output_text({{"a", "x\nD\ndecision=approve"}}, "D"), "a<<Dx\nx\nD\ndecision=approve\nDx\n");
  EXPECT_EQ(output_text({{"a", "Dx"}}, "D"), "a<<Dxx\nDx\nDxx\n");
}

}  // namespace
}  // namespace instantexec::cli::action
