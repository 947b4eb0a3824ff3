#include "cli/rbac_verb.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/errors.h"
#include "cli/release_verbs.h"
#include "cli/workspace.h"
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
  const auto roles =
      engine::roles_of(engine::needs_of_any(inputs->touched, scope, names, w.release().readiness), scope,
                       context.options.service_account);
  Outcome outcome;
  outcome.report = w.new_report("rbac");
  outcome.text = [text = text_of(roles, *inputs)](const report::TextOptions&) { return text; };
  outcome.documents.emplace();
  for (const model::Object& role : roles) outcome.documents->push_back(role.json);
  return outcome;
}

}  // namespace instantexec::cli
