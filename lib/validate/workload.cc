#include "validate/workload.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace instantexec::validate {
namespace {

using model::Json;

void add_containers(Workload& workload, const char* list, bool init) {
  const std::string pointer = workload.spec_pointer() + "/" + list;
  const Json& containers = model::get_array(*workload.pod_spec, std::string("/") + list);
  for (std::size_t i = 0; i < containers.size(); ++i) {
    if (!containers[i].is_object()) continue;
    workload.containers.push_back(
        {&containers[i], fmt::format("{}/{}", pointer, i), model::get_string(containers[i], "/name"), init});
  }
}

}  // namespace

bool Workload::long_running() const {
  const std::string name = kind();
  if (name == "Job" || name == "CronJob") return false;
  const std::string policy = model::get_string(*pod_spec, "/restartPolicy", "Always");
  return name != "Pod" || policy == "Always";
}

std::optional<std::string> pod_pointer_of(const model::Gvk& gvk) {
  if (gvk.group.empty() && gvk.kind == "Pod") return "";
  if (gvk.group.empty() && gvk.kind == "ReplicationController") return "/spec/template";
  // Groups of removed versions too: what they mean is the same.
  const bool apps = gvk.group == "apps" || gvk.group == "extensions";
  if (apps && (gvk.kind == "Deployment" || gvk.kind == "StatefulSet" || gvk.kind == "DaemonSet" ||
               gvk.kind == "ReplicaSet")) {
    return "/spec/template";
  }
  if (gvk.group == "batch" && gvk.kind == "Job") return "/spec/template";
  if (gvk.group == "batch" && gvk.kind == "CronJob") return "/spec/jobTemplate/spec/template";
  return std::nullopt;
}

std::optional<Workload> workload_of(const model::Object& object, const model::Manifest* manifest,
                                    const std::string& default_namespace) {
  const auto pointer = pod_pointer_of(object.gvk());
  if (!pointer) return std::nullopt;
  Workload out;
  out.object = &object;
  out.manifest = manifest;
  out.pod_pointer = *pointer;
  out.pod_spec = &model::get_object(object.json, out.spec_pointer());
  out.ns = object.ns().empty() ? default_namespace : object.ns();
  out.pod_labels = labels_of(model::find(object.json, *pointer + "/metadata/labels"));
  const Json* replicas = model::find(object.json, "/spec/replicas");
  if (replicas != nullptr && replicas->is_number_integer()) out.replicas = replicas->get<std::int64_t>();
  add_containers(out, "containers", false);
  add_containers(out, "initContainers", true);
  return out;
}

std::string field_path(std::string_view pointer) {
  std::string out;
  for (const std::string_view raw : split(pointer.substr(pointer.empty() ? 0 : 1), '/')) {
    std::string token;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const bool escape = raw[i] == '~' && i + 1 < raw.size();
      if (escape) ++i;
      token += escape ? (raw[i] == '1' ? '/' : '~') : raw[i];
    }
    const bool index = !token.empty() &&
                       std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (index || token.find_first_of("./") != std::string::npos) {
      out += "[" + token + "]";
    } else {
      out += (out.empty() ? "" : ".") + token;
    }
  }
  return out;
}

}  // namespace instantexec::validate
