#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/deploy.h"
#include "engine/ports.h"
#include "engine/repository.h"
#include "model/run_report.h"
#include "pipeline/bounded_cluster.h"
#include "pipeline/governance.h"
#include "policy/gates.h"
#include "validate/baseline.h"
#include "validate/test_suites.h"

namespace instantexec::pipeline {

// Limits of the stages, with the defaults of the pipeline's design.
struct StageLimits {
  Duration analysis{5'000};
  Duration validation{30'000};
  Duration deployment{1'800'000};
};

// Everything a run needs to know; values only.
struct PipelineContext {
  std::set<model::StageId> stages;  // asked for
  engine::ReleaseOptions release;
  policy::Thresholds thresholds;
  StageLimits limits;
  std::vector<model::Manifest> manifests;
  std::vector<model::Finding> input_findings;  // from reading the manifests
  validate::SuiteInputs suites;                // files and expectations; the rest is filled in by stage 2
  bool offline = false;                        // --dry-run=client: the cluster is not asked
};

// What a run reaches. Pointers may be null: no repository, no cluster (only with PipelineContext::offline).
struct PipelinePorts {
  engine::Clock& clock;
  engine::EventSink& events;
  engine::Repository* repository = nullptr;
  engine::Cluster* cluster = nullptr;
  std::string holder;  // see engine::Environment
  // Asked once before the first write, with the plan; false declines. Null: nobody is asked.
  std::function<Result<bool>(const engine::PlanResult&)> approve;
  engine::LocalFiles* files = nullptr;  // see engine::Environment
  std::string recover_command = {};     // likewise
};

// Why manifests that were not read without a finding cannot be deployed; nothing when there is none. What is
// missing from them would be taken for objects that left the release, and pruned. Error manifests.invalid.
[[nodiscard]] std::optional<Error> unreadable_input(const std::vector<model::Finding>& findings);

// The three stages with their gates. One object is one run.
//
// Each stage keeps its limit: stage 1 stops reading files when it is up and says how much it saw, stage 2
// fails, stage 3 ends its rollout and undoes it.
class InstantExecutionPipeline {
 public:
  InstantExecutionPipeline(PipelineContext context, PipelinePorts ports);

  // The stages asked for, in order, each behind the gates of those before it. Never fails as a whole: errors
  // are in the report, with the exit code.
  model::RunReport run_pipeline();

  // Single stages. Each adds its part to report() and returns what it returned; after an error the stage has
  // failed and report().error is set.
  model::StageResult run_stage_1_ai_analysis();
  model::StageResult run_stage_2_synthetic_validation();
  model::StageResult run_stage_3_automated_deployment();

  [[nodiscard]] const model::RunReport& report() const { return report_; }
  // The signal that ended the run before anything was written.
  [[nodiscard]] std::optional<int> interrupted_by() const { return signal_; }

 private:
  // What the body of a stage says at its end.
  struct Ending {
    bool passed = true;
    std::string summary;
  };

  model::StageResult run_stage(model::StageId id, Duration limit,
                               Result<Ending> (InstantExecutionPipeline::*body)(Instant deadline));
  void step(model::StageId id, std::string text, bool ok = true);
  void add_gates(const std::vector<model::GateResult>& gates);

  Result<Ending> analyse(Instant deadline);
  Result<Ending> validate(Instant deadline);
  Result<Ending> deploy(Instant deadline);

  // What an earlier run left unfinished comes first, and the plan is made anew: that of a namespace which is
  // half changed is nothing to approve or to carry out. An ending when the recovery left work.
  Result<std::optional<Ending>> recover_first(const engine::ReleaseOptions& options);

  Status measure_touched_files(Instant deadline);
  Result<std::string> recorded_commit(Instant deadline);
  // Why work on the bounded cluster must stop, or its error: a signal and the limit come before what they
  // caused.
  Status checked(const BoundedCluster& bounded, Status result);
  Result<std::map<model::ObjectRef, model::Object>> ask_live(Instant deadline);
  Result<validate::NamespaceSnapshot> ask_cluster(Instant deadline, std::vector<model::Finding>& findings);
  [[nodiscard]] engine::Environment environment(engine::Cluster& cluster) const;
  [[nodiscard]] model::DeployReport offline_report() const;

  PipelineContext context_;
  PipelinePorts ports_;
  model::RunReport report_;
  std::vector<model::StepFinished> steps_;           // of the stage under way
  std::vector<analyze::FileMetrics> touched_files_;  // from stage 1, or measured by stage 2
  std::optional<engine::PlanResult> plan_;           // from stage 2, until stage 3 carries it out
  std::optional<int> signal_;
};

// The exit code that a deploy's result stands for.
[[nodiscard]] ExitCode exit_of(model::DeployResult result);
// How it ended, in one line: "revision 3: 1 created, 2 configured, 0 unchanged, 0 pruned; all healthy".
[[nodiscard]] std::string summary_of(const model::DeployReport& report);

}  // namespace instantexec::pipeline
