#include "pipeline/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "pipeline/errors.h"

namespace instantexec::pipeline {
namespace {

using model::StageId;

bool passed(const model::StageResult& stage) {
  return stage.status == model::StageStatus::kPassed;
}

}  // namespace

ExitCode exit_of(model::DeployResult result) {
  switch (result) {
    case model::DeployResult::kNothingToDo:
    case model::DeployResult::kDryRun:
    case model::DeployResult::kDeployed:
      return ExitCode::kDone;
    case model::DeployResult::kRefused:
      return ExitCode::kValidationFailed;
    case model::DeployResult::kRolledBack:
      return ExitCode::kRolledBack;
    case model::DeployResult::kRollbackIncomplete:
    case model::DeployResult::kPartlyUndone:
    case model::DeployResult::kFailedKept:
    case model::DeployResult::kUnhealthy:
      return ExitCode::kRollbackFailed;
    case model::DeployResult::kInterrupted:
      return ExitCode::kInterrupted;
  }
  return ExitCode::kInternal;
}

InstantExecutionPipeline::InstantExecutionPipeline(PipelineContext context, PipelinePorts ports)
    : context_(std::move(context)), ports_(std::move(ports)) {
  report_.release = context_.release.release;
  report_.ns = context_.release.ns;
  report_.source_commit = context_.release.source_commit;
  report_.started = ports_.clock.wall();
}

engine::Environment InstantExecutionPipeline::environment(engine::Cluster& cluster) const {
  return {cluster, ports_.clock, ports_.events, ports_.holder, ports_.files, ports_.recover_command};
}

model::RunReport InstantExecutionPipeline::run_pipeline() {
  const Instant started = ports_.clock.now();
  struct Row {
    StageId id;
    model::StageResult (InstantExecutionPipeline::*run)();
    ExitCode refused;  // when the stage ends in a verdict against the change
  };
  static constexpr Row kStages[] = {
      {StageId::kAnalysis, &InstantExecutionPipeline::run_stage_1_ai_analysis, ExitCode::kRejected},
      {StageId::kValidation, &InstantExecutionPipeline::run_stage_2_synthetic_validation,
       ExitCode::kValidationFailed},
      {StageId::kDeployment, &InstantExecutionPipeline::run_stage_3_automated_deployment,
       ExitCode::kRollbackFailed}};
  bool stopped = false;
  for (const Row& row : kStages) {
    if (!context_.stages.contains(row.id)) continue;
    if (stopped) {
      model::StageResult skipped;
      skipped.id = row.id;
      skipped.summary = "not started: an earlier stage stopped the run";
      report_.stages.push_back(std::move(skipped));
      continue;
    }
    const model::StageResult stage = (this->*row.run)();
    if (passed(stage)) continue;
    stopped = true;
    if (report_.error) {
      report_.exit = report_.error->code->exit;
    } else {
      report_.exit = report_.deployment ? exit_of(report_.deployment->result) : row.refused;
    }
  }
  report_.elapsed = ports_.clock.now() - started;
  return report_;
}

model::StageResult InstantExecutionPipeline::run_stage_1_ai_analysis() {
  return run_stage(StageId::kAnalysis, context_.limits.analysis, &InstantExecutionPipeline::analyse);
}

model::StageResult InstantExecutionPipeline::run_stage_2_synthetic_validation() {
  return run_stage(StageId::kValidation, context_.limits.validation, &InstantExecutionPipeline::validate);
}

model::StageResult InstantExecutionPipeline::run_stage_3_automated_deployment() {
  return run_stage(StageId::kDeployment, context_.limits.deployment, &InstantExecutionPipeline::deploy);
}

model::StageResult InstantExecutionPipeline::run_stage(
    StageId id, Duration limit, Result<Ending> (InstantExecutionPipeline::*body)(Instant)) {
  const Instant started = ports_.clock.now();
  steps_.clear();
  ports_.events.emit(model::StageStarted{id});
  Result<Ending> ending = (this->*body)(started + limit);
  model::StageResult stage;
  stage.id = id;
  stage.status = ending && ending->passed ? model::StageStatus::kPassed : model::StageStatus::kFailed;
  stage.elapsed = ports_.clock.now() - started;
  if (ending) {
    stage.summary = std::move(ending->summary);
  } else {
    stage.summary = ending.error().message;
    report_.error = std::move(ending).error();
  }
  stage.steps = steps_;
  ports_.events.emit(model::StageFinished{id, passed(stage), stage.summary, stage.elapsed});
  report_.stages.push_back(stage);
  return stage;
}

void InstantExecutionPipeline::step(StageId id, std::string text, bool ok) {
  steps_.push_back({id, std::move(text), ok});
  ports_.events.emit(steps_.back());
}

void InstantExecutionPipeline::add_gates(const std::vector<model::GateResult>& gates) {
  report_.gates.insert(report_.gates.end(), gates.begin(), gates.end());
}

Status InstantExecutionPipeline::checked(const BoundedCluster& bounded, Status result) {
  if (bounded.interrupted_by()) {
    signal_ = bounded.interrupted_by();
    return fail(errors::kInterrupted, "interrupted; nothing was written");
  }
  if (bounded.expired())
    return fail(errors::kStageTimeout, "the cluster did not answer within the limit of the stage");
  return result;
}

}  // namespace instantexec::pipeline
