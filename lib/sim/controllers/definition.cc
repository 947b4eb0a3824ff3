#include "sim/controllers/control.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_bool;
using model::get_string;
using model::Json;

Json condition(const char* type, const char* reason, const char* message, const std::string& at) {
  return {{"type", type},
          {"status", "True"},
          {"reason", reason},
          {"message", message},
          {"lastTransitionTime", at}};
}

bool established(const model::Object& definition) {
  for (const Json& item : get_array(definition.json, "/status/conditions")) {
    if (get_string(item, "/type") == "Established") return get_string(item, "/status") == "True";
  }
  return false;
}

void establish(Control& control, const model::Object& definition) {
  const std::string at = format_rfc3339(control.wall());
  model::Object after = definition;
  Json& status = after.json["status"];
  status["acceptedNames"] = model::get_object(definition.json, "/spec/names");
  status["conditions"] = Json::array(
      {condition("NamesAccepted", "NoConflicts", "no conflicts found", at),
       condition("Established", "InitialNamesAccepted", "the initial names have been accepted", at)});
  status["storedVersions"] = Json::array();
  for (const Json& version : get_array(definition.json, "/spec/versions")) {
    if (get_bool(version, "/storage")) status["storedVersions"].push_back(get_string(version, "/name"));
  }
  control.api.write_status(definition, after, "kube-apiserver", control.wall());
}

}  // namespace

void sync_definition(Control& control, const model::ObjectRef& ref) {
  const Snapshot definition = control.store().get(ref);
  if (!definition) return;
  const std::string group = get_string(definition->json, "/spec/group");
  const std::string kind = get_string(definition->json, "/spec/names/kind");
  if (definition->terminating()) {
    bool empty = true;
    for (const Snapshot& instance : control.store().list(group, kind, "")) {
      if (!instance->terminating())
        control.api.remove(*instance, engine::Propagation::kBackground, control.wall());
      empty = empty && !control.store().get(instance->ref());
    }
    if (!empty) return control.look_at(ref, Duration{100});
    control.api.registry().withdraw(*definition);
    return control.api.finish_removal(ref);
  }
  control.api.registry().serve(*definition);
  if (!established(*definition)) establish(control, *definition);
}

}  // namespace instantexec::sim
