#include "plan/plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.h"
#include "plan/errors.h"

namespace instantexec::plan {
namespace {

using model::Json;

constexpr int kSchema = 1;

constexpr std::array<std::pair<Op, std::string_view>, 7> kOps = {{{Op::kCreate, "create"},
                                                                  {Op::kConfigure, "configure"},
                                                                  {Op::kUnchanged, "unchanged"},
                                                                  {Op::kPrune, "prune"},
                                                                  {Op::kRestore, "restore"},
                                                                  {Op::kDelete, "delete"},
                                                                  {Op::kKeep, "keep"}}};
constexpr std::array<std::pair<Reversibility, std::string_view>, 3> kGrades = {
    {{Reversibility::kExact, "R0"}, {Reversibility::kNewIdentity, "R1"}, {Reversibility::kNone, "R2"}}};

template <typename Table, typename Value>
bool read_word(const Table& table, std::string_view word, Value& into) {
  for (const auto& [value, name] : table) {
    if (name == word) {
      into = value;
      return true;
    }
  }
  return false;
}

Json change_json(const FieldChange& change) {
  Json out{{"pointer", change.pointer}};
  if (change.before) out["before"] = *change.before;
  if (change.after) out["after"] = *change.after;
  return out;
}

Json step_json(const Step& step) {
  Json out{{"op", to_string(step.op)},
           {"apiVersion", step.gvk.api_version()},
           {"kind", step.gvk.kind},
           {"name", step.object.name},
           {"reversibility", to_string(step.reversibility)}};
  const auto set = [&out](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  set("namespace", step.object.ns);
  set("uid", step.uid);
  set("resourceVersion", step.resource_version);
  set("reason", step.reason);
  set("manifestDigest", step.manifest_digest);
  if (step.force) out["force"] = true;
  if (step.deferred) out["deferred"] = true;
  if (step.gate) out["gate"] = true;
  if (step.forgotten) out["forgotten"] = true;
  if (!step.depends_on.empty()) out["dependsOn"] = step.depends_on;
  if (!step.waits_for.empty()) out["waitsFor"] = step.waits_for;
  for (const FieldChange& change : step.changes) out["changes"].push_back(change_json(change));
  return out;
}

// Indices below `limit`; false when something else is there.
bool read_indices(const Json& json, std::string_view pointer, std::size_t limit,
                  std::vector<std::size_t>& into) {
  for (const Json& item : model::get_array(json, pointer)) {
    if (!item.is_number_unsigned()) return false;
    into.push_back(item.get<std::size_t>());
    if (into.back() >= limit) return false;
  }
  return true;
}

bool read_step(const Json& json, std::pair<std::size_t, std::size_t> limits, Step& step) {
  step.gvk = model::make_gvk(model::get_string(json, "/apiVersion"), model::get_string(json, "/kind"));
  step.object = {step.gvk.group, step.gvk.kind, model::get_string(json, "/namespace"),
                 model::get_string(json, "/name")};
  step.uid = model::get_string(json, "/uid");
  step.resource_version = model::get_string(json, "/resourceVersion");
  step.reason = model::get_string(json, "/reason");
  step.manifest_digest = model::get_string(json, "/manifestDigest");
  step.force = model::get_bool(json, "/force");
  step.deferred = model::get_bool(json, "/deferred");
  step.gate = model::get_bool(json, "/gate");
  step.forgotten = model::get_bool(json, "/forgotten");
  for (const Json& item : model::get_array(json, "/changes")) {
    FieldChange change{model::get_string(item, "/pointer"), std::nullopt, std::nullopt};
    if (const Json* value = model::find(item, "/before")) change.before = *value;
    if (const Json* value = model::find(item, "/after")) change.after = *value;
    step.changes.push_back(std::move(change));
  }
  return read_word(kOps, model::get_string(json, "/op"), step.op) &&
         read_word(kGrades, model::get_string(json, "/reversibility"), step.reversibility) &&
         !step.gvk.kind.empty() && !step.gvk.version.empty() && !step.object.name.empty() &&
         read_indices(json, "/dependsOn", limits.first, step.depends_on) &&
         read_indices(json, "/waitsFor", limits.second, step.waits_for);
}

}  // namespace

bool Plan::changes_anything() const {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) { return writes(step.op); });
}

std::size_t Plan::count(Op op) const {
  return static_cast<std::size_t>(
      std::count_if(steps.begin(), steps.end(), [op](const Step& step) { return step.op == op; }));
}

std::string_view to_string(Op op) {
  for (const auto& [value, name] : kOps) {
    if (value == op) return name;
  }
  return "keep";
}

std::string_view to_string(Reversibility reversibility) {
  for (const auto& [value, name] : kGrades) {
    if (value == reversibility) return name;
  }
  return "R2";
}

bool writes(Op op) {
  return op != Op::kUnchanged && op != Op::kKeep;
}

model::Json to_json(const Plan& plan) {
  Json steps = Json::array();
  for (const Step& step : plan.steps) steps.push_back(step_json(step));
  Json groups = Json::array();
  for (const Group& group : plan.groups) {
    groups.push_back(Json{{"name", group.name}, {"members", group.members}});
  }
  return Json{{"schema", kSchema},         {"release", plan.release},   {"namespace", plan.ns},
              {"revision", plan.revision}, {"steps", std::move(steps)}, {"groups", std::move(groups)}};
}

Result<Plan> from_json(const model::Json& json) {
  const auto schema = model::get_int(json, "/schema");
  if (schema != kSchema) {
    return fail(errors::kInvalidPlan, "the plan has schema " + std::to_string(schema) +
                                          "; this program reads schema " + std::to_string(kSchema));
  }
  Plan plan;
  plan.release = model::get_string(json, "/release");
  plan.ns = model::get_string(json, "/namespace");
  plan.revision = static_cast<int>(model::get_int(json, "/revision"));
  const Json& steps = model::get_array(json, "/steps");
  const Json& groups = model::get_array(json, "/groups");
  for (const Json& item : steps) {
    if (!read_step(item, {steps.size(), groups.size()}, plan.steps.emplace_back())) {
      return fail(errors::kInvalidPlan,
                  "step " + std::to_string(plan.steps.size()) + " of the plan is not understood");
    }
  }
  for (const Json& item : groups) {
    Group& group = plan.groups.emplace_back();
    group.name = model::get_string(item, "/name");
    if (!read_indices(item, "/members", steps.size(), group.members)) {
      return fail(errors::kInvalidPlan, "a group of the plan names a step that does not exist");
    }
  }
  return plan;
}

std::string digest(const Plan& plan) {
  Json json = to_json(plan);
  for (Json& step : json["steps"]) {
    step.erase("changes");
    if (step["kind"] == "Secret" && step["apiVersion"] == "v1") step.erase("manifestDigest");
  }
  return sha256_hex(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace instantexec::plan
