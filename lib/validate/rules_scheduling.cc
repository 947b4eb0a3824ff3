#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

// IANA service names, as the API server checks port names: up to 15 of a-z, 0-9 and single dashes, one
// letter.
bool is_port_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return name.size() <= 15 && name.front() != '-' && name.back() != '-' &&
         name.find("--") == std::string_view::npos && std::all_of(name.begin(), name.end(), allowed) &&
         std::any_of(name.begin(), name.end(), letter);
}

bool is_port_number(const Json* value) {
  return value != nullptr && value->is_number_integer() && *value >= Json(1) && *value <= Json(65535);
}

void check_container_ports(const Workload& workload, const Container& container, Reporter& report) {
  std::set<std::string> names;
  const Json& ports = model::get_array(*container.json, "/ports");
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string pointer = fmt::format("{}/ports/{}", container.pointer, i);
    if (!is_port_number(model::find(ports[i], "/containerPort"))) {
      report.add(*workload.manifest, pointer + "/containerPort",
                 fmt::format("container {}: containerPort must be between 1 and 65535", container.name));
    }
    const std::string protocol = model::get_string(ports[i], "/protocol", "TCP");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
      report.add(*workload.manifest, pointer + "/protocol",
                 fmt::format("container {}: protocol must be TCP, UDP or SCTP", container.name));
    }
    const std::string name = model::get_string(ports[i], "/name");
    if (name.empty()) continue;
    if (!is_port_name(name)) {
      report.add(
          *workload.manifest, pointer + "/name",
          fmt::format("container {}: port name {} is not up to 15 of a-z, 0-9 and -", container.name, name));
    } else if (!names.insert(name).second) {
      report.add(*workload.manifest, pointer + "/name",
                 fmt::format("container {}: two ports are named {}", container.name, name));
    }
  }
}

void check_ports(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) check_container_ports(workload, container, report);
  }
}

void check_spread(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    const Json& constraints = model::get_array(*workload.pod_spec, "/topologySpreadConstraints");
    for (std::size_t i = 0; i < constraints.size(); ++i) {
      const std::string pointer = fmt::format("{}/topologySpreadConstraints/{}", workload.spec_pointer(), i);
      if (model::get_int(constraints[i], "/maxSkew") < 1) {
        report.add(*workload.manifest, pointer + "/maxSkew", "maxSkew must be 1 or more");
      }
      if (model::get_string(constraints[i], "/topologyKey").empty()) {
        report.add(*workload.manifest, pointer + "/topologyKey", "a topologyKey is needed");
      }
      const std::string action = model::get_string(constraints[i], "/whenUnsatisfiable");
      if (action != "DoNotSchedule" && action != "ScheduleAnyway") {
        report.add(*workload.manifest, pointer + "/whenUnsatisfiable",
                   "whenUnsatisfiable must be DoNotSchedule or ScheduleAnyway");
      }
    }
  }
}

constexpr std::array kRules{
    Rule{"workload.ports", Severity::kError, EvidenceClass::kRule, "container ports are valid and named once",
         "correct the port; names take up to 15 of a-z, 0-9 and -", check_ports},
    Rule{"workload.topology-spread", Severity::kError, EvidenceClass::kRule,
         "topology spread constraints are complete", "give maxSkew, topologyKey and whenUnsatisfiable",
         check_spread},
};

}  // namespace

std::span<const Rule> scheduling_rules() {
  return kRules;
}

}  // namespace instantexec::validate
