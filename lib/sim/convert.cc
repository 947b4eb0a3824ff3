#include "sim/convert.h"

#include <array>
#include <utility>

namespace instantexec::sim {
namespace {

using model::Json;

// events.k8s.io/v1 and v1 call the same fields differently.
constexpr std::array<std::pair<const char*, const char*>, 6> kEventNames = {
    {{"regarding", "involvedObject"},
     {"note", "message"},
     {"reportingController", "reportingComponent"},
     {"deprecatedSource", "source"},
     {"deprecatedFirstTimestamp", "firstTimestamp"},
     {"deprecatedLastTimestamp", "lastTimestamp"}}};

void rename(Json& object, const char* from, const char* to) {
  const auto it = object.find(from);
  if (it == object.end()) return;
  Json value = std::move(*it);
  object.erase(it);
  object[to] = std::move(value);
}

constexpr const char* kCpuTarget = "targetCPUUtilizationPercentage";

// autoscaling/v1 knows one metric: CPU utilisation.
void autoscaler_to_v1(Json& object) {
  Json& spec = object["spec"];
  for (const Json& metric : model::get_array(spec, "/metrics")) {
    if (const Json* target = model::find(metric, "/resource/target/averageUtilization"))
      spec[kCpuTarget] = *target;
  }
  spec.erase("metrics");
  spec.erase("behavior");
}

void autoscaler_from_v1(Json& object) {
  Json& spec = object["spec"];
  const auto it = spec.find(kCpuTarget);
  if (it == spec.end()) return;
  spec["metrics"] = Json::array(
      {{{"type", "Resource"},
        {"resource",
         {{"name", "cpu"}, {"target", {{"type", "Utilization"}, {"averageUtilization", *it}}}}}}});
  spec.erase(kCpuTarget);
}

}  // namespace

model::Object shown_as(const model::Object& stored, const ServedKind& kind) {
  model::Object out = stored;
  out.json["apiVersion"] = kind.resource.gvk.api_version();
  if (kind.resource.gvk.group == "events.k8s.io") {
    for (const auto& [here, core] : kEventNames) rename(out.json, core, here);
  } else if (kind.kind() == "HorizontalPodAutoscaler" && kind.resource.gvk.version == "v1") {
    autoscaler_to_v1(out.json);
  }
  return out;
}

model::Object to_stored(model::Object object, const ServedKind& kind) {
  if (kind.resource.gvk.group == "events.k8s.io") {
    for (const auto& [here, core] : kEventNames) rename(object.json, here, core);
    object.json["apiVersion"] = "v1";
  } else if (kind.kind() == "HorizontalPodAutoscaler" && kind.resource.gvk.version == "v1") {
    autoscaler_from_v1(object.json);
    object.json["apiVersion"] = "autoscaling/v2";
  }
  return object;
}

}  // namespace instantexec::sim
