#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "pipeline/bounded_cluster.h"
#include "pipeline/errors.h"
#include "pipeline/pipeline.h"
#include "plan/errors.h"

namespace instantexec::pipeline {
namespace {

using model::DeployResult;
using model::StageId;

std::string health_words(const model::DeployReport& report) {
  const auto broken =
      std::count_if(report.objects.begin(), report.objects.end(),
                    [](const model::ObjectOutcome& outcome) { return outcome.broken_before; });
  if (broken == 0) return "all healthy";
  return fmt::format("{} as broken as before, all others healthy",
                     counted(static_cast<std::size_t>(broken), "object"));
}

// A recovery did what it was asked for; everything else is undone because it failed.
std::string undone_words(const model::DeployReport& report) {
  const bool failed = report.operation != "recover" || report.cause;
  const std::size_t kept = report.verification ? report.verification->kept : 0;
  return (failed ? "failed and " : "") +
         (report.revision > 0 ? fmt::format("put back to revision {}", report.revision)
                              : std::string("removed again")) +
         (kept > 0 ? " but for " + counted(kept, "kept object") + ", verified" : ", verified");
}

std::string deployed_words(const model::DeployReport& report) {
  // Nothing was missing but its record and what it prunes.
  if (report.operation == "recover") return fmt::format("revision {} finished", report.revision);
  const auto count = [&](model::Action action) {
    return std::count_if(report.objects.begin(), report.objects.end(),
                         [&](const model::ObjectOutcome& outcome) { return outcome.action == action; });
  };
  return fmt::format("revision {}: {} created, {} configured, {} unchanged, {} pruned; {}", report.revision,
                     count(model::Action::kCreated), count(model::Action::kConfigured),
                     count(model::Action::kUnchanged), count(model::Action::kPruned), health_words(report));
}

}  // namespace

std::string summary_of(const model::DeployReport& report) {
  switch (report.result) {
    case DeployResult::kNothingToDo:
      return fmt::format("nothing to do: {} as wanted; {}", counted(report.objects.size(), "object"),
                         health_words(report));
    case DeployResult::kDryRun:
      return fmt::format("dry run: {} checked, nothing written", counted(report.objects.size(), "object"));
    case DeployResult::kDeployed:
      return deployed_words(report);
    case DeployResult::kRefused:
      return "refused before anything was written";
    case DeployResult::kRolledBack:
      return undone_words(report);
    case DeployResult::kRollbackIncomplete:
      return "failed, and not everything could be put back";
    case DeployResult::kPartlyUndone:
      return "failed and partly undone: some objects could not be read";
    case DeployResult::kFailedKept:
      return "failed and left as it is";
    case DeployResult::kUnhealthy:
      return "not healthy; nothing had to be written";
    case DeployResult::kInterrupted:
      return "interrupted with unfinished work recorded";
  }
  return {};
}

std::optional<Error> unreadable_input(const std::vector<model::Finding>& findings) {
  if (findings.empty()) return std::nullopt;
  const model::Finding& first = findings.front();
  std::string message = fmt::format("{}: {} [{}]", first.at.to_string(), first.message, first.rule);
  if (findings.size() > 1) message += fmt::format(" (and {} more)", findings.size() - 1);
  return make_error(plan::errors::kInvalidManifests, std::move(message), first.hint);
}

model::DeployReport InstantExecutionPipeline::offline_report() const {
  model::DeployReport report;
  report.result = DeployResult::kDryRun;
  report.offline = true;
  report.release = context_.release.release;
  report.ns = context_.release.ns;
  for (const auto& manifest : context_.manifests) {
    model::ObjectOutcome outcome;
    outcome.object = manifest.object.ref();
    outcome.action = model::Action::kSkipped;
    outcome.message = "read, not compared with a cluster";
    report.objects.push_back(std::move(outcome));
  }
  return report;
}

Result<std::optional<InstantExecutionPipeline::Ending>> InstantExecutionPipeline::recover_first(
    const engine::ReleaseOptions& options) {
  IE_TRY_ASSIGN(model::DeployReport recovered, engine::recover(environment(*ports_.cluster), options, {}));
  const bool clean = engine::recovered_cleanly(recovered);
  if (recovered.result != DeployResult::kNothingToDo)
    step(StageId::kDeployment, "Recovery: " + summary_of(recovered), clean);
  if (!clean) {
    std::string summary = "an earlier run was not finished: " + summary_of(recovered);
    report_.deployment = std::move(recovered);
    return std::optional(Ending{false, std::move(summary)});
  }
  std::vector<model::Manifest> manifests;
  for (plan::Desired& desired : plan_->desired) manifests.push_back(std::move(desired.manifest));
  IE_TRY_ASSIGN(plan_, engine::plan_release(environment(*ports_.cluster), options, std::move(manifests)));
  return std::optional<Ending>{};
}

Result<InstantExecutionPipeline::Ending> InstantExecutionPipeline::deploy(Instant deadline) {
  // Stage 2 says all of it, but this stage may run without.
  if (auto error = unreadable_input(context_.input_findings)) return fail(std::move(*error));
  if (context_.offline) {
    report_.deployment = offline_report();
    return Ending{true, summary_of(*report_.deployment)};
  }
  engine::ReleaseOptions options = context_.release;
  if (!plan_) {
    BoundedCluster bounded(*ports_.cluster, ports_.clock, deadline);
    auto planned = engine::plan_release(environment(bounded), options, std::move(context_.manifests));
    IE_TRY(checked(bounded, planned ? Status{} : fail(planned.error())));
    plan_ = std::move(*planned);
  }
  options.timeout = std::min(options.timeout, deadline - ports_.clock.now());
  const bool recovered = plan_->unfinished && !options.dry_run_server;
  if (recovered) {
    IE_TRY_ASSIGN(auto stopped, recover_first(options));
    if (stopped) return std::move(*stopped);
    options.timeout = std::min(options.timeout, deadline - ports_.clock.now());
  }
  if (options.timeout.count() <= 0) {
    return fail(errors::kStageTimeout,
                "stage automated-deployment took longer than its limit before anything was deployed");
  }
  // The plan has them as they are applied; nothing else needs them, and they may be large.
  context_.manifests.clear();
  context_.manifests.shrink_to_fit();
  step(StageId::kDeployment,
       fmt::format("Pre-deployment checks: {}, {} to write", counted(plan_->plan.steps.size(), "object"),
                   std::count_if(plan_->plan.steps.begin(), plan_->plan.steps.end(),
                                 [](const plan::Step& planned) { return plan::writes(planned.op); })),
       plan_->executable());
  if (ports_.approve && plan_->executable() && plan_->plan.changes_anything() && !options.dry_run_server) {
    Result<bool> answer = ports_.approve(*plan_);
    // Then it is not so that nothing was written.
    if (!answer && recovered) {
      return fail(
          errors::kDeclined,
          "what an earlier run had left was recovered, and nothing was deployed: " + answer.error().message);
    }
    IE_TRY_ASSIGN(const bool yes, std::move(answer));
    if (!yes) {
      return fail(errors::kDeclined, recovered ? "declined; what an earlier run had left was recovered, and "
                                                 "nothing was deployed"
                                               : "declined; nothing was written");
    }
  }
  engine::PlanResult planned = std::move(*plan_);
  plan_.reset();
  IE_TRY_ASSIGN(report_.deployment,
                engine::deploy(environment(*ports_.cluster), options, std::move(planned)));
  std::string summary = summary_of(*report_.deployment);
  const auto gate = policy::health_gate(*report_.deployment);
  add_gates({gate});
  step(StageId::kDeployment, "Deployment: " + summary, gate.passed);
  return Ending{gate.passed, std::move(summary)};
}

}  // namespace instantexec::pipeline
