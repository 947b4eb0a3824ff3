#include "sim/prepare.h"

#include <fmt/format.h>

#include <algorithm>

namespace instantexec::sim {
namespace {

using model::Json;

const std::map<std::string, Json, std::less<>>& initial_status() {
  static const std::map<std::string, Json, std::less<>> kStatus = {
      {"Namespace", {{"phase", "Active"}}},
      {"PersistentVolumeClaim", {{"phase", "Pending"}}},
      {"Service", {{"loadBalancer", Json::object()}}},
      {"Ingress", {{"loadBalancer", Json::object()}}},
      {"ReplicaSet", {{"replicas", 0}}},
      {"StatefulSet", {{"availableReplicas", 0}, {"replicas", 0}}},
      {"DaemonSet",
       {{"currentNumberScheduled", 0},
        {"desiredNumberScheduled", 0},
        {"numberMisscheduled", 0},
        {"numberReady", 0}}},
      {"PodDisruptionBudget",
       {{"currentHealthy", 0}, {"desiredHealthy", 0}, {"disruptionsAllowed", 0}, {"expectedPods", 0}}},
      {"HorizontalPodAutoscaler", {{"currentMetrics", Json()}, {"desiredReplicas", 0}}},
  };
  return kStatus;
}

Json stored_versions(const Json& definition) {
  Json out = Json::array();
  for (const Json& version : model::get_array(definition, "/spec/versions")) {
    if (model::get_bool(version, "/storage")) out.push_back(model::get_string(version, "/name"));
  }
  return out;
}

// All containers with equal limits and requests for both: Guaranteed; none with any: BestEffort.
const char* quality_of_service(const Json& pod) {
  bool any = false;
  bool all = true;
  for (const Json& container : model::get_array(pod, "/spec/containers")) {
    const Json& limits = model::get_object(container, "/resources/limits");
    const Json& requests = model::get_object(container, "/resources/requests");
    any = any || !limits.empty() || !requests.empty();
    for (const char* name : {"cpu", "memory"}) {
      all = all && limits.contains(name) && (!requests.contains(name) || requests[name] == limits[name]);
    }
  }
  return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
}

// All that counts as specification: everything but metadata and status.
Json specification(const Json& object, const ServedKind& kind) {
  Json out = object;
  for (const char* field : {"metadata", "apiVersion", "kind"}) out.erase(field);
  if (kind.has_status) out.erase("status");
  return out;
}

bool generation_changes(const Json& object, const Json& live, const ServedKind& kind) {
  if (specification(object, kind) != specification(live, kind)) return true;
  const auto differs_at = [&](const char* pointer) {
    const Json* left = model::find(object, pointer);
    const Json* right = model::find(live, pointer);
    return (left == nullptr) != (right == nullptr) || (left != nullptr && *left != *right);
  };
  // Deployments count their annotations, EndpointSlices their labels.
  if (kind.kind() == "Deployment") return differs_at("/metadata/annotations");
  if (kind.kind() == "EndpointSlice") return differs_at("/metadata/labels");
  return false;
}

void forbid_new_finalizers(const Json& object, const Json& live, FieldErrors& errors) {
  const Json& before = model::get_array(live, "/metadata/finalizers");
  std::string added;
  for (const Json& name : model::get_array(object, "/metadata/finalizers")) {
    if (std::find(before.begin(), before.end(), name) != before.end()) continue;
    added += (added.empty() ? "" : ", ") + name.dump();
  }
  if (added.empty()) return;
  errors.forbidden(
      "metadata.finalizers",
      fmt::format("no new finalizers can be added if the object is being deleted, found new finalizers "
                  "[]string{{{}}}",
                  added));
}

void keep(Json& metadata, const Json& live, const char* field) {
  const auto it = live.find(field);
  if (it == live.end()) {
    metadata.erase(field);
  } else {
    metadata[field] = *it;
  }
}

}  // namespace

std::string kind_and_group(const ServedKind& kind) {
  const auto& gvk = kind.resource.gvk;
  return gvk.group.empty() ? gvk.kind : gvk.kind + "." + gvk.group;
}

std::string resource_and_group(const ServedKind& kind) {
  const auto& group = kind.resource.gvk.group;
  return group.empty() ? kind.resource.resource : kind.resource.resource + "." + group;
}

void prepare_create(model::Object& object, const ServedKind& kind, std::string uid, Timestamp now) {
  Json& metadata = object.json["metadata"];
  for (const char* field :
       {"resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}) {
    metadata.erase(field);
  }
  metadata["uid"] = std::move(uid);
  metadata["creationTimestamp"] = format_rfc3339(now);
  if (kind.has_generation) metadata["generation"] = 1;
  if (!kind.has_status) return;
  object.json.erase("status");
  if (kind.kind() == "PersistentVolume") {
    object.json["status"] = Json{{"phase", "Pending"}, {"lastPhaseTransitionTime", format_rfc3339(now)}};
  } else if (kind.kind() == "CustomResourceDefinition") {
    object.json["status"]["storedVersions"] = stored_versions(object.json);
  } else if (kind.kind() == "Pod") {
    object.json["status"] = Json{{"phase", "Pending"}, {"qosClass", quality_of_service(object.json)}};
  } else if (const auto it = initial_status().find(kind.kind());
             it != initial_status().end() && !kind.custom) {
    object.json["status"] = it->second;
  } else if (!kind.custom) {
    object.json["status"] = Json::object();
  }
}

Verdict prepare_update(model::Object& object, const model::Object& live, const ServedKind& kind) {
  Json& metadata = object.json["metadata"];
  const Json& live_metadata = live.json["metadata"];
  FieldErrors errors;
  const std::string uid = object.uid();
  if (!uid.empty() && uid != live.uid()) {
    errors.invalid("metadata.uid", fmt::format("\"{}\"", uid), "field is immutable");
  }
  if (object.name() != live.name()) {
    errors.invalid("metadata.name", fmt::format("\"{}\"", object.name()), "field is immutable");
  }
  if (live.terminating()) forbid_new_finalizers(object.json, live.json, errors);
  if (!errors.causes.empty()) return invalid(kind_and_group(kind), live.name(), std::move(errors));
  for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
                            "generation", "namespace", "generateName"}) {
    keep(metadata, live_metadata, field);
  }
  if (kind.has_status) {
    const auto status = live.json.find("status");
    if (status == live.json.end()) {
      object.json.erase("status");
    } else {
      object.json["status"] = *status;
    }
  }
  if (kind.has_generation && generation_changes(object.json, live.json, kind)) {
    metadata["generation"] = live.generation() + 1;
  }
  return {};
}

}  // namespace instantexec::sim
