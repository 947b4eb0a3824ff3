#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "sim/validation_rules.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_int;
using model::get_object;
using model::get_string;
using model::Json;

bool is_address(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 || inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

void check_target(const Json& port, const std::string& path, FieldErrors& errors) {
  const std::string name = get_string(port, "/targetPort");
  const bool right = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!right) {
    errors.invalid(path + ".targetPort", in_quotes(name),
                   "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
}

void check_port(const Json& port, const std::string& type, const std::string& path, FieldErrors& errors) {
  const std::int64_t number = get_int(port, "/port");
  if (number < 1 || number > 65535) {
    errors.invalid(path + ".port", std::to_string(number), "must be between 1 and 65535, inclusive");
  }
  static const std::set<std::string> kProtocols = {"SCTP", "TCP", "UDP"};
  const std::string protocol = get_string(port, "/protocol", "TCP");
  if (!kProtocols.contains(protocol)) {
    errors.unsupported(path + ".protocol", in_quotes(protocol), R"("SCTP", "TCP", "UDP")");
  }
  check_target(port, path, errors);
  if (port.value("nodePort", 0) != 0 && type == "ClusterIP") {
    errors.forbidden(path + ".nodePort", "may not be used when `type` is 'ClusterIP'");
  }
}

void check_ports(const Json& object, const std::string& type, FieldErrors& errors) {
  const Json& ports = get_array(object, "/spec/ports");
  std::set<std::string> names;
  std::size_t index = 0;
  for (const Json& port : ports) {
    const std::string path = fmt::format("spec.ports[{}]", index++);
    const std::string name = get_string(port, "/name");
    if (ports.size() > 1 && name.empty()) errors.required(path + ".name", "");
    if (!name.empty() && !names.insert(name).second) errors.duplicate(path + ".name", in_quotes(name));
    check_port(port, type, path, errors);
  }
}

}  // namespace

void check_service(const Json& object, FieldErrors& errors) {
  const std::string type = get_string(object, "/spec/type");
  const std::string address = get_string(object, "/spec/clusterIP");
  const bool external = type == "ExternalName";
  if (get_array(object, "/spec/ports").empty() && !external && address != "None")
    errors.required("spec.ports", "");
  static const std::set<std::string> kTypes = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"};
  if (!kTypes.contains(type)) {
    errors.unsupported("spec.type", in_quotes(type),
                       R"("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")");
  }
  if (external && get_string(object, "/spec/externalName").empty()) errors.required("spec.externalName", "");
  if (!external && !address.empty() && address != "None" && !is_address(address)) {
    errors.invalid("spec.clusterIPs[0]", in_quotes(address),
                   "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  }
  const std::string affinity = get_string(object, "/spec/sessionAffinity", "None");
  if (affinity != "None" && affinity != "ClientIP") {
    errors.unsupported("spec.sessionAffinity", in_quotes(affinity), R"("ClientIP", "None")");
  }
  check_labels(get_object(object, "/spec/selector"), "spec.selector", errors);
  check_ports(object, type, errors);
}

}  // namespace instantexec::sim
