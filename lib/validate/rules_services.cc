#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

std::vector<const Workload*> selected_by(const ObjectIndex& index, const model::Object& service) {
  const Labels selector = labels_of(model::find(service.json, "/spec/selector"));
  std::vector<const Workload*> out;
  for (const Workload* workload : index.workloads_in(index.ns_of(service))) {
    if (equality_selector_matches(selector, workload->pod_labels)) out.push_back(workload);
  }
  return out;
}

bool routes_by_selector(const model::Object& service) {
  return model::get_string(service.json, "/spec/type") != "ExternalName" &&
         !model::get_object(service.json, "/spec/selector").empty();
}

void check_selector(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("", "Service")) {
    if (entry.manifest == nullptr || !routes_by_selector(*entry.object)) continue;
    if (!selected_by(index, *entry.object).empty()) continue;
    report.add(*entry.manifest, "/spec/selector",
               index.knows_cluster()
                   ? "no workload of the manifests or the namespace has pods with these labels"
                   : "no workload of the manifests has pods with these labels");
  }
}

bool declares(const Workload& workload, const std::string& port) {
  return std::any_of(workload.containers.begin(), workload.containers.end(), [&](const Container& container) {
    const Json& ports = model::get_array(*container.json, "/ports");
    return std::any_of(ports.begin(), ports.end(),
                       [&](const Json& item) { return model::get_string(item, "/name") == port; });
  });
}

void check_target_ports(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("", "Service")) {
    if (entry.manifest == nullptr || !routes_by_selector(*entry.object)) continue;
    const auto workloads = selected_by(index, *entry.object);
    const Json& ports = model::get_array(entry.object->json, "/spec/ports");
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const std::string target = model::get_string(ports[i], "/targetPort");
      if (target.empty() || workloads.empty()) continue;
      const bool declared = std::any_of(workloads.begin(), workloads.end(), [&](const Workload* workload) {
        return declares(*workload, target);
      });
      if (declared) continue;
      report.add(*entry.manifest, fmt::format("/spec/ports/{}/targetPort", i),
                 fmt::format("no container of the selected pods declares a port named {}", target));
    }
  }
}

void check_ports(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("", "Service")) {
    if (entry.manifest == nullptr) continue;
    const Json& ports = model::get_array(entry.object->json, "/spec/ports");
    std::set<std::string> names;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const std::string name = model::get_string(ports[i], "/name");
      const std::string pointer = fmt::format("/spec/ports/{}", i);
      const std::int64_t port = model::get_int(ports[i], "/port");
      if (port < 1 || port > 65535)
        report.add(*entry.manifest, pointer + "/port", "port must be between 1 and 65535");
      if (ports.size() > 1 && name.empty()) {
        report.add(*entry.manifest, pointer + "/name", "a Service with several ports needs a name for each");
      } else if (!name.empty() && !names.insert(name).second) {
        report.add(*entry.manifest, pointer + "/name", fmt::format("two ports are named {}", name));
      }
    }
    const bool needs_ports = model::get_string(entry.object->json, "/spec/type") != "ExternalName" &&
                             model::get_string(entry.object->json, "/spec/clusterIP") != "None";
    if (ports.empty() && needs_ports)
      report.add(*entry.manifest, "/spec/ports", "a Service needs at least one port");
  }
}

bool offers_port(const model::Object& service, const Json& port) {
  const Json& ports = model::get_array(service.json, "/spec/ports");
  return std::any_of(ports.begin(), ports.end(), [&](const Json& item) {
    if (const Json* name = model::find(port, "/name")) return model::get_string(item, "/name") == *name;
    const Json* number = model::find(port, "/number");
    return number != nullptr && model::find(item, "/port") != nullptr && item["port"] == *number;
  });
}

void check_backend(const ObjectIndex& index, const Entry& ingress, const Json& backend,
                   const std::string& pointer, Reporter& report) {
  const std::string name = model::get_string(backend, "/service/name");
  if (name.empty()) return;  // a resource backend
  const model::Object* service = index.find("", "Service", index.ns_of(*ingress.object), name);
  if (service == nullptr) {
    report.add(
        *ingress.manifest, pointer + "/service/name",
        fmt::format("Service {} is not {}", name,
                    index.knows_cluster() ? "in the manifests or the namespace" : "among the manifests"),
        index.knows_cluster() ? Severity::kError : Severity::kWarning);
    return;
  }
  const Json* port = model::find(backend, "/service/port");
  if (port == nullptr || offers_port(*service, *port)) return;
  report.add(*ingress.manifest, pointer + "/service/port",
             fmt::format("Service {} does not offer this port", name));
}

void check_ingress(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("networking.k8s.io", "Ingress")) {
    if (entry.manifest == nullptr) continue;
    const Json& json = entry.object->json;
    if (const Json* backend = model::find(json, "/spec/defaultBackend")) {
      check_backend(index, entry, *backend, "/spec/defaultBackend", report);
    }
    const Json& rules = model::get_array(json, "/spec/rules");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Json& paths = model::get_array(rules[i], "/http/paths");
      for (std::size_t k = 0; k < paths.size(); ++k) {
        const std::string pointer = fmt::format("/spec/rules/{}/http/paths/{}/backend", i, k);
        check_backend(index, entry, model::get_object(paths[k], "/backend"), pointer, report);
      }
    }
  }
}

void check_path_types(const ObjectIndex& index, Reporter& report) {
  for (const Entry& entry : index.of_kind("networking.k8s.io", "Ingress")) {
    if (entry.manifest == nullptr || entry.object->gvk().version != "v1") continue;
    const Json& rules = model::get_array(entry.object->json, "/spec/rules");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Json& paths = model::get_array(rules[i], "/http/paths");
      for (std::size_t k = 0; k < paths.size(); ++k) {
        const std::string type = model::get_string(paths[k], "/pathType");
        const std::string pointer = fmt::format("/spec/rules/{}/http/paths/{}", i, k);
        if (type != "Exact" && type != "Prefix" && type != "ImplementationSpecific") {
          report.add(*entry.manifest, pointer + "/pathType",
                     "pathType must be Exact, Prefix or ImplementationSpecific");
        } else if (type != "ImplementationSpecific" &&
                   !model::get_string(paths[k], "/path").starts_with('/')) {
          report.add(*entry.manifest, pointer + "/path",
                     fmt::format("a path of type {} must begin with /", type));
        }
      }
    }
  }
}

void check_governing_service(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    if (workload.kind() != "StatefulSet") continue;
    const std::string name = model::get_string(workload.object->json, "/spec/serviceName");
    const model::Object* service = name.empty() ? nullptr : index.find("", "Service", workload.ns, name);
    if (name.empty() || (service == nullptr && index.knows_cluster())) {
      report.add(*workload.manifest, "/spec/serviceName",
                 name.empty() ? "the pods get no DNS names without a serviceName"
                              : fmt::format("Service {} is not in the manifests or the namespace", name));
    } else if (service != nullptr && model::get_string(service->json, "/spec/clusterIP") != "None") {
      report.add(*workload.manifest, "/spec/serviceName",
                 fmt::format("Service {} is not headless, so the pods get no DNS names of their own", name));
    }
  }
}

constexpr std::array kRules{
    Rule{"service.ports", Severity::kError, EvidenceClass::kRule,
         "a Service has valid ports with unique names", "name every port when there are several",
         check_ports},
    Rule{"service.target-port", Severity::kError, EvidenceClass::kRule,
         "a Service's named target ports exist in the pods it selects",
         "name a port the container declares, or give its number", check_target_ports},
    Rule{"service.selects-nothing", Severity::kWarning, EvidenceClass::kHeuristic,
         "a Service selects some pods", "make the selector match the labels of a pod template",
         check_selector},
    Rule{"service.ingress-path", Severity::kError, EvidenceClass::kRule,
         "an Ingress path has a type that fits it", "set pathType: Prefix, and let the path begin with /",
         check_path_types},
    Rule{"service.ingress-backend", Severity::kError, EvidenceClass::kRule,
         "an Ingress sends traffic to Services and ports that exist", "correct the Service's name or port",
         check_ingress},
    Rule{"service.stateful-set", Severity::kWarning, EvidenceClass::kRule,
         "a StatefulSet is governed by a headless Service",
         "add a Service with clusterIP: None and name it in serviceName", check_governing_service},
};

}  // namespace

std::span<const Rule> service_rules() {
  return kRules;
}

}  // namespace instantexec::validate
