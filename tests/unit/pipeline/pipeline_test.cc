#include "pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "unit/pipeline/fixtures.h"

namespace instantexec::pipeline::test {
namespace {

using model::DeployResult;
using model::StageStatus;

TEST(Pipeline, TakesAChangeThroughAllStages) {
  World world;
  const auto report = world.run(world.context(web()));
  ASSERT_FALSE(report.error.has_value()) << report.error->to_string();
  EXPECT_EQ(report.exit, ExitCode::kDone);
  ASSERT_EQ(report.stages.size(), 3U);
  for (const auto& stage : report.stages) EXPECT_EQ(stage.status, StageStatus::kPassed) << stage.summary;
  ASSERT_TRUE(report.deployment.has_value());
  EXPECT_EQ(report.deployment->result, DeployResult::kDeployed);
  EXPECT_EQ(report.analysis->decision, model::DecisionType::kApprove);
  EXPECT_TRUE(report.validation->passed);
  EXPECT_EQ(report.gates.size(), 6U);
}

TEST(Pipeline, ASecondRunWritesNothing) {
  World world;
  ASSERT_EQ(world.run(world.context(web())).exit, ExitCode::kDone);
  const std::size_t before = world.writes();
  const auto report = world.run(world.context(web()));
  EXPECT_EQ(report.exit, ExitCode::kDone);
  EXPECT_EQ(report.deployment->result, DeployResult::kNothingToDo);
  EXPECT_EQ(world.writes(), before);
}

TEST(Pipeline, TheNextRunComparesWithTheRecordedCommit) {
  World world;
  PipelineContext context = world.context(web());
  context.release.source_commit = "fedcba9876543210";
  ASSERT_EQ(world.run(context).exit, ExitCode::kDone);
  EXPECT_EQ(world.repository.asked_base, "") << "nothing was recorded yet";
  world.run(world.context(web()));
  EXPECT_EQ(world.repository.asked_base, "fedcba9876543210");
}

TEST(Pipeline, AProvenConflictStopsBeforeTheCluster) {
  World world;
  world.repository.touch("notes.md", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n");
  const auto report = world.run(world.context(web()));
  EXPECT_EQ(report.exit, ExitCode::kRejected);
  EXPECT_EQ(report.analysis->decision, model::DecisionType::kReject);
  ASSERT_EQ(report.stages.size(), 3U);
  EXPECT_EQ(report.stages[1].status, StageStatus::kSkipped);
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Pipeline, AnObjectOfAnotherReleaseIsAConflict) {
  World world;
  ASSERT_EQ(world.run(world.context(web())).exit, ExitCode::kDone);
  PipelineContext other = world.context(web());
  other.release.release = "blog";
  const std::size_t before = world.writes();
  const auto report = world.run(other);
  EXPECT_EQ(report.exit, ExitCode::kRejected);
  ASSERT_FALSE(report.analysis->conflicts.empty());
  EXPECT_EQ(report.analysis->conflicts[0].rule, "conflict.owned-elsewhere");
  EXPECT_EQ(world.writes(), before);
}

TEST(Pipeline, WhatTheServerRefusesFailsValidationAtItsLine) {
  World world;
  std::string yaml = web();
  yaml.replace(yaml.find("matchLabels: {app: web}"), 23, "matchLabels: {app: api}");
  const auto report = world.run(world.context(yaml));
  EXPECT_EQ(report.exit, ExitCode::kValidationFailed);
  ASSERT_TRUE(report.validation.has_value());
  bool placed = false;
  for (const auto& finding : report.validation->findings) {
    placed = placed || (finding.rule.starts_with("server.") && finding.at.file == "web.yaml" &&
                        finding.at.begin.line > 0);
  }
  EXPECT_TRUE(placed) << "a finding of the server names file and line";
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Pipeline, AFailedRolloutIsUndoneAndSaysWhy) {
  World world;
  ASSERT_EQ(world.run(world.context(web())).exit, ExitCode::kDone);
  const auto report = world.run(world.context(web("registry.invalid/web:does-not-exist")));
  EXPECT_EQ(report.exit, ExitCode::kRolledBack);
  ASSERT_TRUE(report.deployment.has_value());
  EXPECT_EQ(report.deployment->result, DeployResult::kRolledBack);
  ASSERT_TRUE(report.deployment->cause.has_value());
  EXPECT_NE(report.deployment->cause->summary.find("was not found"), std::string::npos)
      << report.deployment->cause->summary;
  ASSERT_TRUE(report.deployment->verification.has_value());
  EXPECT_TRUE(report.deployment->verification->values);
  EXPECT_TRUE(report.deployment->verification->identity);
}

// A run that was killed after its first write.
void die_while_deploying(World& world) {
  struct Killed {};
  ASSERT_EQ(world.run(world.context(web())).exit, ExitCode::kDone);
  sim::ClientOptions options;
  options.on_death = [] { throw Killed{}; };
  sim::SimCluster dying(world.server, options);
  PipelinePorts ports = world.ports();
  ports.cluster = &dying;
  ports.holder = "dead";
  world.server.faults.on_request =
      sim::at_match("apply", "Deployment", 2, {sim::Fault::Kind::kDieAfterCommit});
  EXPECT_THROW(
      (void)InstantExecutionPipeline(world.context(web("registry.example/web:2.0.0")), ports).run_pipeline(),
      Killed);
  world.server.faults.on_request = nullptr;
}

// What it left is put back, and the plan that is approved and carried out is made of what is there then.
TEST(Pipeline, WhatAnEarlierRunLeftComesFirst) {
  World world;
  die_while_deploying(world);
  std::size_t asked = 0;
  PipelinePorts alive = world.ports();
  alive.approve = [&](const engine::PlanResult& planned) -> Result<bool> {
    ++asked;
    EXPECT_FALSE(planned.unfinished);
    EXPECT_TRUE(planned.plan.changes_anything()) << "the former state was put back";
    return true;
  };
  PipelineContext context = world.context(web("registry.example/web:2.0.0"));
  context.release.lock_timeout = Duration{60'000};
  const auto report = InstantExecutionPipeline(context, alive).run_pipeline();
  EXPECT_EQ(report.exit, ExitCode::kDone) << (report.error ? report.error->to_string() : "");
  ASSERT_TRUE(report.deployment);
  EXPECT_EQ(report.deployment->result, DeployResult::kDeployed);
  EXPECT_EQ(asked, 1U);
}

// The time that took is taken off the stage's.
TEST(Pipeline, ARecoveryCountsTowardsTheLimitOfTheStage) {
  World world;
  die_while_deploying(world);
  // An address that nobody gives it.
  PipelineContext context = world.context(web("registry.example/web:2.0.0") + R"(---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: demo}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
)");
  context.release.lock_timeout = Duration{60'000};
  context.limits.deployment = Duration{60'000};
  const auto report = world.run(context);
  EXPECT_EQ(report.exit, ExitCode::kRolledBack);
  EXPECT_LT(report.stages.back().elapsed, Duration{75'000}) << "half a minute of it for the lock";
}

TEST(Pipeline, StagesCanRunAlone) {
  World world;
  PipelineContext context = world.context(web());
  context.stages = {model::StageId::kAnalysis, model::StageId::kValidation};
  const auto report = world.run(context);
  EXPECT_EQ(report.exit, ExitCode::kDone);
  EXPECT_EQ(report.stages.size(), 2U);
  EXPECT_FALSE(report.deployment.has_value());
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Pipeline, OfflineAsksNoCluster) {
  World world;
  PipelineContext context = world.context(web());
  context.offline = true;
  PipelinePorts ports = world.ports();
  ports.cluster = nullptr;
  const auto report = InstantExecutionPipeline(context, ports).run_pipeline();
  EXPECT_EQ(report.exit, ExitCode::kDone) << (report.error ? report.error->to_string() : "");
  EXPECT_EQ(report.deployment->result, DeployResult::kDryRun);
  EXPECT_TRUE(world.server.audit().empty());
}

TEST(Pipeline, WhoDeclinesWritesNothing) {
  World world;
  PipelinePorts ports = world.ports();
  std::size_t asked = 0;
  ports.approve = [&](const engine::PlanResult& planned) -> Result<bool> {
    ++asked;
    EXPECT_TRUE(planned.plan.changes_anything());
    return false;
  };
  const auto report = InstantExecutionPipeline(world.context(web()), ports).run_pipeline();
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(report.exit, ExitCode::kRejected);
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Pipeline, UnreadableInputFailsValidationAndCostsConfidence) {
  World world;
  const auto report =
      world.run(world.context(web() + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: }\n"));
  EXPECT_NE(report.exit, ExitCode::kDone);
  EXPECT_LT(report.analysis->confidence, 0.85);
  EXPECT_EQ(world.writes(), 0U);
}

// The reader of the manifests and the suite that checks every file of the repository find the same.
TEST(Pipeline, WhatTwoChecksFindIsToldOnceAndAsAnError) {
  World world;
  PipelineContext context = world.context(web() + "---\nkind: {\n");
  context.stages = {model::StageId::kValidation};
  ASSERT_EQ(context.input_findings.size(), 1U);
  const model::Finding found = context.input_findings.front();
  context.suites.yaml_files.push_back({found.at.file, {found}});
  const auto report = world.run(std::move(context));
  ASSERT_TRUE(report.validation.has_value());
  std::vector<model::Severity> told;
  for (const auto& finding : report.validation->findings) {
    if (finding == found) told.push_back(finding.severity);
  }
  EXPECT_EQ(told, std::vector<model::Severity>{model::Severity::kError});
}

// The stages of a manual approval are run one by one, and files can change in between. What could not be read
// must not count as having left the release: it would be pruned.
TEST(Pipeline, StageThreeAloneDeploysNothingOfUnreadableInput) {
  const std::string settings =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: demo}\n";
  const std::string twice = settings + settings;
  for (const std::string& now : {web() + "---\nkind: {\n", web() + twice}) {
    for (const bool with_analysis : {false, true}) {
      World world;
      ASSERT_EQ(world.run(world.context(web() + settings)).exit, ExitCode::kDone);
      const std::size_t before = world.writes();
      PipelineContext context = world.context(now);
      context.stages = {model::StageId::kDeployment};
      if (with_analysis) context.stages.insert(model::StageId::kAnalysis);
      context.thresholds.min_confidence = 0;
      context.release.prune = true;
      const auto report = world.run(std::move(context));
      EXPECT_NE(report.exit, ExitCode::kDone);
      EXPECT_EQ(world.writes(), before);
      if (with_analysis) continue;  // a gate may have stopped it
      ASSERT_TRUE(report.error.has_value());
      EXPECT_EQ(report.error->code->name, "manifests.invalid");
      EXPECT_EQ(report.exit, ExitCode::kValidationFailed);
    }
  }
}

TEST(Pipeline, AStageThatTakesTooLongFails) {
  World world;
  PipelineContext context = world.context(web());
  context.limits.validation = Duration{0};
  const auto report = world.run(context);
  ASSERT_TRUE(report.error.has_value());
  EXPECT_EQ(report.error->code->name, "stage.timeout");
  EXPECT_EQ(report.exit, ExitCode::kValidationFailed);
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Pipeline, EveryStageHasItsLimit) {
  for (const auto stage :
       {model::StageId::kAnalysis, model::StageId::kValidation, model::StageId::kDeployment}) {
    World world;
    PipelineContext context = world.context(web());
    context.stages = {stage};
    context.limits = {Duration{0}, Duration{0}, Duration{0}};
    const auto report = world.run(context);
    ASSERT_TRUE(report.error.has_value()) << model::to_string(stage);
    EXPECT_EQ(report.error->code->name, "stage.timeout") << model::to_string(stage);
    EXPECT_EQ(world.writes(), 0U);
  }
}

TEST(Pipeline, APlanThatTakesTooLongIsNotCarriedOut) {
  World world;
  world.server.faults.on_request = [slow = true](const sim::RequestInfo&) mutable {
    sim::Fault fault;
    if (!std::exchange(slow, false)) return fault;
    fault.kind = sim::Fault::Kind::kSlowAnswer;
    fault.delay = Duration{12'000};
    return fault;
  };
  PipelineContext context = world.context(web());
  context.stages = {model::StageId::kDeployment};
  context.limits.deployment = Duration{10'000};
  const auto report = world.run(context);
  ASSERT_TRUE(report.error.has_value());
  EXPECT_EQ(report.error->code->name, "stage.timeout");
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Pipeline, CodeQualityIsMeasuredWithoutStageOne) {
  World world;
  world.repository.touch("broken.py", "def f(:\n");
  PipelineContext context = world.context(web());
  context.stages = {model::StageId::kValidation};
  const auto report = world.run(std::move(context));
  ASSERT_TRUE(report.validation) << (report.error ? report.error->to_string() : "");
  const auto& suites = report.validation->suites;
  EXPECT_TRUE(
      std::any_of(suites.begin(), suites.end(), [](const auto& one) { return one.name == "code-quality"; }));
}

TEST(Pipeline, TheReportHasTheBaselineOfTheLiveNamespace) {
  World world;
  ASSERT_EQ(world.run(world.context(web())).exit, ExitCode::kDone);
  const auto report = world.run(world.context(web()));
  ASSERT_TRUE(report.validation);
  EXPECT_TRUE(report.validation->baseline.contains("validation_status"))
      << report.validation->baseline.dump();
}

TEST(Pipeline, AnInterruptionBeforeTheFirstWriteLeavesNothing) {
  World world;
  world.client.interrupt(2);
  const auto report = world.run(world.context(web()));
  ASSERT_TRUE(report.error.has_value());
  EXPECT_EQ(report.exit, ExitCode::kInterrupted);
  EXPECT_EQ(world.writes(), 0U);
}

TEST(Summary, SaysWhatWasDoneAndWhetherAllIsWell) {
  using enum model::DeployResult;
  struct Row {
    const char* name;
    DeployResult result;
    const char* operation;
    int revision;
    bool broken_before;
    bool cause;
    const char* summary;
  };
  const Row rows[] = {
      {"nothing to do", kNothingToDo, "deploy", 2, false, false,
       "nothing to do: 2 objects as wanted; all healthy"},
      {"nothing to do, one broken as before", kNothingToDo, "deploy", 2, true, false,
       "nothing to do: 2 objects as wanted; 1 object as broken as before, all others healthy"},
      {"unhealthy", kUnhealthy, "deploy", 2, false, true, "not healthy; nothing had to be written"},
      {"deployed", kDeployed, "deploy", 2, false, false,
       "revision 2: 0 created, 0 configured, 2 unchanged, 0 pruned; all healthy"},
      {"recovered forward", kDeployed, "recover", 2, false, false, "revision 2 finished"},
      {"undone", kRolledBack, "deploy", 1, false, true, "failed and put back to revision 1, verified"},
      {"a first release undone", kRolledBack, "deploy", 0, false, true, "failed and removed again, verified"},
      {"recovered", kRolledBack, "recover", 1, false, false, "put back to revision 1, verified"},
      {"a first release recovered", kRolledBack, "recover", 0, false, false, "removed again, verified"},
      {"a recovery that failed on its way forward", kRolledBack, "recover", 1, false, true,
       "failed and put back to revision 1, verified"},
      {"nobody knows of what", kRolledBack, "", 1, false, false,
       "failed and put back to revision 1, verified"},
  };
  for (const Row& row : rows) {
    model::DeployReport report;
    report.result = row.result;
    report.operation = row.operation;
    report.revision = row.revision;
    report.objects.resize(2);
    report.objects[1].broken_before = row.broken_before;
    if (row.cause) report.cause.emplace();
    EXPECT_EQ(summary_of(report), row.summary) << row.name;
  }
}

TEST(ExitCodes, EveryEndingHasOne) {
  EXPECT_EQ(exit_of(DeployResult::kRefused), ExitCode::kValidationFailed);
  EXPECT_EQ(exit_of(DeployResult::kRollbackIncomplete), ExitCode::kRollbackFailed);
  EXPECT_EQ(exit_of(DeployResult::kFailedKept), ExitCode::kRollbackFailed);
  EXPECT_EQ(exit_of(DeployResult::kUnhealthy), ExitCode::kRollbackFailed);
  EXPECT_EQ(exit_of(DeployResult::kInterrupted), ExitCode::kInterrupted);
}

}  // namespace
}  // namespace instantexec::pipeline::test
