#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/manifest.h"
#include "model/object.h"
#include "validate/workload.h"

namespace instantexec::validate {

// What rules look at.
struct Scope {
  std::span<const model::Manifest> manifests;
  // Every readable object of the namespaces concerned. Null: no cluster was looked at, so that what is
  // missing from the manifests may exist.
  const std::vector<model::Object>* live = nullptr;
  std::string default_namespace = "default";  // of manifests that name none
  // Kubernetes minor version of the cluster ("36"). Unset: unknown.
  std::optional<int> server_minor;
};

// An object of the change or of the cluster.
struct Entry {
  const model::Object* object = nullptr;
  const model::Manifest* manifest = nullptr;  // null: live only
};

// Looks the scope's objects up. An object that is in the manifests hides its live version. Keeps pointers
// into the scope, which must outlive it.
class ObjectIndex {
 public:
  explicit ObjectIndex(const Scope& scope);

  [[nodiscard]] const Scope& scope() const { return scope_; }
  // Namespace of an object, with the default filled in.
  [[nodiscard]] std::string ns_of(const model::Object& object) const;

  // Everything that makes pods: of the manifests first, then live ones.
  [[nodiscard]] const std::vector<Workload>& workloads() const { return workloads_; }
  // Only those of the manifests.
  [[nodiscard]] std::span<const Workload> own_workloads() const {
    return {workloads_.data(), own_workloads_};
  }
  // Workloads in the namespace that are not owned by another object (a ReplicaSet of a Deployment).
  [[nodiscard]] std::vector<const Workload*> workloads_in(std::string_view ns) const;

  // Objects of a group's kind, manifests first.
  [[nodiscard]] const std::vector<Entry>& of_kind(std::string_view group, std::string_view kind) const;
  // One object; null when neither the change nor the cluster has it. ns "" for cluster-scoped kinds.
  [[nodiscard]] const model::Object* find(std::string_view group, std::string_view kind, std::string_view ns,
                                          std::string_view name) const;
  // Whether absence proves something: a cluster was looked at.
  [[nodiscard]] bool knows_cluster() const { return scope_.live != nullptr; }

 private:
  void add(const model::Object& object, const model::Manifest* manifest);

  Scope scope_;
  std::vector<Workload> workloads_;
  std::size_t own_workloads_ = 0;
  std::map<model::ObjectRef, const model::Object*> objects_;
  std::map<std::pair<std::string, std::string>, std::vector<Entry>, std::less<>> by_kind_;
};

}  // namespace instantexec::validate
