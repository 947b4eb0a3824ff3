#include "report/text.h"

#include <gtest/gtest.h>

#include "report/json.h"
#include "report/outcome.h"
#include "report/progress.h"
#include "report/views.h"

namespace instantexec::report {
namespace {

model::DeployReport with(model::DeployResult result, int revision, int previous,
                         std::initializer_list<model::HealthStatus> healths) {
  model::DeployReport report;
  report.result = result;
  report.revision = revision;
  report.previous_revision = previous;
  for (const auto health : healths) {
    model::ObjectOutcome object;
    object.health.status = health;
    report.objects.push_back(object);
  }
  return report;
}

TEST(Outcome, ContractFields) {
  using enum model::HealthStatus;
  using enum model::DeployResult;
  struct Row {
    const char* name;
    model::DeployReport report;
    const char* status;
    std::size_t resources;
    const char* health;
    bool rollback;
  };
  const Row rows[] = {
      {"deployed", with(kDeployed, 2, 1, {kCurrent, kSuspended}), "deployed", 2, "healthy", true},
      {"first release", with(kDeployed, 1, 0, {kCurrent}), "deployed", 1, "healthy", false},
      {"not waited for", with(kDeployed, 1, 0, {kUnknown}), "deployed", 1, "unknown", false},
      {"rolled back", with(kRolledBack, 1, 0, {kCurrent}), "rolled_back", 0, "healthy", false},
      {"kept though failed", with(kFailedKept, 2, 1, {kCurrent, kFailed}), "failed_kept", 0, "unhealthy",
       true},
      {"an object has vanished", with(kDeployed, 2, 1, {kCurrent, kNotFound}), "deployed", 2, "unhealthy",
       true},
      {"nothing to write, and not healthy", with(kUnhealthy, 2, 1, {kCurrent, kFailed}), "unhealthy", 0,
       "unhealthy", true},
      {"dry run", with(kDryRun, 0, 0, {kUnknown}), "dry_run", 0, "unknown", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const model::Json json = to_json(row.report);
    EXPECT_EQ(json["deployment_status"], row.status);
    EXPECT_EQ(json["resources_deployed"], row.resources);
    EXPECT_EQ(json["health_status"], row.health);
    EXPECT_EQ(json["rollback_available"], row.rollback);
  }
}

TEST(Outcome, RolledBackIsVerifiedOnlyWhenItWas) {
  auto report = with(model::DeployResult::kRolledBack, 1, 0, {});
  EXPECT_EQ(state_sentence(report).find("verified"), std::string::npos);
  report.verification = {true, false, false, false, {}};
  EXPECT_EQ(state_sentence(report).find("verified"), std::string::npos);
  report.verification = {true, true, true, true, {}};
  EXPECT_NE(state_sentence(report).find("verified"), std::string::npos);
}

TEST(Outcome, TheSentenceSaysWhatWasAskedForAndWhatCameOfIt) {
  using enum model::DeployResult;
  struct Row {
    model::DeployResult result;
    const char* operation;
    const char* sentence;
  };
  const Row rows[] = {
      {kDeployed, "", "revision 3 deployed"},
      {kDeployed, "deploy", "revision 3 deployed"},
      {kDeployed, "rollback", "rolled back to revision 1, recorded as revision 3"},
      {kDeployed, "recover", "recovered: revision 3 deployed"},
      {kRolledBack, "", "rolled back: revision 3 is in force again"},
      {kRolledBack, "deploy", "rolled back: revision 3 is in force again"},
      {kRolledBack, "rollback",
       "the rollback to revision 1 failed and was undone: revision 3 is in force again"},
      {kRolledBack, "recover", "recovered: revision 3 is in force again"},
      {kRollbackIncomplete, "", "rollback incomplete: not everything could be put back"},
      {kRollbackIncomplete, "deploy", "rollback incomplete: not everything could be put back"},
      {kRollbackIncomplete, "rollback",
       "the rollback failed and was not undone completely: not everything could be put back"},
      {kRollbackIncomplete, "recover", "recovery incomplete: not everything could be put back"},
      {kPartlyUndone, "deploy", "partly undone: some objects could not be read; unfinished work is recorded"},
      {kPartlyUndone, "rollback",
       "the rollback failed and is partly undone: some objects could not be read; unfinished work is "
       "recorded"},
      {kFailedKept, "deploy", "failed and left as it is, because rollback was switched off"},
      {kFailedKept, "rollback", "the rollback failed and is left as it is, because of --no-rollback"},
      {kUnhealthy, "deploy", "not healthy: revision 3 is in force, nothing differs and nothing was written"},
  };
  for (const Row& row : rows) {
    auto report = with(row.result, 3, 2, {});
    report.operation = row.operation;
    if (report.operation == "rollback") report.target = 1;
    EXPECT_EQ(state_sentence(report), row.sentence) << model::to_string(row.result) << row.operation;
  }
}

TEST(Outcome, WhatARollbackUndidIsVerifiedToo) {
  auto report = with(model::DeployResult::kRolledBack, 3, 2, {});
  report.operation = "rollback";
  report.verification = {true, true, true, true, {}, 1};
  EXPECT_EQ(state_sentence(report),
            "the rollback failed and was undone: revision 3 is in force again but for 1 kept object, values, "
            "identity, ownership and health verified");
}

TEST(Outcome, ARecoverySucceedsEitherWay) {
  using enum model::DeployResult;
  const auto after = [](model::DeployResult result, const char* operation) {
    auto report = with(result, 1, 0, {});
    report.operation = operation;
    return report;
  };
  EXPECT_TRUE(succeeded(after(kRolledBack, "recover")));
  EXPECT_TRUE(succeeded(after(kDeployed, "recover")));
  EXPECT_FALSE(succeeded(after(kRollbackIncomplete, "recover")));
  EXPECT_FALSE(succeeded(after(kPartlyUndone, "recover")));
  for (const char* operation : {"", "deploy", "rollback"}) {
    EXPECT_FALSE(succeeded(after(kRolledBack, operation))) << operation;
  }
  EXPECT_FALSE(succeeded(after(kUnhealthy, "deploy")));
  // --resume was to go forward.
  auto resumed = after(kRolledBack, "recover");
  resumed.cause.emplace();
  EXPECT_FALSE(succeeded(resumed));
  EXPECT_EQ(state_sentence(resumed), "rolled back: revision 1 is in force again");
}

TEST(Text, TheCauseComesFirst) {
  model::RunReport report;
  report.exit = ExitCode::kRolledBack;
  report.analysis.emplace();
  report.deployment = with(model::DeployResult::kRolledBack, 1, 0, {});
  report.deployment->cause.emplace();
  report.deployment->cause->summary = "it crashed";
  EXPECT_EQ(run_text(report, {}).find("cause: "), 0U);
}

TEST(Text, SaysWhereTheEvidenceIsAndHowToGoOn) {
  model::DeployReport report = with(model::DeployResult::kInterrupted, 1, 0, {});
  report.ns = "shop";
  report.release = "web";
  EXPECT_EQ(next_command(report), "kubectl instantexec recover -n shop --release web");
  report.recover_command = "kubectl instantexec recover -n shop --release web --context prod";
  report.evidence = "out/web-r2";
  const std::string text = deploy_text(report, {});
  EXPECT_NE(text.find("  evidence: out/web-r2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  next: kubectl instantexec recover -n shop --release web --context prod\n"),
            std::string::npos)
      << text;
  const model::Json json = to_json(report);
  EXPECT_EQ(json["evidence"], "out/web-r2");
  EXPECT_EQ(json["next"], report.recover_command);
  EXPECT_FALSE(to_json(with(model::DeployResult::kDeployed, 1, 0, {})).contains("next"));
}

TEST(Text, WhatIsNotHealthyCanBeLookedAt) {
  model::DeployReport report = with(model::DeployResult::kUnhealthy, 2, 1, {});
  report.ns = "shop";
  report.release = "web";
  report.recover_command = "kubectl instantexec recover -n shop --release web";
  EXPECT_EQ(next_command(report), "kubectl instantexec status -n shop --release web");
}

TEST(Text, ListsWhatADrillWasRefused) {
  model::DeployReport report = with(model::DeployResult::kRefused, 1, 0, {});
  report.ns = "shop";
  report.drill = {{{"apps", "Deployment", "shop", "web"}, "patch values", false, "image refused"},
                  {{"", "ConfigMap", "shop", "c"}, "delete", true, ""}};
  const std::string text = deploy_text(report, {{}, "shop"});
  EXPECT_NE(text.find("tried without storing anything: 2 writes, 1 accepted\n"
                      "  deployment.apps/web patch values: image refused\n"),
            std::string::npos)
      << text;
  const model::Json json = to_json(report);
  ASSERT_EQ(json["drill"].size(), 2U);
  EXPECT_EQ(json["drill"][0]["message"], "image refused");
  EXPECT_EQ(json["drill"][1]["accepted"], true);
}

TEST(Text, EveryTextIsSafeToPrint) {
  const std::string evil = "x\x1b]0;title\x07\r\nforged: ok \u202e";
  model::RunReport report;
  report.exit = ExitCode::kRolledBack;
  report.release = report.ns = evil;
  report.warnings = {evil};
  report.gates = {{evil, false, evil, evil}};
  report.stages = {{model::StageId::kAnalysis, model::StageStatus::kFailed, Duration{1}, evil, {}},
                   {model::StageId::kValidation, model::StageStatus::kSkipped, Duration{0}, evil, {}}};
  model::Finding finding;
  finding.rule = finding.message = finding.hint = finding.field = finding.at.file = evil;
  finding.subject = model::ObjectRef{evil, evil, evil, evil};
  report.analysis.emplace();
  report.analysis->conflicts = {finding};
  report.analysis->reasons = {{evil, evil}};
  report.analysis->recommendations = {evil};
  report.validation.emplace();
  report.validation->findings = {finding};
  report.validation->suites = {{evil, {{evil, false, false, evil, Duration{0}}}}};
  report.deployment = with(model::DeployResult::kFailedKept, 1, 1, {model::HealthStatus::kFailed});
  report.deployment->release = report.deployment->ns = evil;
  report.deployment->warnings = {evil};
  report.deployment->evidence = evil;
  report.deployment->drill = {{*finding.subject, "delete", false, evil}};
  report.deployment->objects[0].object = *finding.subject;
  report.deployment->objects[0].message = evil;
  report.deployment->cause = model::FailureCause{*finding.subject,
                                                 evil,
                                                 evil,
                                                 {{*finding.subject, "other " + evil}},
                                                 {evil},
                                                 {{*finding.subject, evil, true, {evil}}}};
  report.error = make_error(errors::kUsage, evil, evil);
  report.error->context = {evil};
  report.error->reason = evil;
  report.error->http_status = 403;
  const std::string text = run_text(report, {{}, "demo"});
  for (const char c : text)
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << static_cast<int>(c);
  EXPECT_EQ(text.find("\nforged"), std::string::npos) << text;
  EXPECT_EQ(text.find("\u202e"), std::string::npos);
  EXPECT_EQ(pretty(to_json(report)).find("\u202e"), std::string::npos);
}

TEST(LineProgress, LeavesOutARepeatedLine) {
  std::string out;
  LineProgress progress([&](std::string_view text) { out += text; });
  progress.emit(model::Note{"same"});
  progress.emit(model::Note{"same"});
  progress.emit(model::Note{"other"});
  progress.emit(model::Note{"same"});
  EXPECT_EQ(out, "same\nother\nsame\n");
}

// A command that writes must not go to another cluster than the one that was meant.
TEST(NextCommand, NamesTheSameCluster) {
  model::DeployReport report;
  report.release = "shop";
  report.ns = "demo";
  report.result = model::DeployResult::kFailedKept;
  EXPECT_EQ(next_command(report), "") << "there is nothing to go back to";
  report.previous_revision = 3;
  EXPECT_EQ(next_command(report), "kubectl instantexec rollback 3 -n demo --release shop");
  report.recover_command = "kubectl instantexec recover -n demo --release shop --context prod";
  EXPECT_EQ(next_command(report), "kubectl instantexec rollback 3 -n demo --release shop --context prod");
  report.result = model::DeployResult::kUnhealthy;
  EXPECT_EQ(next_command(report), "kubectl instantexec status -n demo --release shop --context prod");
  report.result = model::DeployResult::kInterrupted;
  EXPECT_EQ(next_command(report), report.recover_command);
}

TEST(StatusText, NamesTheFailedRevisionThatWasLeft) {
  ReleaseView release;
  release.release = "shop";
  release.ns = "demo";
  release.exists = true;
  release.revision = 4;
  release.not_undone = 5;
  release.recover = "kubectl instantexec recover -n demo --release shop --context prod";
  const std::string text = status_text(release, {});
  EXPECT_NE(text.find("revision 5 failed and is not undone\n  next: kubectl instantexec rollback 4 -n demo "
                      "--release shop --context prod\n"),
            std::string::npos)
      << text;
  release.revision = 0;
  EXPECT_EQ(status_text(release, {}).find("next:"), std::string::npos) << "there is nothing to go back to";
}

}  // namespace
}  // namespace instantexec::report
