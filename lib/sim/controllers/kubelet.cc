#include "sim/controllers/kubelet.h"

#include <fmt/format.h>

#include "sim/controllers/pods.h"
#include "sim/quota.h"
#include "sim/selectors.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_object;
using model::get_string;
using model::Json;

constexpr Duration kReschedule{1000};

bool fits(const model::Object& pod, const model::Object& node) {
  const Json& wanted = get_object(pod.json, "/spec/nodeSelector");
  if (!wanted.empty() && !holds_all(wanted, get_object(node.json, "/metadata/labels"))) return false;
  if (model::get_bool(node.json, "/spec/unschedulable")) return false;
  const Json& room = get_object(node.json, "/status/allocatable");
  for (const char* name : {"cpu", "memory"}) {
    double sum = 0;
    for (const Json& container : get_array(pod.json, "/spec/containers")) {
      const Json& requests = get_object(container, "/resources/requests");
      if (const auto it = requests.find(name); it != requests.end()) sum += quantity(*it);
    }
    const auto it = room.find(name);
    if (it != room.end() && sum > quantity(*it)) return false;
  }
  return true;
}

void end(Control& control, const model::Object& pod) {
  control.pods.erase(pod.uid());
  if (get_array(pod.json, "/metadata/finalizers").empty()) control.api.finish_removal(pod.ref());
}

// A deleted pod takes a moment to stop. True when this pod is such a one.
bool stopping(Control& control, const model::Object& pod) {
  if (!pod.terminating()) return false;
  auto& stops = control.pod_stops;
  const auto [it, first] = stops.try_emplace(pod.uid(), control.now() + control.pace.pod_stop);
  if (control.now() < it->second) {
    control.look_at(pod.ref(), it->second - control.now());
  } else {
    stops.erase(it);
    end(control, pod);
  }
  return true;
}

}  // namespace

bool schedule(Control& control, model::Object& pod) {
  if (!get_string(pod.json, "/spec/nodeName").empty()) return true;
  const auto nodes = control.store().list("", "Node", "");
  std::size_t misfits = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const model::Object& node = *nodes[(control.scheduled + i) % nodes.size()];
    if (!fits(pod, node)) {
      ++misfits;
      continue;
    }
    pod.json["spec"]["nodeName"] = node.name();
    ++control.scheduled;
    return true;
  }
  const std::string message = fmt::format(
      "0/{} nodes are available: {} node(s) didn't match Pod's node affinity/selector or had too few "
      "resources.",
      nodes.size(), misfits);
  Json conditions = get_array(pod.json, "/status/conditions");
  set_condition(
      conditions,
      {{"type", "PodScheduled"}, {"status", "False"}, {"reason", "Unschedulable"}, {"message", message}},
      format_rfc3339(control.wall()));
  pod.json["status"]["conditions"] = std::move(conditions);
  control.event(pod, "Warning", "FailedScheduling", message);
  return false;
}

void sync_pod(Control& control, const model::ObjectRef& ref) {
  const Snapshot pod = control.store().get(ref);
  if (!pod) return;
  if (stopping(control, *pod)) return;
  const auto [it, first] = control.pods.try_emplace(
      pod->uid(), PodProgress{PodStep::kStart, control.now() + control.pace.pod_start});
  PodProgress& progress = it->second;
  if (progress.next == PodStep::kNothing) return;
  if (control.now() < progress.due) return control.look_at(ref, progress.due - control.now());
  model::Object after = *pod;
  if (progress.next == PodStep::kStart && !schedule(control, after)) {
    progress.due = control.now() + kReschedule;
  } else {
    after = take_step(control, after, progress);
  }
  if (after.json != pod->json) control.store().put(std::move(after));
  if (progress.next != PodStep::kNothing) control.look_at(ref, progress.due - control.now());
}

std::string fault_of(const model::Object& pod, const Json& container) {
  const auto labels = pod.labels();
  const auto label = labels.find("instantexec.dev/fault");
  const std::string only = pod.annotation("instantexec.dev/fault-container");
  if (label != labels.end() && (only.empty() || only == get_string(container, "/name"))) return label->second;
  const std::string image = get_string(container, "/image");
  if (image.find("registry.invalid/") != std::string::npos || image.ends_with(":does-not-exist")) {
    return "image-not-found";
  }
  return image.ends_with(":crash") ? "crash-loop" : "";
}

Duration pod_annotation(const model::Object& pod, const std::string& name, Duration otherwise) {
  const std::string text = pod.annotation("instantexec.dev/" + name);
  if (text.empty()) return otherwise;
  return parse_duration(text).value_or(otherwise);
}

}  // namespace instantexec::sim
