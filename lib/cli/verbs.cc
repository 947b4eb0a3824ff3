#include "cli/verbs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "base/text.h"
#include "cli/health_verb.h"
#include "cli/pipeline_verbs.h"
#include "cli/rbac_verb.h"
#include "cli/release_verbs.h"

namespace instantexec::cli {

Outcome run_verb(const VerbContext& context) {
  switch (context.options.verb) {
    case Verb::kDeploy:
      if (!context.options.deploy.plan_file.empty()) return run_saved_plan(context);
      return run_pipeline_verb(context);
    case Verb::kRun:
    case Verb::kAnalyze:
    case Verb::kValidate:
      return run_pipeline_verb(context);
    case Verb::kPlan:
      return run_plan(context);
    case Verb::kRollback:
      return run_rollback(context);
    case Verb::kRecover:
      return run_recover(context);
    case Verb::kStatus:
      return run_status(context);
    case Verb::kHistory:
      return run_history(context);
    case Verb::kBaseline:
      return run_baseline(context);
    case Verb::kHealth:
      return run_health(context);
    case Verb::kRbac:
      return run_rbac(context);
    case Verb::kExplain:
    case Verb::kVersion:
    case Verb::kHelp:
      break;
  }
  return {};
}

}  // namespace instantexec::cli
