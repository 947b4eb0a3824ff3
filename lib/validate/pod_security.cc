#include "validate/pod_security.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace instantexec::validate {
namespace {

using model::Json;
using Violations = std::vector<PodSecurityViolation>;

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 13> kBaselineCapabilities{
    "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",      "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};
constexpr std::array<std::string_view, 8> kRestrictedVolumes{
    "configMap", "csi",   "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret"};

std::string named(const Container& container, std::string_view text) {
  return fmt::format("container {}: {}", container.name, text);
}

void baseline_pod(const Workload& workload, Violations& out) {
  for (const char* field : {"hostNetwork", "hostPID", "hostIPC"}) {
    if (model::get_bool(*workload.pod_spec, fmt::format("/{}", field))) {
      out.push_back({fmt::format("{}/{}", workload.spec_pointer(), field), std::string(field)});
    }
  }
  const Json& volumes = model::get_array(*workload.pod_spec, "/volumes");
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (model::find(volumes[i], "/hostPath") != nullptr) {
      out.push_back({fmt::format("{}/volumes/{}/hostPath", workload.spec_pointer(), i), "a hostPath volume"});
    }
  }
}

void baseline_container(const Container& container, Violations& out) {
  const std::string context = container.pointer + "/securityContext";
  if (model::get_bool(*container.json, "/securityContext/privileged")) {
    out.push_back({context + "/privileged", named(container, "privileged")});
  }
  const Json& added = model::get_array(*container.json, "/securityContext/capabilities/add");
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (added[i].is_string() && !one_of(added[i].get_ref<const std::string&>(), kBaselineCapabilities)) {
      out.push_back({fmt::format("{}/capabilities/add/{}", context, i),
                     named(container, "capability " + added[i].get<std::string>())});
    }
  }
  const Json& ports = model::get_array(*container.json, "/ports");
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (model::get_int(ports[i], "/hostPort") != 0) {
      out.push_back(
          {fmt::format("{}/ports/{}/hostPort", container.pointer, i), named(container, "a host port")});
    }
  }
  if (model::get_string(*container.json, "/securityContext/procMount", "Default") != "Default") {
    out.push_back({context + "/procMount", named(container, "procMount")});
  }
}

void restricted_volumes(const Workload& workload, Violations& out) {
  const Json& volumes = model::get_array(*workload.pod_spec, "/volumes");
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (!volumes[i].is_object()) continue;
    for (const auto& [key, value] : volumes[i].items()) {
      if (key == "name" || key == "hostPath" || one_of(key, kRestrictedVolumes)) continue;
      out.push_back({fmt::format("{}/volumes/{}/{}", workload.spec_pointer(), i, model::escape_pointer(key)),
                     fmt::format("volume type {}", key)});
    }
  }
}

// The container's own setting, else the pod's.
const Json* effective(const Workload& workload, const Container& container, const std::string& field) {
  const Json* own = model::find(*container.json, "/securityContext" + field);
  return own != nullptr ? own : model::find(*workload.pod_spec, "/securityContext" + field);
}

void restricted_container(const Workload& workload, const Container& container, Violations& out) {
  const std::string context = container.pointer + "/securityContext";
  const Json* escalation = model::find(*container.json, "/securityContext/allowPrivilegeEscalation");
  if (escalation == nullptr || *escalation != Json(false)) {
    out.push_back(
        {context + "/allowPrivilegeEscalation", named(container, "allowPrivilegeEscalation is not false")});
  }
  const Json* non_root = effective(workload, container, "/runAsNonRoot");
  if (non_root == nullptr || *non_root != Json(true)) {
    out.push_back({context + "/runAsNonRoot", named(container, "runAsNonRoot is not true")});
  }
  const Json* user = effective(workload, container, "/runAsUser");
  if (user != nullptr && *user == Json(0)) {
    out.push_back({context + "/runAsUser", named(container, "runs as user 0")});
  }
  const Json* seccomp = effective(workload, container, "/seccompProfile/type");
  if (seccomp == nullptr || (*seccomp != Json("RuntimeDefault") && *seccomp != Json("Localhost"))) {
    out.push_back(
        {context + "/seccompProfile", named(container, "seccompProfile is not RuntimeDefault or Localhost")});
  }
  const Json& dropped = model::get_array(*container.json, "/securityContext/capabilities/drop");
  if (std::find(dropped.begin(), dropped.end(), Json("ALL")) == dropped.end()) {
    out.push_back({context + "/capabilities", named(container, "capabilities are not dropped (ALL)")});
  }
  const Json& added = model::get_array(*container.json, "/securityContext/capabilities/add");
  for (std::size_t i = 0; i < added.size(); ++i) {
    const bool reported =
        added[i].is_string() && !one_of(added[i].get_ref<const std::string&>(), kBaselineCapabilities);
    if (added[i] == Json("NET_BIND_SERVICE") || reported) continue;
    out.push_back(
        {fmt::format("{}/capabilities/add/{}", context, i), named(container, "an added capability")});
  }
}

}  // namespace

std::vector<PodSecurityViolation> pod_security_violations(const Workload& workload, PodSecurityLevel level) {
  Violations out;
  if (level == PodSecurityLevel::kPrivileged) return out;
  baseline_pod(workload, out);
  for (const Container& container : workload.containers) baseline_container(container, out);
  if (level == PodSecurityLevel::kBaseline) return out;
  restricted_volumes(workload, out);
  const bool windows = model::get_string(*workload.pod_spec, "/os/name") == "windows";
  if (windows) return out;  // the remaining controls are about Linux
  for (const Container& container : workload.containers) restricted_container(workload, container, out);
  return out;
}

}  // namespace instantexec::validate
