#include "cli/health_verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/connection.h"
#include "cli/health_inputs.h"
#include "cli/health_view.h"
#include "cli/release_verbs.h"
#include "cli/version.h"
#include "cli/workspace.h"
#include "engine/live_health.h"
#include "kube/api_errors.h"

namespace instantexec::cli {
namespace {

using Nodes = std::vector<status::HealthNode>;
using Rules = std::vector<status::CustomRule>;

constexpr Duration kLookEvery{2000};
// What a person or a script asks of `health` alone: 1, like a test that fails. Nothing was changed.
constexpr ExitCode kNotReady{1};

model::RunReport bare_report() {
  model::RunReport report;
  report.verb = "health";
  report.tool_version = std::string(kVersion);
  return report;
}

Outcome show(model::RunReport report, Nodes roots) {
  Outcome outcome;
  report.exit = all_ready(roots) ? ExitCode::kDone : kNotReady;
  outcome.report = std::move(report);
  outcome.text = [roots = std::move(roots)](const report::TextOptions& text) {
    return health_text(roots, text);
  };
  return outcome;
}

// Objects of files. Whoever took them knows when; a built-in kind is judged as of now, so that what has
// lasted long enough is called by its name.
Nodes judge_snapshot(const std::vector<model::Object>& objects, const Rules& rules, Timestamp now) {
  status::ChildIndex index;
  std::vector<const model::Object*> schemas;
  for (const model::Object& object : objects) {
    index.upsert(object);
    if (object.kind() == "CustomResourceDefinition") schemas.push_back(&object);
  }
  Nodes out;
  for (const model::Object& object : objects) {
    status::Context context;
    context.rules = rules;
    context.options.declared_failures = true;
    const model::Gvk gvk = object.gvk();
    if (status::knows_kind(gvk)) context.now = now;
    for (const model::Object* schema : schemas) {
      if (const auto declared = status::declares_status(*schema, gvk)) context.declares_status = declared;
    }
    out.push_back(status::health_tree(object, index, context));
  }
  return out;
}

Outcome health_of_files(const VerbContext& context) {
  if (context.options.health.watch || !context.options.health.selector.empty()) {
    return failed(
        bare_report(),
        make_error(instantexec::errors::kUsage, "-f judges files; --watch and -l are for a live cluster"),
        std::nullopt);
  }
  const auto config = load_config(context.options.input);
  if (!config) return failed(bare_report(), config.error(), std::nullopt);
  const auto rules = load_health_rules(context.options, *config);
  if (!rules) return failed(bare_report(), rules.error(), std::nullopt);
  const auto objects = load_snapshot(context.options.input.files, context.environment);
  if (!objects) return failed(bare_report(), objects.error(), std::nullopt);
  Nodes nodes = judge_snapshot(*objects, *rules, SystemClock().wall());
  std::vector<model::Json> lines;
  for (const status::HealthNode& node : nodes) lines.push_back(health_line(node));
  Outcome outcome = show(bare_report(), std::move(nodes));
  outcome.documents = std::move(lines);
  return outcome;
}

Nodes judge_live(const engine::LiveHealth& live, const Rules& rules, Timestamp now) {
  Nodes out;
  for (const model::Object& object : live.objects) {
    status::Context context;
    context.now = now;
    context.rules = rules;
    context.options.declared_failures = true;
    const auto declared = live.declares_status.find(object.ref());
    if (declared != live.declares_status.end()) context.declares_status = declared->second;
    out.push_back(status::health_tree(object, live.index, context));
  }
  for (const model::ObjectRef& ref : live.missing) {
    status::HealthNode node;
    node.object = ref;
    node.status = {model::HealthStatus::kNotFound, "NotFound", "it does not exist", {}, {}};
    node.rule = "general";
    out.push_back(std::move(node));
  }
  return out;
}

model::Json live_document(const engine::LiveHealth& live, const Nodes& nodes, const std::string& ns) {
  model::Json out{{"namespace", ns}, {"ready", all_ready(nodes)}, {"objects", model::Json::array()}};
  if (!live.release.empty()) {
    out["release"] = live.release;
    out["revision"] = live.revision;
  }
  for (const status::HealthNode& node : nodes) out["objects"].push_back(health_document(node));
  if (!live.unreadable.empty()) out["unreadable"] = live.unreadable;
  return out;
}

bool settled(const Nodes& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [](const status::HealthNode& node) {
    return status::counts_as_ready(node.status.status) || node.status.doomed();
  });
}

// One line for every object whose health has changed since the last look.
void tell_changes(const Nodes& before, const Nodes& now, engine::EventSink& events) {
  for (const status::HealthNode& node : now) {
    const auto old = std::find_if(before.begin(), before.end(), [&](const status::HealthNode& other) {
      return other.object == node.object;
    });
    const bool same = old != before.end() && old->status.status == node.status.status &&
                      old->status.reason == node.status.reason;
    if (!same) events.emit(model::ObjectHealthChanged{node.object, node.status});
  }
}

struct Look {
  engine::LiveHealth live;
  Nodes nodes;
};

Result<Look> look(Workspace& workspace, const VerbContext& context) {
  IE_TRY_ASSIGN(engine::LiveHealth live,
                engine::read_live_health(workspace.engine_environment(), workspace.release(),
                                         {context.options.health.selector}));
  Nodes nodes = judge_live(live, workspace.release().health_rules, workspace.clock().wall());
  return Look{std::move(live), std::move(nodes)};
}

// Looks again until everything is ready or has failed, or the time is up.
Result<Look> keep_looking(Workspace& workspace, const VerbContext& context) {
  const Instant end = workspace.clock().now() + workspace.release().timeout;
  IE_TRY_ASSIGN(Look last, look(workspace, context));
  tell_changes({}, last.nodes, context.events);
  while (!settled(last.nodes) && workspace.clock().now() < end) {
    const Instant until = std::min(end, workspace.clock().now() + kLookEvery);
    while (workspace.clock().now() < until) {
      if (std::holds_alternative<engine::Interrupted>(workspace.cluster()->wait(until))) {
        return fail(kube::errors::kInterrupted, "interrupted while waiting for the objects to become ready");
      }
    }
    IE_TRY_ASSIGN(Look next, look(workspace, context));
    tell_changes(last.nodes, next.nodes, context.events);
    last = std::move(next);
  }
  return last;
}

}  // namespace

Outcome run_health(const VerbContext& context) {
  if (!context.options.input.files.empty()) return health_of_files(context);
  auto opened = Workspace::open(context, Workspace::Need::kAlways);
  if (!opened) return failed(bare_report(), std::move(opened).error(), std::nullopt);
  Workspace& workspace = **opened;
  auto seen = context.options.health.watch ? keep_looking(workspace, context) : look(workspace, context);
  if (!seen)
    return failed(workspace.new_report("health"), std::move(seen).error(), workspace.interrupted_by());
  for (const std::string& kind : seen->live.unreadable) {
    context.events.emit(model::WarningRaised{"objects of kind " + kind + " cannot be listed"});
  }
  model::Json document = live_document(seen->live, seen->nodes, workspace.release().ns);
  Outcome outcome = show(workspace.new_report("health"), std::move(seen->nodes));
  outcome.document = std::move(document);
  return outcome;
}

}  // namespace instantexec::cli
