#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

constexpr std::array<const char*, 3> kProbes{"readinessProbe", "livenessProbe", "startupProbe"};
constexpr std::array<const char*, 4> kHandlers{"exec", "httpGet", "tcpSocket", "grpc"};

// Whether a Service of the namespace sends traffic to the workload's pods.
bool serves(const ObjectIndex& index, const Workload& workload) {
  const auto& services = index.of_kind("", "Service");
  return std::any_of(services.begin(), services.end(), [&](const Entry& entry) {
    return index.ns_of(*entry.object) == workload.ns &&
           equality_selector_matches(labels_of(model::find(entry.object->json, "/spec/selector")),
                                     workload.pod_labels);
  });
}

void check_readiness(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    if (!workload.long_running() || !serves(index, workload)) continue;
    for (const Container& container : workload.containers) {
      const bool listens = !model::get_array(*container.json, "/ports").empty();
      if (container.init || !listens || model::find(*container.json, "/readinessProbe") != nullptr) continue;
      report.add(
          *workload.manifest, container.pointer,
          fmt::format("container {} gets traffic from a Service but has no readiness probe", container.name));
    }
  }
}

void check_handlers(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      for (const char* name : kProbes) {
        const Json* probe = model::find(*container.json, fmt::format("/{}", name));
        if (probe == nullptr || !probe->is_object()) continue;
        const auto handlers = std::count_if(kHandlers.begin(), kHandlers.end(),
                                            [&](const char* handler) { return probe->contains(handler); });
        if (handlers == 1) continue;
        report.add(*workload.manifest, fmt::format("{}/{}", container.pointer, name),
                   fmt::format("container {}: the {} needs exactly one of exec, httpGet, tcpSocket and grpc",
                               container.name, name));
      }
    }
  }
}

bool declares_port(const Container& container, const std::string& name) {
  const Json& ports = model::get_array(*container.json, "/ports");
  return std::any_of(ports.begin(), ports.end(),
                     [&](const Json& port) { return model::get_string(port, "/name") == name; });
}

void check_ports(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      for (const char* probe : kProbes) {
        for (const char* handler : {"httpGet", "tcpSocket"}) {
          const std::string relative = fmt::format("/{}/{}/port", probe, handler);
          const std::string port = model::get_string(*container.json, relative);
          if (port.empty() || declares_port(container, port)) continue;
          report.add(*workload.manifest, container.pointer + relative,
                     fmt::format("container {}: the {} names port {}, which the container does not declare",
                                 container.name, probe, port));
        }
      }
    }
  }
}

constexpr std::array kRules{
    Rule{"workload.probe-handler", Severity::kError, EvidenceClass::kRule, "a probe has exactly one handler",
         "keep one of exec, httpGet, tcpSocket and grpc", check_handlers},
    Rule{"workload.probe-port", Severity::kError, EvidenceClass::kRule,
         "probes name ports the container declares", "name a port of the same container, or give its number",
         check_ports},
    Rule{"workload.readiness-probe", Severity::kWarning, EvidenceClass::kHeuristic,
         "containers behind a Service have a readiness probe",
         "add readinessProbe; without it traffic arrives before the program listens", check_readiness},
};

}  // namespace

std::span<const Rule> probe_rules() {
  return kRules;
}

}  // namespace instantexec::validate
