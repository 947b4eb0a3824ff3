#include "sim/service_addresses.h"

#include <fmt/format.h>

#include <set>
#include <string>

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_string;
using model::Json;

constexpr int kFirstNodePort = 30'000;
constexpr int kLastNodePort = 32'767;
constexpr std::string_view kRange = "10.0.";

struct Taken {
  std::set<std::string> addresses;
  std::set<int> ports;
};

Taken taken_by_others(const Store& store, const model::ObjectRef& self) {
  Taken out;
  for (const Snapshot& service : store.list("", "Service", "")) {
    if (service->ref() == self) continue;
    out.addresses.insert(get_string(service->json, "/spec/clusterIP"));
    for (const Json& port : get_array(service->json, "/spec/ports"))
      out.ports.insert(port.value("nodePort", 0));
  }
  return out;
}

bool has_node_ports(const Json& spec) {
  const std::string type = get_string(spec, "/type");
  return type == "NodePort" || type == "LoadBalancer";
}

// What belonged to the former type of a Service goes with it, unless it was changed at the same time.
void drop_ports(Json& spec, const Json* live_spec) {
  if (live_spec == nullptr) return;
  for (const char* field :
       {"externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"}) {
    if (spec.contains(field) && live_spec->contains(field) && spec[field] == (*live_spec)[field])
      spec.erase(field);
  }
  if (!spec.contains("ports")) return;
  for (Json& port : spec["ports"]) {
    for (const Json& other : get_array(*live_spec, "/ports")) {
      if (other.value("nodePort", 0) == port.value("nodePort", -1)) {
        port.erase("nodePort");
        break;
      }
    }
  }
}

void give_ports(Json& spec, const Json* live_spec, const Taken& taken, std::uint32_t& next) {
  constexpr std::uint32_t kCount = kLastNodePort - kFirstNodePort + 1;
  std::set<int> used = taken.ports;
  for (Json& port : spec["ports"]) {
    if (port.contains("nodePort")) continue;
    const Json& live_ports = live_spec == nullptr ? Json::array() : get_array(*live_spec, "/ports");
    for (const Json& other : live_ports) {
      if (other.value("port", 0) == port.value("port", 0) && other.contains("nodePort")) {
        port["nodePort"] = other["nodePort"];
      }
    }
    for (std::uint32_t tries = 0; tries < kCount && !port.contains("nodePort"); ++tries) {
      const int candidate = kFirstNodePort + static_cast<int>(next++ % kCount);
      if (used.insert(candidate).second) port["nodePort"] = candidate;
    }
  }
}

}  // namespace

void give_addresses(const Store& store, model::Object& service, const model::Object* live,
                    std::uint32_t& next) {
  Json& spec = service.json["spec"];
  const Json* live_spec = live == nullptr ? nullptr : model::find(live->json, "/spec");
  if (get_string(spec, "/type") == "ExternalName") return;
  if (!spec.contains("ipFamilies")) spec["ipFamilies"] = Json::array({"IPv4"});
  if (!spec.contains("ipFamilyPolicy")) spec["ipFamilyPolicy"] = "SingleStack";
  if (live_spec != nullptr && !spec.contains("clusterIP") && live_spec->contains("clusterIP")) {
    spec["clusterIP"] = (*live_spec)["clusterIP"];
  }
  const Taken taken = taken_by_others(store, service.ref());
  while (model::get_string(spec, "/clusterIP").empty()) {
    const std::string candidate = fmt::format("{}{}.{}", kRange, next / 250 % 250, next % 250 + 1);
    ++next;
    if (!taken.addresses.contains(candidate)) spec["clusterIP"] = candidate;
  }
  if (!spec.contains("clusterIPs") || spec["clusterIPs"].empty()) {
    spec["clusterIPs"] = Json::array({spec["clusterIP"]});
  }
  if (!spec.contains("ports")) return;
  if (has_node_ports(spec)) return give_ports(spec, live_spec, taken, next);
  drop_ports(spec, live_spec);
}

Verdict addresses_free(const Store& store, const model::Object& service, const model::Object* live,
                       bool dry_run) {
  const Json& spec = model::get_object(service.json, "/spec");
  const Taken taken = dry_run ? Taken{} : taken_by_others(store, service.ref());
  FieldErrors errors;
  const std::string address = get_string(spec, "/clusterIP");
  const bool kept = live != nullptr && get_string(live->json, "/spec/clusterIP") == address;
  if (!kept && !address.empty() && address != "None") {
    const char* problem = !address.starts_with(kRange)
                              ? "the provided network does not match the current range"
                          : taken.addresses.contains(address) ? "provided IP is already allocated"
                                                              : nullptr;
    if (problem != nullptr) {
      errors.invalid("spec.clusterIPs", Json::array({address}).dump(),
                     fmt::format("failed to allocate IP {}: {}", address, problem));
    }
  }
  std::size_t index = 0;
  for (const Json& port : get_array(spec, "/ports")) {
    const std::string path = fmt::format("spec.ports[{}].nodePort", index++);
    const int number = port.value("nodePort", 0);
    if (number == 0) continue;
    if (number < kFirstNodePort || number > kLastNodePort) {
      errors.invalid(path, std::to_string(number),
                     "provided port is not in the valid range. The range of valid ports is 30000-32767");
    } else if (taken.ports.contains(number)) {
      errors.invalid(path, std::to_string(number), "provided port is already allocated");
    }
  }
  if (errors.causes.empty()) return {};
  return invalid("Service", service.name(), std::move(errors));
}

}  // namespace instantexec::sim
