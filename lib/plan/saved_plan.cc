#include "plan/saved_plan.h"

#include <map>
#include <set>
#include <utility>

#include "base/digest.h"
#include "plan/diff.h"
#include "plan/errors.h"

namespace instantexec::plan {
namespace {

using model::Json;

constexpr int kSchema = 1;
constexpr const char* kKind = "instantexec-plan";

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string digest_of(Json json) {
  json.erase("digest");
  return sha256_hex(text(json));
}

tl::unexpected<Error> invalid(std::string message) {
  return fail(errors::kInvalidPlan, "the saved plan " + std::move(message));
}

// Not their values: an admission webhook may give an object another one each time.
std::set<std::string> changed_fields(const Step& step) {
  std::set<std::string> out;
  for (const FieldChange& change : step.changes) out.insert(change.pointer);
  return out;
}

std::string difference(const Step& was, const Step& is, const std::string& was_state,
                       const std::string& is_state) {
  if (was.uid != is.uid && !was.uid.empty() && !is.uid.empty()) return "was deleted and created anew";
  if (was.op != is.op) {
    return "was to be: " + std::string(to_string(was.op)) +
           "; would be now: " + std::string(to_string(is.op));
  }
  if (was_state != is_state || was.uid != is.uid) return "changed since it was planned";
  if (was.gvk != is.gvk) return "is served in another version by now";
  if (was.force != is.force || was.reversibility != is.reversibility || was.deferred != is.deferred) {
    return "would be done in another way than planned";
  }
  // The object and the manifest are the same, so that the server treats them otherwise than it did.
  if (changed_fields(was) != changed_fields(is)) return "would change in other fields than planned";
  return {};
}

}  // namespace

std::string state_of(const model::Object& live) {
  const model::Gvk gvk = live.gvk();
  // Nothing but a wish changes a Secret, and a digest of its values would help to guess them.
  if (gvk.group.empty() && gvk.kind == "Secret") return "version " + live.resource_version();
  return sha256_hex(text(canonical(live)));
}

std::string encode(const SavedPlan& saved) {
  Json manifests = Json::array();
  for (const model::Object& object : saved.manifests) manifests.push_back(object.json);
  Json out{{"schema", kSchema},
           {"kind", kKind},
           {"revisionInForce", saved.revision},
           {"fieldManager", saved.field_manager},
           {"prune", saved.prune},
           {"forceConflicts", saved.force_conflicts},
           {"adopt", saved.adopt},
           {"acceptIrreversible", saved.accept_irreversible},
           {"plan", to_json(saved.plan)},
           {"states", saved.states},
           {"manifests", std::move(manifests)}};
  out["digest"] = digest_of(out);
  return text(out) + "\n";
}

Result<SavedPlan> decode_saved_plan(std::string_view bytes) {
  const auto json = model::parse_json(bytes);
  if (!json || !json->is_object() || model::get_string(*json, "/kind") != kKind) {
    return invalid("is not a file written by plan --out");
  }
  if (model::get_int(*json, "/schema") != kSchema) {
    return invalid("has schema " + std::to_string(model::get_int(*json, "/schema")) +
                   "; this program reads schema " + std::to_string(kSchema));
  }
  if (model::get_string(*json, "/digest") != digest_of(*json))
    return invalid("was altered since it was written");
  SavedPlan out;
  IE_TRY_ASSIGN(out.plan, from_json(model::get_object(*json, "/plan")));
  out.revision = static_cast<int>(model::get_int(*json, "/revisionInForce"));
  out.field_manager = model::get_string(*json, "/fieldManager");
  out.prune = model::get_bool(*json, "/prune");
  out.force_conflicts = model::get_bool(*json, "/forceConflicts");
  out.adopt = model::get_bool(*json, "/adopt");
  out.accept_irreversible = model::get_bool(*json, "/acceptIrreversible");
  for (const Json& item : model::get_array(*json, "/manifests")) {
    if (!item.is_object()) return invalid("holds a manifest that is no object");
    out.manifests.push_back(model::Object{item});
  }
  for (const Json& item : model::get_array(*json, "/states")) {
    if (!item.is_string()) return invalid("holds a state that is no text");
    out.states.push_back(item.get<std::string>());
  }
  if (out.states.size() != out.plan.steps.size() || out.manifests.size() > out.plan.steps.size()) {
    return invalid("does not fit its manifests");
  }
  return out;
}

std::vector<std::string> drift(const SavedPlan& saved, const SavedPlan& now) {
  std::vector<std::string> out;
  if (saved.revision != now.revision) {
    out.push_back("revision " + std::to_string(now.revision) + " is in force; it was planned upon revision " +
                  std::to_string(saved.revision));
  }
  std::map<model::ObjectRef, std::size_t> by_ref;
  for (std::size_t i = 0; i < now.plan.steps.size(); ++i) by_ref[now.plan.steps[i].object] = i;
  for (std::size_t i = 0; i < saved.plan.steps.size(); ++i) {
    const Step& was = saved.plan.steps[i];
    const auto found = by_ref.find(was.object);
    if (found == by_ref.end()) {
      out.push_back(was.object.to_string() + " is no longer part of the release");
      continue;
    }
    const std::string what =
        difference(was, now.plan.steps[found->second], saved.states[i], now.states[found->second]);
    if (!what.empty()) out.push_back(was.object.to_string() + " " + what);
    by_ref.erase(found);
  }
  for (const auto& [ref, index] : by_ref) {
    out.push_back(ref.to_string() +
                  " was not in the plan; would be now: " + std::string(to_string(now.plan.steps[index].op)));
  }
  return out;
}

}  // namespace instantexec::plan
