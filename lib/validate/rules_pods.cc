#include <fmt/format.h>

#include <array>
#include <set>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

// Kinds whose selector must select their own template: apps/v1 and ReplicationController. Jobs get theirs
// made.
bool has_selector(const Workload& workload) {
  return workload.pod_pointer == "/spec/template" && workload.kind() != "Job";
}

void check_selector(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    if (!has_selector(workload)) continue;
    const Json* selector = model::find(workload.object->json, "/spec/selector");
    const bool equality = workload.kind() == "ReplicationController";
    if (selector == nullptr || !selector->is_object() || selector->empty()) {
      if (equality) continue;  // taken from the template
      report.add(*workload.manifest, "/spec/selector", fmt::format("{} has no selector", workload.kind()));
      continue;
    }
    const bool matches = equality ? equality_selector_matches(labels_of(selector), workload.pod_labels)
                                  : label_selector_matches(*selector, workload.pod_labels);
    if (matches) continue;
    const bool has_labels = model::find(workload.object->json, "/spec/template/metadata/labels") != nullptr;
    report.add(*workload.manifest, has_labels ? "/spec/template/metadata/labels" : "/spec/selector",
               "the selector does not select the pods of its own template");
  }
}

std::set<std::string> volume_names(const Workload& workload) {
  std::set<std::string> out;
  for (const Json& volume : model::get_array(*workload.pod_spec, "/volumes")) {
    out.insert(model::get_string(volume, "/name"));
  }
  for (const Json& claim : model::get_array(workload.object->json, "/spec/volumeClaimTemplates")) {
    out.insert(model::get_string(claim, "/metadata/name"));
  }
  return out;
}

void check_mounts(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    const auto volumes = volume_names(workload);
    for (const Container& container : workload.containers) {
      std::set<std::string> paths;
      const Json& mounts = model::get_array(*container.json, "/volumeMounts");
      for (std::size_t i = 0; i < mounts.size(); ++i) {
        const std::string pointer = fmt::format("{}/volumeMounts/{}", container.pointer, i);
        const std::string name = model::get_string(mounts[i], "/name");
        const std::string path = model::get_string(mounts[i], "/mountPath");
        if (!volumes.contains(name)) {
          report.add(*workload.manifest, pointer + "/name",
                     fmt::format("container {} mounts volume {}, which the pod does not have", container.name,
                                 name));
        }
        if (!paths.insert(path).second) {
          report.add(*workload.manifest, pointer + "/mountPath",
                     fmt::format("container {} mounts two volumes at {}", container.name, path));
        }
      }
    }
  }
}

void check_env(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      std::set<std::string> names;
      const Json& env = model::get_array(*container.json, "/env");
      for (std::size_t i = 0; i < env.size(); ++i) {
        const std::string name = model::get_string(env[i], "/name");
        if (names.insert(name).second) continue;
        report.add(*workload.manifest, fmt::format("{}/env/{}/name", container.pointer, i),
                   fmt::format("container {} sets {} twice; the last one wins", container.name, name));
      }
    }
  }
}

void check_container_names(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    std::set<std::string> names;
    bool main = false;
    for (const Container& container : workload.containers) {
      main = main || !container.init;
      if (names.insert(container.name).second && !container.name.empty()) continue;
      report.add(*workload.manifest, container.pointer + "/name",
                 container.name.empty() ? std::string("a container has no name")
                                        : fmt::format("two containers are named {}", container.name));
    }
    if (!main)
      report.add(*workload.manifest, workload.spec_pointer() + "/containers", "the pod has no container");
  }
}

void check_restart_policy(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    if (workload.kind() == "Pod") continue;
    const std::string policy = model::get_string(*workload.pod_spec, "/restartPolicy", "Always");
    const bool ends = workload.kind() == "Job" || workload.kind() == "CronJob";
    if (ends == (policy != "Always")) continue;
    report.add(
        *workload.manifest, workload.spec_pointer() + "/restartPolicy",
        ends ? fmt::format("the pods of a {} must have restartPolicy OnFailure or Never", workload.kind())
             : fmt::format("the pods of a {} must have restartPolicy Always", workload.kind()));
  }
}

// An absolute number or a percentage of zero.
bool is_zero(const Json* value) {
  if (value == nullptr) return false;
  return (value->is_number_integer() && *value == Json(0)) || *value == Json("0%") || *value == Json("0");
}

void check_rolling_update(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    const char* strategy = workload.kind() == "Deployment"  ? "/spec/strategy/rollingUpdate"
                           : workload.kind() == "DaemonSet" ? "/spec/updateStrategy/rollingUpdate"
                                                            : nullptr;
    if (strategy == nullptr) continue;
    const Json& update = model::get_object(workload.object->json, strategy);
    const Json* surge = model::find(update, "/maxSurge");
    // A DaemonSet does not surge unless told to; a Deployment does.
    const bool no_surge = is_zero(surge) || (surge == nullptr && workload.kind() == "DaemonSet");
    if (!no_surge || !is_zero(model::find(update, "/maxUnavailable"))) continue;
    report.add(*workload.manifest, std::string(strategy) + "/maxUnavailable",
               "maxSurge and maxUnavailable are both 0: no pod could ever be replaced");
  }
}

constexpr std::array kRules{
    Rule{"workload.selector-mismatch", Severity::kError, EvidenceClass::kRule,
         "a workload's selector selects the pods of its own template",
         "give spec.template.metadata.labels every label of spec.selector", check_selector},
    Rule{"workload.containers", Severity::kError, EvidenceClass::kRule,
         "a pod has containers, each with a name of its own", "give every container a unique name",
         check_container_names},
    Rule{"workload.volume-mount", Severity::kError, EvidenceClass::kRule,
         "volume mounts name volumes of the pod, at different paths",
         "add the volume to spec.volumes, or correct the mount", check_mounts},
    Rule{"workload.restart-policy", Severity::kError, EvidenceClass::kRule,
         "the restart policy fits the kind",
         "remove restartPolicy where it must be Always; set OnFailure or Never for Jobs",
         check_restart_policy},
    Rule{"workload.rolling-update", Severity::kError, EvidenceClass::kRule,
         "a rolling update can make progress", "allow one surge pod or one unavailable pod",
         check_rolling_update},
    Rule{"workload.duplicate-env", Severity::kWarning, EvidenceClass::kRule,
         "a container sets every environment variable once", "remove one of the two", check_env},
};

}  // namespace

std::span<const Rule> pod_rules() {
  return kRules;
}

}  // namespace instantexec::validate
