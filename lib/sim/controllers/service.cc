#include <utility>

#include "sim/controllers/control.h"
#include "sim/controllers/pods.h"
#include "sim/selectors.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_object;
using model::get_string;
using model::Json;

Json endpoint(const model::Object& pod) {
  const bool ready = pod_ready(pod) && !pod.terminating();
  return {
      {"addresses", Json::array({get_string(pod.json, "/status/podIP")})},
      {"conditions", {{"ready", ready}, {"serving", pod_ready(pod)}, {"terminating", pod.terminating()}}},
      {"nodeName", get_string(pod.json, "/spec/nodeName")},
      {"targetRef", {{"kind", "Pod"}, {"name", pod.name()}, {"namespace", pod.ns()}, {"uid", pod.uid()}}}};
}

// A named target port is looked up in the pod's containers.
Json port_number(const Json& port, const model::Object* pod) {
  const Json* target = model::find(port, "/targetPort");
  if (target == nullptr) return port.value("port", 0);
  if (!target->is_string()) return *target;
  if (pod == nullptr) return {};
  for (const Json& container : get_array(pod->json, "/spec/containers")) {
    for (const Json& known : get_array(container, "/ports")) {
      if (get_string(known, "/name") == *target) return known.value("containerPort", 0);
    }
  }
  return {};
}

void give_address(Control& control, const model::Object& service) {
  if (control.load_balancer.empty() || get_string(service.json, "/spec/type") != "LoadBalancer") return;
  if (!get_array(service.json, "/status/loadBalancer/ingress").empty()) return;
  model::Object after = service;
  after.json["status"]["loadBalancer"]["ingress"] =
      Json::array({Json{{"ip", control.load_balancer}, {"ipMode", "VIP"}}});
  control.api.write_status(service, after, "cloud-controller-manager", control.wall());
}

}  // namespace

void sync_service(Control& control, const model::ObjectRef& ref) {
  const Snapshot service = control.store().get(ref);
  if (!service || service->terminating()) return;
  give_address(control, *service);
  const Json& selector = get_object(service->json, "/spec/selector");
  if (selector.empty() || get_string(service->json, "/spec/type") == "ExternalName") return;
  Json endpoints = Json::array();
  Snapshot sample;
  for (const Snapshot& pod : control.store().list("", "Pod", service->ns())) {
    if (!holds_all(selector, get_object(pod->json, "/metadata/labels"))) continue;
    if (get_string(pod->json, "/status/podIP").empty() || get_string(pod->json, "/status/phase") != "Running")
      continue;
    sample = pod;
    endpoints.push_back(endpoint(*pod));
  }
  Json ports = Json::array();
  for (const Json& port : get_array(service->json, "/spec/ports")) {
    Json number = port_number(port, sample.get());
    if (number.is_null()) continue;
    ports.push_back({{"name", get_string(port, "/name")},
                     {"port", std::move(number)},
                     {"protocol", get_string(port, "/protocol", "TCP")}});
  }
  const auto slices = control.children(*service, "EndpointSlice");
  if (slices.empty()) {
    control.api.create(
        {Json{{"apiVersion", "discovery.k8s.io/v1"},
              {"kind", "EndpointSlice"},
              {"metadata",
               {{"name", service->name() + "-" + control.api.name_suffix()},
                {"namespace", service->ns()},
                {"labels",
                 {{"kubernetes.io/service-name", service->name()},
                  {"endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"}}},
                {"ownerReferences", Json::array({controller_reference(*service)})}}},
              {"addressType", "IPv4"},
              {"endpoints", std::move(endpoints)},
              {"ports", std::move(ports)}}},
        control.wall());
    return;
  }
  model::Object after = *slices.front();
  after.json["endpoints"] = std::move(endpoints);
  after.json["ports"] = std::move(ports);
  control.api.write(*slices.front(), std::move(after), "kube-controller-manager", control.wall());
}

}  // namespace instantexec::sim
