#include "cli/pipeline_verbs.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "cli/release_verbs.h"
#include "cli/suite_inputs.h"
#include "cli/views.h"
#include "cli/workspace.h"
#include "pipeline/namespace_snapshot.h"
#include "pipeline/pipeline.h"

namespace instantexec::cli {
namespace {

using model::StageId;

struct VerbShape {
  const char* name;
  std::set<StageId> stages;
  Workspace::Need need;
};

VerbShape shape_of(const Options& options) {
  switch (options.verb) {
    case Verb::kAnalyze:
      return {"analyze", {StageId::kAnalysis}, Workspace::Need::kIfThereIs};
    case Verb::kValidate:
      return {"validate", {StageId::kValidation}, Workspace::Need::kIfThereIs};
    case Verb::kDeploy:
      return {"deploy", {StageId::kDeployment}, Workspace::Need::kRequired};
    default:
      break;
  }
  const bool deploys = options.gates.stages.contains(StageId::kDeployment);
  return {"run", options.gates.stages, deploys ? Workspace::Need::kRequired : Workspace::Need::kIfThereIs};
}

std::string question(const Workspace& workspace, const engine::PlanResult& planned) {
  const auto count = [&](plan::Op op) { return planned.plan.count(op); };
  return fmt::format(
      "Deploy to context {} ({}), namespace {}: {} to create, {} to configure, {} to prune. Go on?",
      sanitise_line(workspace.info().context, 100), sanitise_line(workspace.info().server, 200),
      workspace.release().ns, count(plan::Op::kCreate), count(plan::Op::kConfigure), count(plan::Op::kPrune));
}

pipeline::StageLimits limits_of(const Workspace& workspace) {
  const auto& timeouts = workspace.config().config.timeouts;
  return {timeouts.analysis, timeouts.validation, timeouts.deployment};
}

}  // namespace

Outcome run_pipeline_verb(const VerbContext& context) {
  VerbShape shape = shape_of(context.options);
  auto opened = Workspace::open(context, shape.need);
  model::RunReport bare;
  bare.verb = shape.name;
  if (!opened) return failed(std::move(bare), std::move(opened).error(), std::nullopt);
  Workspace& workspace = **opened;
  auto manifests = workspace.load_manifests();
  if (!manifests)
    return failed(workspace.new_report(shape.name), std::move(manifests).error(), workspace.interrupted_by());
  if (context.options.verb == Verb::kDeploy) {
    // Earlier than the stage itself would: without the cluster being asked, and with the error alone.
    if (auto error = pipeline::unreadable_input(manifests->findings)) {
      return failed(workspace.new_report(shape.name), std::move(*error), std::nullopt);
    }
  }
  const auto repository = workspace.open_repository();

  pipeline::PipelineContext pipeline_context;
  pipeline_context.stages = std::move(shape.stages);
  pipeline_context.release = workspace.release();
  pipeline_context.thresholds = thresholds(context.options, workspace.config());
  pipeline_context.limits = limits_of(workspace);
  pipeline_context.suites = suite_inputs(workspace.config(), *manifests, repository.get());
  pipeline_context.manifests = std::move(manifests->objects);
  pipeline_context.input_findings = std::move(manifests->findings);
  pipeline_context.offline = workspace.offline();
  pipeline::PipelinePorts ports{workspace.clock(),
                                context.events,
                                repository.get(),
                                workspace.cluster(),
                                workspace.offline() ? "" : workspace.engine_environment().holder,
                                {}};
  ports.files = workspace.files();
  if (!workspace.offline()) ports.recover_command = workspace.engine_environment().recover_command;
  ports.approve = [&](const engine::PlanResult& planned) {
    return confirm(context, question(workspace, planned));
  };

  pipeline::InstantExecutionPipeline run(std::move(pipeline_context), std::move(ports));
  model::RunReport report = run.run_pipeline();
  const model::RunReport known = workspace.new_report(shape.name);
  report.verb = known.verb;
  report.tool_version = known.tool_version;
  report.context = known.context;
  if (report.error) {
    Error error = std::move(*report.error);
    report.error.reset();
    return failed(std::move(report), std::move(error), workspace.interrupted_by());
  }
  Outcome outcome;
  outcome.report = std::move(report);
  return outcome;
}

Outcome run_baseline(const VerbContext& context) {
  auto opened = Workspace::open(context, Workspace::Need::kAlways);
  model::RunReport bare;
  bare.verb = "baseline";
  if (!opened) return failed(std::move(bare), std::move(opened).error(), std::nullopt);
  Workspace& workspace = **opened;
  const std::string ns = workspace.release().ns;
  auto snapshot = pipeline::read_namespace(*workspace.cluster(), workspace.clock(), ns);
  if (!snapshot)
    return failed(workspace.new_report("baseline"), std::move(snapshot).error(), workspace.interrupted_by());
  const auto baseline = validate::BaselineValidationEngine(*snapshot).run_all_validations();
  Outcome outcome;
  outcome.report = workspace.new_report("baseline");
  outcome.report.exit = baseline.passed ? ExitCode::kDone : ExitCode::kValidationFailed;
  outcome.document = validate::BaselineValidationEngine::generate_report(baseline);
  outcome.text = [baseline](const report::TextOptions& text) { return baseline_text(baseline, text); };
  return outcome;
}

}  // namespace instantexec::cli
