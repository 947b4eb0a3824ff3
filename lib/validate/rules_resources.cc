#include <fmt/format.h>

#include <array>

#include "validate/quantity.h"
#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

// Whether a LimitRange of the namespace fills in what containers leave out.
bool filled_in(const ObjectIndex& index, const Workload& workload, const char* field, const char* resource) {
  for (const Entry& entry : index.of_kind("", "LimitRange")) {
    if (index.ns_of(*entry.object) != workload.ns) continue;
    for (const Json& limit : model::get_array(entry.object->json, "/spec/limits")) {
      if (model::get_string(limit, "/type") != "Container") continue;
      if (model::find(limit, fmt::format("/{}/{}", field, resource)) != nullptr) return true;
      // Without a default request, the default limit serves as one.
      if (std::string_view(field) == "defaultRequest" &&
          model::find(limit, fmt::format("/default/{}", resource)) != nullptr) {
        return true;
      }
    }
  }
  return false;
}

void check_requests(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      for (const char* resource : {"cpu", "memory"}) {
        // A limit without a request sets the request too.
        if (model::find(*container.json, fmt::format("/resources/requests/{}", resource)) != nullptr ||
            model::find(*container.json, fmt::format("/resources/limits/{}", resource)) != nullptr ||
            filled_in(index, workload, "defaultRequest", resource)) {
          continue;
        }
        report.add(*workload.manifest, container.pointer + "/resources",
                   fmt::format("container {} requests no {}", container.name, resource));
      }
    }
  }
}

void check_memory_limit(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      if (model::find(*container.json, "/resources/limits/memory") != nullptr ||
          filled_in(index, workload, "default", "memory")) {
        continue;
      }
      report.add(*workload.manifest, container.pointer + "/resources",
                 fmt::format("container {} has no memory limit", container.name));
    }
  }
}

void check_quantities(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      for (const char* list : {"requests", "limits"}) {
        for (const auto& [resource, value] :
             model::get_object(*container.json, fmt::format("/resources/{}", list)).items()) {
          const std::string pointer =
              fmt::format("{}/resources/{}/{}", container.pointer, list, model::escape_pointer(resource));
          const auto amount = quantity_of(&value);
          if (!amount) {
            report.add(
                *workload.manifest, pointer,
                fmt::format("container {}: the {} of {} is not a quantity", container.name, list, resource));
            continue;
          }
          if (std::string_view(list) != "requests") continue;
          const auto limit = quantity_of(
              model::find(*container.json, "/resources/limits/" + model::escape_pointer(resource)));
          if (limit && *amount > *limit * (1 + 1e-12)) {
            report.add(*workload.manifest, pointer,
                       fmt::format("container {} requests more {} than its limit", container.name, resource));
          }
        }
      }
    }
  }
}

constexpr std::array kRules{
    Rule{"workload.quantity", Severity::kError, EvidenceClass::kRule,
         "resource amounts are quantities and requests stay within limits",
         "write amounts such as 100m, 1.5 or 256Mi, and keep requests at or below limits", check_quantities},
    Rule{"workload.resource-requests", Severity::kWarning, EvidenceClass::kHeuristic,
         "containers request cpu and memory",
         "set resources.requests, so that the scheduler knows what the pod needs", check_requests},
    Rule{"workload.memory-limit", Severity::kWarning, EvidenceClass::kHeuristic,
         "containers have a memory limit",
         "set resources.limits.memory, so that a leak ends this container and not its neighbours",
         check_memory_limit},
};

}  // namespace

std::span<const Rule> resource_rules() {
  return kRules;
}

}  // namespace instantexec::validate
