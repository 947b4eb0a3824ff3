#include "cli/rbac_verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "cli/errors.h"
#include "cli/release_verbs.h"
#include "cli/workspace.h"
#include "engine/excess.h"
#include "engine/rights.h"
#include "manifest/emit.h"
#include "plan/desired.h"

namespace instantexec::cli {
namespace {

constexpr const char* kGranting = "rbac.authorization.k8s.io";

struct Inputs {
  std::vector<plan::Desired> desired;
  std::vector<engine::Touched> touched;
};

// What is to be deployed, and what was. One of them is enough.
Result<Inputs> read_inputs(Workspace& workspace, const model::ApiCatalog& catalog) {
  Inputs out;
  const engine::ReleaseOptions& release = workspace.release();
  auto manifests = workspace.load_manifests();
  const bool none = !manifests && manifests.error().code == &errors::kNothingToDeploy;
  if (!manifests && (!none || workspace.offline())) return fail(std::move(manifests).error());
  if (manifests) {
    auto normalised = plan::normalise(std::move(manifests->objects), {release.release, release.ns}, catalog);
    out.desired = std::move(normalised.objects);
    for (const plan::Desired& one : out.desired) {
      out.touched.push_back({one.object().gvk(), one.object().ref(), plan::Op::kConfigure});
    }
  }
  if (workspace.offline()) return out;
  auto recorded = engine::release_objects(workspace.engine_environment(), release);
  // Whoever asks for the role may not read the records yet.
  if (!recorded && none) return fail(std::move(recorded).error());
  if (recorded) std::move(recorded->begin(), recorded->end(), std::back_inserter(out.touched));
  if (out.touched.empty()) return fail(errors::kNothingToDeploy, "nothing says what the release holds");
  return out;
}

std::string text_of(const std::vector<model::Object>& roles, const Inputs& inputs) {
  std::string out;
  const bool grants = std::any_of(inputs.touched.begin(), inputs.touched.end(),
                                  [](const engine::Touched& one) { return one.gvk.group == kGranting; });
  if (grants) {
    out +=
        "# The release holds roles or bindings. Whoever applies them needs the rights they grant, or the "
        "verbs\n"
        "# escalate and bind, which are not listed here.\n";
  }
  for (const model::Object& role : roles) {
    if (&role != &roles.front()) out += "---\n";
    out += manifest::to_yaml(role.json);
  }
  return out;
}

// Beside the role and not part of it, so that what is printed can be applied as it is.
void tell_excess(Workspace& workspace, const engine::Needs& needs, engine::EventSink& events) {
  constexpr std::size_t kShown = 10;
  const std::string& ns = workspace.release().ns;
  auto excess = engine::read_excess(workspace.engine_environment(), needs, ns);
  if (!excess) {
    events.emit(model::WarningRaised{excess.error().message});
    return;
  }
  if (excess->empty()) return;
  const std::size_t shown = std::min(excess->size(), kShown);
  const std::size_t more = excess->size() - shown;
  excess->resize(shown);
  if (more > 0) excess->push_back(fmt::format("{} more", more));
  events.emit(model::WarningRaised{"the identity in use may do more in namespace " + ns +
                                   " than the release needs: " + join(*excess, ", ")});
}

}  // namespace

Outcome run_rbac(const VerbContext& context) {
  model::RunReport bare;
  bare.verb = "rbac";
  auto workspace = Workspace::open(context, Workspace::Need::kIfThereIs);
  if (!workspace) return failed(std::move(bare), std::move(workspace).error(), std::nullopt);
  Workspace& w = **workspace;
  auto catalog = w.catalog();
  if (!catalog) return failed(w.new_report("rbac"), std::move(catalog).error(), w.interrupted_by());
  const auto inputs = read_inputs(w, **catalog);
  if (!inputs) return failed(w.new_report("rbac"), inputs.error(), w.interrupted_by());
  const plan::Scope scope{w.release().release, w.release().ns};
  const engine::ResourceNames names(**catalog, inputs->desired);
  const engine::Needs needs = engine::needs_of_any(inputs->touched, scope, names, w.release().readiness);
  const auto roles = engine::roles_of(needs, scope, context.options.service_account);
  if (!w.offline()) tell_excess(w, needs, context.events);
  Outcome outcome;
  outcome.report = w.new_report("rbac");
  outcome.text = [text = text_of(roles, *inputs)](const report::TextOptions&) { return text; };
  outcome.documents.emplace();
  for (const model::Object& role : roles) outcome.documents->push_back(role.json);
  return outcome;
}

}  // namespace instantexec::cli
