#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "model/deploy_report.h"
#include "model/gvk.h"
#include "model/status.h"

namespace instantexec::model {

// Progress. The only thing the pipeline and the engine emit while they work; renderers turn it into a live
// tree, lines or JSON. Text fields are sanitised by whoever emits them.

// The three stages of the pipeline, by the ids of the pipeline configuration.
enum class StageId { kAnalysis, kValidation, kDeployment };

// Phases of a deploy, in order; the last two only after a failure.
enum class Phase {
  kLocking,
  kPlanning,
  kSaving,
  kApplying,
  kWaiting,
  kPruning,
  kRecording,
  kUndoing,
  kVerifying
};

struct StageStarted {
  StageId stage;
};
// One finished step within a stage, with its result as a sentence: "Analyzed 12 files (3456 lines)".
struct StepFinished {
  StageId stage;
  std::string text;
  bool ok = true;
};
struct StageFinished {
  StageId stage;
  bool ok = true;
  std::string summary;
  Duration elapsed{0};
};
struct PhaseStarted {
  Phase phase;
  std::size_t objects = 0;  // how many objects it concerns; 0: not counted
};
struct ObjectWritten {
  ObjectRef object;
  Action action;
  std::string message;
};
// Sent on transitions only, never twice with the same status and reason in a row.
struct ObjectHealthChanged {
  ObjectRef object;
  ObjectStatus health;
};
// A reminder while nothing changes: what is still missing.
struct StillWaiting {
  std::size_t ready = 0;
  std::size_t total = 0;
  Duration elapsed{0};
  std::string missing;  // the first few objects and their reasons
};
// A warning of the server or of this program, each text once per run.
struct WarningRaised {
  std::string text;
};
struct Note {
  std::string text;
};

using Event = std::variant<StageStarted, StepFinished, StageFinished, PhaseStarted, ObjectWritten,
                           ObjectHealthChanged, StillWaiting, WarningRaised, Note>;

[[nodiscard]] std::string_view to_string(
    StageId stage);  // "ai-analysis", "synthetic-validation", "automated-deployment"
[[nodiscard]] std::string_view to_string(Phase phase);  // "locking", "planning", …

}  // namespace instantexec::model
