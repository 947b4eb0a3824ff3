#pragma once

#include <string>
#include <vector>

#include "validate/workload.h"

namespace instantexec::validate {

// One place in a pod that names another object of its namespace, which must exist for the pod to start.
struct Reference {
  std::string pointer;  // of the name, from the workload's root
  std::string kind;     // of the core group: ConfigMap, Secret, ServiceAccount, PersistentVolumeClaim
  std::string name;
  std::string key;  // of its data; empty: the object as a whole
};

// Everything the pods of a workload need, in the order of their fields; optional references are left out.
[[nodiscard]] std::vector<Reference> references_of(const Workload& workload);

// Whether the cluster itself makes the object in every namespace.
[[nodiscard]] bool always_there(const Reference& reference);

}  // namespace instantexec::validate
