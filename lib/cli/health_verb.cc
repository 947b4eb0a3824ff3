#include "cli/health_verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "cli/connection.h"
#include "cli/health_inputs.h"
#include "cli/health_view.h"
#include "cli/release_verbs.h"
#include "cli/version.h"
#include "cli/workspace.h"
#include "engine/health_follow.h"
#include "engine/live_health.h"

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

// What is known beside an object, for judging it as it is.
struct Knowledge {
  const status::ChildIndex& index;
  const std::map<model::Gvk, bool>& declares_status;
  const Rules& rules;
  Timestamp now;
};

status::HealthNode judge(const model::Object& object, const Knowledge& known) {
  status::Context context;
  context.now = known.now;
  context.rules = known.rules;
  context.options.declared_failures = true;
  const auto declared = known.declares_status.find(object.gvk());
  if (declared != known.declares_status.end()) context.declares_status = declared->second;
  return status::health_tree(object, known.index, context);
}

status::HealthNode absent(const model::ObjectRef& ref) {
  status::HealthNode node;
  node.object = ref;
  node.status = {model::HealthStatus::kNotFound, "NotFound", "it does not exist", {}, {}};
  node.rule = "general";
  return node;
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
  const Knowledge known{live.index, live.declares_status, workspace.release().health_rules,
                        workspace.clock().wall()};
  for (const model::Object& object : live.objects) out.nodes.push_back(judge(object, known));
  for (const model::ObjectRef& ref : live.missing) out.nodes.push_back(absent(ref));
  return out;
}

// The last verdict of every object that is followed.
class Verdicts {
 public:
  Verdicts(const engine::HealthFollower& follower, const Rules& rules, engine::EventSink& events)
      : follower_(follower), rules_(rules), events_(events) {}

  // Judges an object again, and tells when its health has changed.
  void judge_again(const model::ObjectRef& ref, Timestamp now) {
    const auto followed = follower_.objects().find(ref);
    if (followed == follower_.objects().end()) {
      nodes_.erase(ref);
      unsettled_.erase(ref);
      return;
    }
    const model::Object* object = follower_.index().find(followed->second);
    status::HealthNode node =
        object == nullptr ? absent(ref)
                          : judge(*object, {follower_.index(), follower_.declares_status(), rules_, now});
    const auto old = nodes_.find(ref);
    const bool same = old != nodes_.end() && old->second.status.status == node.status.status &&
                      old->second.status.reason == node.status.reason;
    if (!same) events_.emit(model::ObjectHealthChanged{ref, node.status});
    const bool settled = status::counts_as_ready(node.status.status) || node.status.doomed();
    if (settled) {
      unsettled_.erase(ref);
    } else {
      unsettled_.insert(ref);
    }
    nodes_[ref] = std::move(node);
  }

  [[nodiscard]] const std::set<model::ObjectRef>& unsettled() const { return unsettled_; }

  [[nodiscard]] Nodes take() {
    Nodes out;
    for (auto& [ref, node] : nodes_) out.push_back(std::move(node));
    return out;
  }

 private:
  const engine::HealthFollower& follower_;
  const Rules& rules_;
  engine::EventSink& events_;
  std::map<model::ObjectRef, status::HealthNode> nodes_;
  std::set<model::ObjectRef> unsettled_;
};

// Follows the objects until everything is ready or has failed, or the time is up.
Result<Seen> keep_looking(Workspace& workspace, const VerbContext& context) {
  engine::HealthFollower follower(workspace.engine_environment(), workspace.release(),
                                  {context.options.health.selector});
  IE_TRY(follower.begin());
  Verdicts verdicts(follower, workspace.release().health_rules, context.events);
  for (const auto& [ref, uid] : follower.objects()) verdicts.judge_again(ref, follower.now());
  const Instant end = workspace.clock().now() + workspace.release().timeout;
  while (!verdicts.unsettled().empty() && workspace.clock().now() < end) {
    const Instant until = std::min(end, workspace.clock().now() + kLookEvery);
    IE_TRY_ASSIGN(const std::set<model::ObjectRef> touched, follower.next(until));
    // What was not touched may have become something else by waiting.
    const std::set<model::ObjectRef> again = touched.empty() ? verdicts.unsettled() : touched;
    for (const model::ObjectRef& ref : again) verdicts.judge_again(ref, follower.now());
  }
  return Seen{follower.release(), follower.revision(), follower.unreadable(), verdicts.take()};
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
  for (const std::string& kind : seen->unreadable) {
    context.events.emit(model::WarningRaised{"objects of kind " + kind + " cannot be listed"});
  }
  model::Json document = live_document(*seen, workspace.release().ns);
  Outcome outcome = show(workspace.new_report("health"), std::move(seen->nodes));
  outcome.document = std::move(document);
  return outcome;
}

}  // namespace instantexec::cli
