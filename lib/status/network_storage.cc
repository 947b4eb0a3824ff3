#include <fmt/format.h>

#include <algorithm>

#include "status/event_view.h"
#include "status/simple.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kClassWindow = 30s;  // a StorageClass of the same release may appear a moment later

std::string class_of(const model::Object& claim) {
  return model::get_string(claim.json, "/spec/storageClassName",
                           claim.annotation("volume.beta.kubernetes.io/storage-class"));
}

const model::Object* class_named(const Input& input, const std::string& name) {
  if (!input.context.storage_classes) return nullptr;
  const auto& classes = *input.context.storage_classes;
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const model::Object* item) { return item->name() == name; });
  return found == classes.end() ? nullptr : *found;
}

bool waits_for_consumer(const Input& input) {
  const model::Object* storage_class = class_named(input, class_of(input.object));
  if (storage_class != nullptr) {
    return model::get_string(storage_class->json, "/volumeBindingMode") == "WaitForFirstConsumer";
  }
  const auto events = events_about(input.object, input);
  return std::any_of(events.begin(), events.end(), [](const model::Object* event) {
    return EventView(*event).reason() == "WaitForFirstConsumer";
  });
}

// Since when the claim's class is known to be missing.
std::optional<Timestamp> class_missing_since(const Input& input) {
  const std::string name = class_of(input.object);
  if (name.empty()) return std::nullopt;
  if (input.context.storage_classes) {
    if (class_named(input, name) != nullptr) return std::nullopt;
    return std::max(input.context.applied_at, time_at(input.object.json, "/metadata/creationTimestamp"));
  }
  for (const model::Object* event : events_about(input.object, input)) {
    const EventView view(*event);
    if (view.reason() != "ProvisioningFailed") continue;
    if (view.message().find("storageclass.storage.k8s.io") == std::string::npos) continue;
    if (view.message().find("not found") == std::string::npos) continue;
    return std::max(view.first_seen(), input.context.applied_at);
  }
  return std::nullopt;
}

// What is odd about the default class that a claim without a class depends on; "" when nothing is.
std::string default_class_note(const Input& input) {
  if (!input.context.storage_classes || model::find(input.object.json, "/spec/storageClassName") != nullptr ||
      !class_of(input.object).empty()) {
    return {};
  }
  const auto& classes = *input.context.storage_classes;
  const auto defaults = std::count_if(classes.begin(), classes.end(), [](const model::Object* item) {
    return item->annotation("storageclass.kubernetes.io/is-default-class") == "true";
  });
  if (defaults == 0) return "the claim names no StorageClass, and none is the default";
  if (defaults == 1) return {};
  // The admission plugin takes the one that was created last.
  return fmt::format("the claim names no StorageClass, and {} are the default: the newest is taken",
                     defaults);
}

std::string last_warning(const Input& input) {
  std::string message;
  for (const model::Object* event : events_about(input.object, input)) {
    const EventView view(*event);
    if (view.warning()) message = view.reason() + ": " + view.message();
  }
  return message;
}

bool any_ready_endpoint(const Input& input) {
  const auto slices = input.family.of_kind("EndpointSlice");
  return std::any_of(slices.begin(), slices.end(),
                     [](const model::Object* slice) { return has_ready_endpoint(*slice); });
}

bool has_address(const model::Object& object) {
  const model::Json& entries = model::get_array(object.json, "/status/loadBalancer/ingress");
  return std::any_of(entries.begin(), entries.end(), [](const model::Json& entry) {
    return !model::get_string(entry, "/ip").empty() || !model::get_string(entry, "/hostname").empty();
  });
}

}  // namespace

Assessment assess_claim(const Input& input) {
  const std::string phase = model::get_string(input.object.json, "/status/phase");
  if (phase == "Bound")
    return current("Bound", "bound to " + model::get_string(input.object.json, "/spec/volumeName"));
  if (phase == "Lost") {
    return failed("Lost", "the volume of this claim is gone", describe_command(input.object));
  }
  if (waits_for_consumer(input)) return current("WaitForFirstConsumer", "bound when the first pod uses it");
  Assessment out = in_progress("Pending", "waiting for a volume");
  if (const auto since = class_missing_since(input)) {
    const Timestamp doomed_at = *since + kClassWindow;
    const std::string text = fmt::format("StorageClass {} does not exist", class_of(input.object));
    if (doomed_at <= input.context.now) {
      return failed("StorageClassMissing", text, "kubectl get storageclass");
    }
    out.status.evidence.push_back({input.object.ref(), clean(text)});
    out.changes_at = doomed_at;
    return out;
  }
  if (const std::string note = default_class_note(input); !note.empty()) {
    out.status.evidence.push_back({input.object.ref(), note});
    out.status.hint = "kubectl get storageclass";
  }
  const std::string warning = last_warning(input);
  if (!warning.empty()) out.status.evidence.push_back({input.object.ref(), clean(warning)});
  return out;
}

Assessment assess_volume(const Input& input) {
  const std::string phase = model::get_string(input.object.json, "/status/phase");
  if (phase == "Failed") {
    return failed("Failed",
                  model::get_string(input.object.json, "/status/message", "reclaiming the volume failed"),
                  describe_command(input.object));
  }
  // A volume that is released is nobody's fault.
  if (phase == "Available" || phase == "Bound" || phase == "Released")
    return current(phase, "the volume is " + phase);
  return in_progress("Pending", "the volume is not yet available");
}

Assessment assess_service(const Input& input) {
  const model::Json& json = input.object.json;
  const std::string type = model::get_string(json, "/spec/type", "ClusterIP");
  if (type == "ExternalName") return current("ExternalName", "needs nothing of the cluster");
  if (model::get_string(json, "/spec/clusterIP").empty()) {
    return in_progress("WaitingForAddress", "no cluster address yet");
  }
  if (type == "LoadBalancer" && !has_address(input.object) &&
      model::get_array(json, "/spec/externalIPs").empty()) {
    Assessment out = in_progress("WaitingForLoadBalancer", "the load balancer has no address yet");
    const std::string warning = last_warning(input);
    if (!warning.empty()) out.status.evidence.push_back({input.object.ref(), clean(warning)});
    out.status.hint = describe_command(input.object);
    return out;
  }
  const bool selects = !model::get_object(json, "/spec/selector").empty();
  if (input.context.options.require_endpoints && selects && !any_ready_endpoint(input)) {
    Assessment out = in_progress("NoReadyEndpoint", "no ready pod matches the selector");
    out.status.hint = describe_command(input.object);
    return out;
  }
  return current("Ready", "the Service has its address");
}

Assessment assess_ingress(const Input& input) {
  if (input.context.options.require_ingress_address && !has_address(input.object)) {
    return in_progress("WaitingForAddress", "no load balancer address yet");
  }
  return current("Exists", "the Ingress exists");
}

}  // namespace instantexec::status
