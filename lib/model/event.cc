#include "model/event.h"

namespace instantexec::model {

std::string_view to_string(StageId stage) {
  switch (stage) {
    case StageId::kAnalysis:
      return "ai-analysis";
    case StageId::kValidation:
      return "synthetic-validation";
    case StageId::kDeployment:
      return "automated-deployment";
  }
  return "automated-deployment";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::kLocking:
      return "locking";
    case Phase::kPlanning:
      return "planning";
    case Phase::kSaving:
      return "saving";
    case Phase::kApplying:
      return "applying";
    case Phase::kWaiting:
      return "waiting";
    case Phase::kPruning:
      return "pruning";
    case Phase::kRecording:
      return "recording";
    case Phase::kUndoing:
      return "undoing";
    case Phase::kVerifying:
      return "verifying";
  }
  return "verifying";
}

}  // namespace instantexec::model
