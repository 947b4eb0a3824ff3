#include "engine/drill.h"

#include <utility>

#include "base/text.h"
#include "plan/diff.h"
#include "plan/undo.h"

namespace instantexec::engine {
namespace {

using model::Json;

constexpr const char* kValues = "patch values";
constexpr const char* kOwnership = "patch ownership";
constexpr const char* kDeletion = "delete";
constexpr std::size_t kMessageLimit = 500;

bool is(const Json& operation, const char* op, const char* path) {
  return model::get_string(operation, "/op") == op && model::get_string(operation, "/path") == path;
}

// The undo's patch as it can be applied to the object before the change: what it would remove is not there
// yet, and what it would set is there and is set to what it is. The guard of the version goes, for
// controllers may write the status at any time.
Json before_the_change(const Json& patch) {
  Json out = Json::array();
  for (const Json& operation : patch) {
    if (is(operation, "replace", "/metadata/resourceVersion")) continue;
    if (model::get_string(operation, "/op") == "remove") continue;
    out.push_back(operation);
  }
  return out;
}

class Drill {
 public:
  explicit Drill(Session& session) : session_(session) {}

  void add(const plan::Step& step, const char* write, Request request) {
    outcomes_.push_back({step.object, write, true, {}});
    requests_.push_back(std::move(request));
  }

  void add_deletion(const plan::Step& step, std::string uid) {
    DeleteRequest request;
    request.gvk = step.gvk;
    request.ns = step.object.ns;
    request.name = step.object.name;
    request.preconditions.uid = std::move(uid);
    request.dry_run = true;
    add(step, kDeletion, std::move(request));
  }

  std::vector<model::DrillOutcome> run() {
    auto responses = session_.call_all(std::move(requests_));
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const Response& response = responses[i];
      const bool absent = response.not_found() && outcomes_[i].write == kDeletion;
      if (response.ok() || absent) continue;
      outcomes_[i].accepted = false;
      outcomes_[i].message =
          sanitise_line(response.error ? response.error->to_string() : "no answer", kMessageLimit);
    }
    return std::move(outcomes_);
  }

 private:
  Session& session_;
  std::vector<model::DrillOutcome> outcomes_;
  std::vector<Request> requests_;
};

}  // namespace

std::vector<model::DrillOutcome> drill_undo(Session& session, const PlanResult& planned,
                                            const ReleaseOptions& options) {
  Drill drill(session);
  for (const plan::Step& step : planned.plan.steps) {
    if (step.deferred) continue;
    if (step.op == plan::Op::kCreate) drill.add_deletion(step, {});
    if (step.op != plan::Op::kConfigure) continue;
    const auto before = planned.live.find(step.object);
    const auto after = planned.after.find(step.object);
    if (before == planned.live.end() || after == planned.after.end()) continue;
    const auto patch = [&](const Json& operations) {
      return PatchRequest{
          step.gvk, step.object.ns, step.object.name, before_the_change(operations), options.field_manager,
          true};
    };
    drill.add(step, kValues, patch(plan::guarded_patch(after->second, plan::canonical(before->second))));
    plan::UndoInput input;
    input.before = &before->second;
    input.after = input.live = &after->second;
    input.field_manager = options.field_manager;
    if (auto owners = plan::ownership_patch(input)) drill.add(step, kOwnership, patch(*owners));
  }
  return drill.run();
}

std::vector<model::DrillOutcome> drill_prunes(Session& session, const PlanResult& planned) {
  Drill drill(session);
  for (const plan::Step& step : planned.plan.steps) {
    if (step.op == plan::Op::kPrune) drill.add_deletion(step, step.uid);
  }
  return drill.run();
}

std::vector<model::Finding> drill_findings(const std::vector<model::DrillOutcome>& outcomes, bool accepted) {
  std::vector<model::Finding> out;
  for (const model::DrillOutcome& outcome : outcomes) {
    if (outcome.accepted) continue;
    model::Finding finding;
    finding.rule = "drill.refused";
    finding.severity = accepted ? model::Severity::kWarning : model::Severity::kError;
    finding.subject = outcome.object;
    finding.message =
        "the server refuses a write that was only tried (" + outcome.write + "): " + outcome.message;
    finding.hint = "clear the way for it, or go on with --accept-irreversible";
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace instantexec::engine
