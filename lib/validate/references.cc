#include "validate/references.h"

#include <fmt/format.h>

namespace instantexec::validate {
namespace {

using model::Json;
using References = std::vector<Reference>;

// What is named, and in which field.
struct Naming {
  const char* kind;
  const char* field;
};

// Adds what `json` at `pointer` names, unless it may be missing.
void add(References& out, const Json& json, const std::string& pointer, const Naming& naming) {
  const std::string name = model::get_string(json, fmt::format("/{}", naming.field));
  if (name.empty() || model::get_bool(json, "/optional")) return;
  out.push_back(
      {fmt::format("{}/{}", pointer, naming.field), naming.kind, name, model::get_string(json, "/key")});
}

void add_at(References& out, const Json& base, const std::string& base_pointer, std::string_view below,
            const Naming& naming) {
  if (const Json* json = model::find(base, below)) {
    add(out, *json, base_pointer + std::string(below), naming);
  }
}

void environment_references(const Container& container, References& out) {
  const Json& from = model::get_array(*container.json, "/envFrom");
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::string pointer = fmt::format("{}/envFrom/{}", container.pointer, i);
    add_at(out, from[i], pointer, "/configMapRef", {"ConfigMap", "name"});
    add_at(out, from[i], pointer, "/secretRef", {"Secret", "name"});
  }
  const Json& env = model::get_array(*container.json, "/env");
  for (std::size_t i = 0; i < env.size(); ++i) {
    const std::string pointer = fmt::format("{}/env/{}", container.pointer, i);
    add_at(out, env[i], pointer, "/valueFrom/configMapKeyRef", {"ConfigMap", "name"});
    add_at(out, env[i], pointer, "/valueFrom/secretKeyRef", {"Secret", "name"});
  }
}

void volume_references(const Workload& workload, References& out) {
  const Json& volumes = model::get_array(*workload.pod_spec, "/volumes");
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const std::string pointer = fmt::format("{}/volumes/{}", workload.spec_pointer(), i);
    add_at(out, volumes[i], pointer, "/configMap", {"ConfigMap", "name"});
    add_at(out, volumes[i], pointer, "/secret", {"Secret", "secretName"});
    add_at(out, volumes[i], pointer, "/persistentVolumeClaim", {"PersistentVolumeClaim", "claimName"});
    const Json& sources = model::get_array(volumes[i], "/projected/sources");
    for (std::size_t k = 0; k < sources.size(); ++k) {
      const std::string source = fmt::format("{}/projected/sources/{}", pointer, k);
      add_at(out, sources[k], source, "/configMap", {"ConfigMap", "name"});
      add_at(out, sources[k], source, "/secret", {"Secret", "name"});
    }
  }
}

}  // namespace

std::vector<Reference> references_of(const Workload& workload) {
  References out;
  add(out, *workload.pod_spec, workload.spec_pointer(), {"ServiceAccount", "serviceAccountName"});
  for (const Container& container : workload.containers) environment_references(container, out);
  volume_references(workload, out);
  return out;
}

// Made by the cluster itself in every namespace.
bool always_there(const Reference& reference) {
  return (reference.kind == "ServiceAccount" && reference.name == "default") ||
         (reference.kind == "ConfigMap" && reference.name == "kube-root-ca.crt");
}

}  // namespace instantexec::validate
