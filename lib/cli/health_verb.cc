#include "cli/health_verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "cli/connection.h"
#include "cli/health_inputs.h"
#include "cli/health_view.h"
#include "cli/release_verbs.h"
#include "cli/version.h"
#include "cli/workspace.h"
#include "engine/health_watch.h"
#include "engine/live_health.h"
#include "kube/api_errors.h"

namespace instantexec::cli {
namespace {

using Nodes = std::vector<status::HealthNode>;
using Rules = std::vector<status::CustomRule>;

// What a person or a script asks of `health` alone: 1, like a test that fails. Nothing was changed.
constexpr ExitCode kNotReady{1};

model::RunReport bare_report() {
  model::RunReport report;
  report.verb = "health";
  report.tool_version = std::string(kVersion);
  return report;
}

Outcome show(model::RunReport report, Nodes roots, std::string title) {
  Outcome outcome;
  report.exit = all_ready(roots) ? ExitCode::kDone : kNotReady;
  outcome.report = std::move(report);
  outcome.text = [roots = std::move(roots), title = std::move(title)](const report::TextOptions& text) {
    return health_text(roots, title, text);
  };
  return outcome;
}

// An object that cannot be judged.
status::HealthNode unreadable_node(const SnapshotItem& item) {
  status::HealthNode out;
  out.object = item.object.ref();
  out.api_version = sanitise_line(item.object.api_version(), 300);
  out.status = {model::HealthStatus::kUnknown, "Unreadable", item.mistake, {}, {}};
  out.rule = "general";
  return out;
}

// Its owner is among the objects, and shows it with what it is made of.
bool is_part(const model::Object& object, const status::ChildIndex& index) {
  const model::Json& owners = model::get_array(object.json, "/metadata/ownerReferences");
  return std::any_of(owners.begin(), owners.end(), [&](const model::Json& owner) {
    return index.find(model::get_string(owner, "/uid")) != nullptr;
  });
}

status::HealthNode without_parts(const model::Object& object, const status::ChildIndex& index,
                                 const status::Context& context) {
  status::Assessment verdict = status::assess(object, index, context);
  status::HealthNode out;
  out.object = object.ref();
  out.api_version = sanitise_line(object.api_version(), 300);
  out.status = std::move(verdict.status);
  out.rule = std::move(verdict.rule);
  return out;
}

// It is a claim of one of these classes.
bool names_one_of(const std::vector<const model::Object*>& classes, const model::Object& object) {
  if (object.kind() != "PersistentVolumeClaim") return false;
  const std::string name = model::get_string(object.json, "/spec/storageClassName");
  return std::any_of(classes.begin(), classes.end(),
                     [&](const model::Object* one) { return one->name() == name; });
}

struct Judged {
  Nodes all;    // as they came
  Nodes roots;  // without the parts of others: whether those are well is for their owners to say
};

// Objects of files. Whoever took them knows when; a built-in kind is judged as of now, so that what has
// lasted long enough is called by its name.
Judged judge_snapshot(const std::vector<SnapshotItem>& items, const Rules& rules,
                      const status::Options& options, Timestamp now) {
  status::ChildIndex index;
  status::ReadyServices services;
  std::map<std::pair<std::string, std::string>, const model::Object*> schemas;  // by group and kind
  std::vector<const model::Object*> classes;
  for (const auto& [object, mistake] : items) {
    if (!mistake.empty()) continue;
    index.upsert(object);
    services.add(object);
    // Whoever took slices of a namespace took all of them; every Service has one.
    if (object.kind() == "EndpointSlice") services.cover(object.ns());
    if (object.kind() == "StorageClass") classes.push_back(&object);
    if (object.kind() != "CustomResourceDefinition") continue;
    schemas[{model::get_string(object.json, "/spec/group"),
             model::get_string(object.json, "/spec/names/kind")}] = &object;
  }
  Judged out;
  for (const SnapshotItem& item : items) {
    if (!item.mistake.empty()) {
      out.all.push_back(unreadable_node(item));
      out.roots.push_back(out.all.back());
      continue;
    }
    status::Context context;
    context.rules = rules;
    context.services = &services;
    context.options = options;
    context.options.declared_failures = true;
    const model::Gvk gvk = item.object.gvk();
    if (status::knows_kind(gvk)) context.now = now;
    // A class that is not in the files may exist all the same.
    if (names_one_of(classes, item.object)) context.storage_classes = classes;
    const auto schema = schemas.find({gvk.group, gvk.kind});
    if (schema != schemas.end()) context.declares_status = status::declares_status(*schema->second, gvk);
    if (is_part(item.object, index)) {
      out.all.push_back(without_parts(item.object, index, context));
    } else {
      out.all.push_back(status::health_tree(item.object, index, context));
      out.roots.push_back(out.all.back());
    }
  }
  if (out.roots.empty()) out.roots = out.all;  // owners of each other
  return out;
}

// As many as a person reads.
std::vector<Error> first_of(std::vector<Error> mistakes) {
  constexpr std::size_t kShown = 20;
  if (mistakes.size() <= kShown) return mistakes;
  const std::size_t more = mistakes.size() - kShown;
  mistakes.resize(kShown);
  mistakes.push_back(make_error(instantexec::errors::kInvalidInput,
                                fmt::format("{} of the files", counted(more, "more mistake")),
                                "correct those named, and see what is left"));
  return mistakes;
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
  auto snapshot = load_snapshot(context.options.input.files, context.environment);
  if (!snapshot) return failed(bare_report(), snapshot.error(), std::nullopt);
  for (std::string& warning : snapshot->warnings)
    context.events.emit(model::WarningRaised{std::move(warning)});
  std::vector<Error> mistakes = first_of(std::move(snapshot->mistakes));
  if (snapshot->items.empty() && !mistakes.empty()) {
    Outcome outcome = failed(bare_report(), std::move(mistakes.front()), std::nullopt);
    mistakes.erase(mistakes.begin());
    outcome.mistakes = std::move(mistakes);
    return outcome;
  }
  Judged judged = judge_snapshot(snapshot->items, *rules, readiness_options(*config), SystemClock().wall());
  std::vector<model::Json> lines;
  for (const status::HealthNode& node : judged.all) lines.push_back(health_line(node));
  Outcome outcome = show(bare_report(), std::move(judged.roots), "");
  outcome.documents = std::move(lines);
  if (!mistakes.empty()) outcome.report.exit = ExitCode::kUsage;
  outcome.mistakes = std::move(mistakes);
  return outcome;
}

// What was found out, with or without watching.
struct Seen {
  std::string release;
  int revision = 0;
  std::vector<std::string> unreadable;
  Nodes nodes;
};

model::Json live_document(const Seen& seen, const std::string& ns) {
  model::Json out{{"namespace", ns}, {"ready", all_ready(seen.nodes)}, {"objects", model::Json::array()}};
  if (!seen.release.empty()) {
    out["release"] = seen.release;
    out["revision"] = seen.revision;
  }
  for (const status::HealthNode& node : seen.nodes) out["objects"].push_back(health_document(node));
  if (!seen.unreadable.empty()) out["unreadable"] = seen.unreadable;
  return out;
}

Result<Seen> look(Workspace& workspace, const VerbContext& context) {
  IE_TRY_ASSIGN(const engine::LiveHealth live,
                engine::read_live_health(workspace.engine_environment(), workspace.release(),
                                         {context.options.health.selector}));
  Seen out{live.release, live.revision, live.unreadable, {}};
  const engine::LiveKnowledge known{live.index,
                                    live.declares_status,
                                    live.storage_classes,
                                    live.services,
                                    workspace.release().health_rules,
                                    workspace.release().readiness,
                                    live.now};
  for (const model::Object& object : live.objects) {
    out.nodes.push_back(status::health_tree(object, live.index, engine::context_of(object, known)));
  }
  for (const model::ObjectRef& ref : live.missing) out.nodes.push_back(engine::absent_node(ref));
  return out;
}

// Follows the objects until everything is ready or has failed, or the time is up.
Result<Seen> keep_looking(Workspace& workspace, const VerbContext& context) {
  IE_TRY_ASSIGN(engine::WatchedHealth found,
                engine::watch_health(workspace.engine_environment(), workspace.release(),
                                     {context.options.health.selector}, workspace.release().timeout));
  return Seen{std::move(found.release), found.revision, std::move(found.unreadable), std::move(found.nodes)};
}

// What the tree is of.
std::string title_of(const Seen& seen, const engine::ReleaseOptions& release, const VerbContext& context) {
  if (!seen.release.empty())
    return fmt::format("release {} in {}, revision {}", seen.release, release.ns, seen.revision);
  const std::string& selector = context.options.health.selector;
  if (!selector.empty()) return fmt::format("objects of {} with {}", release.ns, selector);
  return fmt::format("all of {}: there is no release {}", release.ns, release.release);
}

}  // namespace

Outcome run_health(const VerbContext& context) {
  if (!context.options.input.files.empty()) return health_of_files(context);
  auto opened = Workspace::open(context, Workspace::Need::kAlways);
  if (!opened) return failed(bare_report(), std::move(opened).error(), std::nullopt);
  Workspace& workspace = **opened;
  auto seen = context.options.health.watch ? keep_looking(workspace, context) : look(workspace, context);
  if (!seen) {
    Error error = std::move(seen).error();
    if (error.code == &kube::errors::kForbidden && context.options.health.selector.empty()) {
      error.hint = fmt::format("{}; without that right: kubectl instantexec health -n {} -l SELECTOR",
                               error.next_step(), workspace.release().ns);
    }
    return failed(workspace.new_report("health"), std::move(error), workspace.interrupted_by());
  }
  for (const std::string& kind : seen->unreadable) {
    context.events.emit(model::WarningRaised{"objects of kind " + kind + " cannot be listed"});
  }
  model::Json document = live_document(*seen, workspace.release().ns);
  Outcome outcome = show(workspace.new_report("health"), std::move(seen->nodes),
                         title_of(*seen, workspace.release(), context));
  outcome.document = std::move(document);
  return outcome;
}

}  // namespace instantexec::cli
