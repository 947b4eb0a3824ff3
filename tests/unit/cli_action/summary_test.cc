#include "cli/action/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace instantexec::cli::action {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(CodeSpan, NothingInsideEndsIt) {
  EXPECT_EQ(code_span("web"), "`web`");
  EXPECT_EQ(code_span(""), "");
  EXPECT_EQ(code_span("a`b"), "``a`b``");
  EXPECT_EQ(code_span("`` # Done"), "``` `` # Done ```") << "padded on both sides";
}

TEST(CodeSpan, StaysInItsTableCell) {
  EXPECT_EQ(code_span("a|b\nc"), "`a\\|b\\nc`");
}

TEST(CodeBlock, NothingInsideEndsIt) {
  EXPECT_EQ(code_block("one\ntwo"), "```text\none\ntwo\n```\n");
  EXPECT_EQ(code_block("```\n## ✅ Done\n"), "````text\n```\n## ✅ Done\n````\n");
  EXPECT_THAT(code_block("\x1b[2J"), HasSubstr("\\x1b[2J"));
}

model::RunReport failed_run() {
  model::RunReport report;
  report.verb = "run";
  report.release = "demo";
  report.ns = "demo";
  report.context = "kind";
  report.exit = ExitCode::kRolledBack;
  report.elapsed = std::chrono::seconds(65);
  report.stages.push_back(
      {model::StageId::kAnalysis, model::StageStatus::kPassed, Duration{120}, "low risk", {}});
  report.analysis.emplace();
  report.analysis->confidence = 0.93;
  report.analysis->risk_score = 12;
  report.deployment.emplace();
  report.deployment->result = model::DeployResult::kRolledBack;
  report.deployment->cause.emplace();
  report.deployment->cause->object = {"apps", "Deployment", "demo", "web"};
  report.deployment->cause->summary = "image not found";
  report.deployment->cause->events = {"Warning Failed: pull `x`", "## ✅ Done @everyone"};
  report.deployment->objects.push_back(
      {{"apps", "Deployment", "demo", "web"}, model::Action::kRestored, {}, {}});
  model::Finding finding;
  finding.rule = "r.x";
  finding.message = "wrong";
  finding.at = {"a.yaml", {3, 1}, {}};
  report.deployment->findings.push_back(finding);
  return report;
}

TEST(StepSummary, BeginsWithTheVerdict) {
  const std::string text = step_summary(failed_run());
  EXPECT_THAT(text,
              StartsWith("## ↩️ Deployment failed, everything put back\n\n`run` of `demo` in `demo`, "
                         "context `kind`, 1m05s, exit code 5\n"));
  EXPECT_THAT(text, HasSubstr("confidence 93 %, risk 12.0 of 100 (low)"));
  EXPECT_THAT(text, HasSubstr("| ai-analysis | passed | 120ms | `low risk` |\n"));
  EXPECT_THAT(text, HasSubstr("`Deployment demo/web`: `image not found`"));
  EXPECT_THAT(text, HasSubstr("| error | `r.x` | `a.yaml:3:1` | `wrong` |\n"));
}

TEST(StepSummary, AnErrorSaysWhatIsNext) {
  model::RunReport report;
  report.exit = ExitCode::kUsage;
  report.error = make_error(instantexec::errors::kUsage, "no such flag");
  EXPECT_THAT(step_summary(report),
              HasSubstr("```text\nno such flag\n```\nNext: `kubectl instantexec help`\n"));
}

TEST(StepSummary, TextOfTheClusterForgesNoHeading) {
  // Outside of fences, only our own headings begin with "#".
  bool fenced = false;
  std::vector<std::string> headings;
  std::string line;
  for (const char c : step_summary(failed_run())) {
    if (c != '\n') {
      line += c;
      continue;
    }
    if (line.starts_with("```")) fenced = !fenced;
    if (!fenced && line.starts_with("#")) headings.push_back(line);
    line.clear();
  }
  EXPECT_FALSE(fenced);
  EXPECT_THAT(headings,
              ::testing::ElementsAre("## ↩️ Deployment failed, everything put back", "### Stages",
                                     "### Why it failed", "### Objects", "### Findings"));
}

TEST(StepSummary, IsCutAtALine) {
  model::RunReport report = failed_run();
  const std::string verdict = step_summary(report).substr(0, 60);
  for (int i = 0; i < 1000; ++i) report.deployment->objects.push_back(report.deployment->objects.front());
  const std::string text = step_summary(report, 8000);
  EXPECT_LE(text.size(), 8000U);
  EXPECT_THAT(text, StartsWith(verdict));
  EXPECT_THAT(text, EndsWith("|\n\n*Cut here: the report is longer than this page may be.*\n"));
  EXPECT_THAT(text, Not(HasSubstr("### Findings")));
}

}  // namespace
}  // namespace instantexec::cli::action
