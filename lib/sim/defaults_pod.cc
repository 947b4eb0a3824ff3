#include <array>
#include <utility>

#include "sim/defaults.h"

namespace instantexec::sim {
namespace {

using model::get_string;
using model::Json;

void give(Json& object, const char* field, Json value) {
  if (!object.contains(field)) object[field] = std::move(value);
}

template <typename F>
void each(Json& object, const char* field, F&& body) {
  const auto it = object.find(field);
  if (it == object.end() || !it->is_array()) return;
  for (Json& item : *it) {
    if (item.is_object()) body(item);
  }
}

void http_get(Json& action) {
  const auto it = action.find("httpGet");
  if (it == action.end() || !it->is_object()) return;
  give(*it, "path", "/");
  give(*it, "scheme", "HTTP");
}

void probe(Json& container, const char* field) {
  const auto it = container.find(field);
  if (it == container.end() || !it->is_object()) return;
  give(*it, "failureThreshold", 3);
  give(*it, "periodSeconds", 10);
  give(*it, "successThreshold", 1);
  give(*it, "timeoutSeconds", 1);
  http_get(*it);
  if (const auto grpc = it->find("grpc"); grpc != it->end() && grpc->is_object()) give(*grpc, "service", "");
}

// "latest" and no tag are pulled always, everything else when absent.
const char* pull_policy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  const auto colon = image.rfind(':');
  const auto slash = image.rfind('/');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return !tagged || image.substr(colon) == ":latest" ? "Always" : "IfNotPresent";
}

void container(Json& object) {
  give(object, "imagePullPolicy", pull_policy(get_string(object, "/image")));
  give(object, "resources", Json::object());
  give(object, "terminationMessagePath", "/dev/termination-log");
  give(object, "terminationMessagePolicy", "File");
  each(object, "ports", [](Json& port) { give(port, "protocol", "TCP"); });
  each(object, "env", [](Json& variable) {
    const auto from = variable.find("valueFrom");
    if (from == variable.end()) return;
    const auto reference = from->find("fieldRef");
    if (reference != from->end() && reference->is_object()) give(*reference, "apiVersion", "v1");
  });
  for (const char* name : {"livenessProbe", "readinessProbe", "startupProbe"}) probe(object, name);
  if (const auto lifecycle = object.find("lifecycle"); lifecycle != object.end() && lifecycle->is_object()) {
    for (const char* hook : {"postStart", "preStop"}) {
      if (lifecycle->contains(hook)) http_get((*lifecycle)[hook]);
    }
  }
}

constexpr std::int64_t kDefaultMode = 420;  // 0644

void downward_items(Json& source) {
  each(source, "items", [](Json& item) {
    if (item.contains("fieldRef") && item["fieldRef"].is_object()) give(item["fieldRef"], "apiVersion", "v1");
  });
}

void volume(Json& object) {
  for (const char* source : {"configMap", "secret", "downwardAPI", "projected"}) {
    if (object.contains(source) && object[source].is_object())
      give(object[source], "defaultMode", kDefaultMode);
  }
  if (object.contains("hostPath") && object["hostPath"].is_object()) give(object["hostPath"], "type", "");
  if (object.size() == 1 && object.contains("name")) object["emptyDir"] = Json::object();
  if (object.contains("downwardAPI")) downward_items(object["downwardAPI"]);
  if (!object.contains("projected") || !object["projected"].is_object()) return;
  each(object["projected"], "sources", [](Json& source) {
    if (source.contains("downwardAPI")) downward_items(source["downwardAPI"]);
    if (source.contains("serviceAccountToken"))
      give(source["serviceAccountToken"], "expirationSeconds", 3600);
  });
}

}  // namespace

void set_pod_defaults(Json& pod_spec) {
  give(pod_spec, "dnsPolicy", "ClusterFirst");
  give(pod_spec, "restartPolicy", "Always");
  give(pod_spec, "schedulerName", "default-scheduler");
  give(pod_spec, "securityContext", Json::object());
  give(pod_spec, "terminationGracePeriodSeconds", 30);
  if (const auto it = pod_spec.find("serviceAccountName"); it != pod_spec.end()) {
    give(pod_spec, "serviceAccount", *it);
  } else if (const auto old = pod_spec.find("serviceAccount"); old != pod_spec.end()) {
    give(pod_spec, "serviceAccountName", *old);
  }
  for (const char* list : {"containers", "initContainers", "ephemeralContainers"})
    each(pod_spec, list, container);
  each(pod_spec, "volumes", volume);
}

}  // namespace instantexec::sim
