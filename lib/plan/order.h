#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/object.h"
#include "plan/plan.h"

// In which order objects are written and deleted: a graph, not levels, so that whatever is ready starts at
// once.
namespace instantexec::plan {

// Edges for a list of objects; indices are positions in that list. All vectors are as long as the list.
struct Order {
  std::vector<std::vector<std::size_t>> depends_on;
  std::vector<std::vector<std::size_t>> waits_for;  // indices into `groups`
  std::vector<Group> groups;
  std::vector<bool> gates;  // dependents need it ready, not only written
};

// The order for writing. Rules (those of kapp's defaults, and references found in the objects):
//   a namespaced object after its Namespace; a custom resource after its CRD is established;
//   a binding after its role; a claim after its StorageClass; an Ingress after the Services it names;
//   an autoscaler after its target;
//   a workload after every ServiceAccount, role, binding, ConfigMap, Secret, quota, limit range, claim and
//   network policy of its namespace, and after the cluster-scoped ones and volumes, classes and priorities;
//   webhook configurations and APIServices after all workloads and Services.
// Error plan.cycle with the path when objects wait for each other.
[[nodiscard]] Result<Order> write_order(std::span<const model::Object* const> objects);

// The order for deleting: webhook configurations and APIServices, custom resources, CRDs, workloads and what
// routes to them, what workloads use, namespaces.
[[nodiscard]] Order delete_order(std::span<const model::ObjectRef> objects);

// Decides over what others write: admission policies, webhook configurations and their bindings.
[[nodiscard]] bool is_admission(const model::ObjectRef& object);

// Runs pods or creates what does.
[[nodiscard]] bool is_workload(const model::ObjectRef& object);

// The path of a cycle as indices, first one repeated at the end; empty when there is none.
[[nodiscard]] std::vector<std::size_t> find_cycle(const Order& order);

}  // namespace instantexec::plan
