#include <fmt/format.h>

#include <map>

#include "sim/controllers/control.h"

namespace instantexec::sim {
namespace {

using model::Json;

void furnish(Control& control, const std::string& ns) {
  if (!control.store().get({"", "ServiceAccount", ns, "default"})) {
    control.api.create({Json{{"apiVersion", "v1"},
                             {"kind", "ServiceAccount"},
                             {"metadata", {{"name", "default"}, {"namespace", ns}}}}},
                       control.wall());
  }
  if (!control.store().get({"", "ConfigMap", ns, "kube-root-ca.crt"})) {
    control.api.create(
        {Json{{"apiVersion", "v1"},
              {"kind", "ConfigMap"},
              {"metadata",
               {{"name", "kube-root-ca.crt"},
                {"namespace", ns},
                {"annotations", {{"kubernetes.io/description", "Trust anchor of the simulation."}}}}},
              {"data", {{"ca.crt", "simulated"}}}}},
        control.wall());
  }
}

Json condition(const char* type, bool holds, const char* reason, std::string message, const std::string& at) {
  return {{"type", type},
          {"status", holds ? "True" : "False"},
          {"reason", reason},
          {"message", std::move(message)},
          {"lastTransitionTime", at}};
}

}  // namespace

void sync_namespace(Control& control, const model::ObjectRef& ref) {
  const Snapshot place = control.store().get(ref);
  if (!place) return;
  if (!place->terminating()) return furnish(control, ref.name);
  std::map<std::string, int> held;  // by finalizer
  bool empty = true;
  for (const Snapshot& object : control.store().in_namespace(ref.name)) {
    if (!object->terminating()) control.api.remove(*object, engine::Propagation::kBackground, control.wall());
    const Snapshot left = control.store().get(object->ref());
    if (!left) continue;
    empty = false;
    for (const Json& finalizer : model::get_array(left->json, "/metadata/finalizers")) {
      ++held[finalizer.is_string() ? finalizer.get<std::string>() : ""];
    }
  }
  if (empty) return control.api.finish_removal(ref);
  std::string finalizers;
  for (const auto& [name, count] : held) {
    if (!finalizers.empty()) finalizers += ", ";
    finalizers += fmt::format("{} in {} resource instances", name, count);
  }
  const std::string at = format_rfc3339(control.wall());
  Json status{{"phase", "Terminating"}};
  status["conditions"] = Json::array(
      {condition("NamespaceContentRemaining", true, "SomeResourcesRemain", "Some resources are remaining",
                 at),
       condition("NamespaceFinalizersRemaining", !held.empty(),
                 held.empty() ? "ContentHasNoFinalizers" : "SomeFinalizersRemain",
                 held.empty() ? "All content-preserving finalizers finished"
                              : "Some content in the namespace has finalizers remaining: " + finalizers,
                 at)});
  // The time of the first look stays: writing a new one each time would never come to rest.
  if (const Json* before = model::find(place->json, "/status/conditions");
      before != nullptr &&
      model::get_string((*before)[1], "/message") == status["conditions"][1]["message"]) {
    return;
  }
  model::Object after = *place;
  after.json["status"] = std::move(status);
  control.api.write_status(*place, after, "kube-controller-manager", control.wall());
}

}  // namespace instantexec::sim
