#include "plan/saved_plan.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/deploy.h"
#include "plan/errors.h"

// Between `plan --out` and `deploy --plan`.
namespace instantexec::engine {
namespace {

constexpr std::size_t kNamed = 10;

}  // namespace

plan::SavedPlan freeze(const PlanResult& planned, const ReleaseOptions& options) {
  plan::SavedPlan out;
  out.plan = planned.plan;
  for (const plan::Desired& desired : planned.desired) out.manifests.push_back(desired.object());
  for (const plan::Step& step : planned.plan.steps) {
    const auto live = planned.live.find(step.object);
    out.states.push_back(live == planned.live.end() ? std::string{} : plan::state_of(live->second));
  }
  out.revision = planned.revision;
  out.field_manager = options.field_manager;
  out.prune = options.prune;
  out.force_conflicts = options.force_conflicts;
  out.adopt = options.adopt;
  out.accept_irreversible = options.accept_irreversible;
  return out;
}

Result<PlanResult> thaw(Environment environment, ReleaseOptions& options, const plan::SavedPlan& saved) {
  if (saved.plan.release != options.release || saved.plan.ns != options.ns) {
    return fail(plan::errors::kInvalidPlan,
                "the saved plan is for release " + sanitise_line(saved.plan.release, 80) + " in namespace " +
                    sanitise_line(saved.plan.ns, 80) + ", not for " + options.release + " in " + options.ns);
  }
  options.field_manager = saved.field_manager;
  options.prune = saved.prune;
  options.force_conflicts = saved.force_conflicts;
  options.adopt = saved.adopt;
  options.accept_irreversible = saved.accept_irreversible;
  std::vector<model::Manifest> manifests;
  for (const model::Object& object : saved.manifests) {
    model::Manifest manifest;
    manifest.object = object;
    manifests.push_back(std::move(manifest));
  }
  IE_TRY_ASSIGN(PlanResult planned, plan_release(std::move(environment), options, std::move(manifests)));
  const std::vector<std::string> differences = plan::drift(saved, freeze(planned, options));
  if (differences.empty()) return planned;
  std::string message = std::to_string(differences.size()) + " difference(s) from the saved plan: ";
  for (std::size_t i = 0; i < std::min(kNamed, differences.size()); ++i) {
    message += (i == 0 ? "" : "; ") + sanitise_line(differences[i], 300);
  }
  if (differences.size() > kNamed) message += "; and others";
  return fail(plan::errors::kDrifted, std::move(message));
}

}  // namespace instantexec::engine
