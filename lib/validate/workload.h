#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/manifest.h"
#include "model/object.h"
#include "validate/selector.h"

namespace instantexec::validate {

// One container of a pod template.
struct Container {
  const model::Json* json = nullptr;  // never null, always a mapping
  std::string pointer;                // from the object's root
  std::string name;
  bool init = false;
};

// An object that makes pods: a bare Pod, or a kind with a pod template. Pointers live as long as the object.
struct Workload {
  const model::Object* object = nullptr;
  const model::Manifest* manifest = nullptr;  // null: a live object, not part of the change
  std::string pod_pointer;  // of the template (metadata and spec): "/spec/template"; "" for a Pod
  const model::Json* pod_spec = nullptr;  // never null, always a mapping
  std::string ns;
  Labels pod_labels;
  std::optional<std::int64_t> replicas;  // as written; unset for kinds without it and where it is not written
  std::vector<Container> containers;     // init containers last

  [[nodiscard]] std::string kind() const { return object->kind(); }
  [[nodiscard]] std::string spec_pointer() const { return pod_pointer + "/spec"; }
  // Whether its pods run for good (not Job, CronJob, or a Pod that ends).
  [[nodiscard]] bool long_running() const;
};

// The object as a workload; nothing for other kinds. An unreadable pod spec counts as an empty one.
// `default_namespace` stands in for a namespace that is not written.
[[nodiscard]] std::optional<Workload> workload_of(const model::Object& object,
                                                  const model::Manifest* manifest,
                                                  const std::string& default_namespace);

// The pod's own template pointer by kind: "/spec/template", "/spec/jobTemplate/spec/template", "" (Pod);
// nothing for kinds without pods.
[[nodiscard]] std::optional<std::string> pod_pointer_of(const model::Gvk& gvk);

// "spec.containers[0].image" from "/spec/containers/0/image"; keys that hold dots or slashes stand in
// brackets.
[[nodiscard]] std::string field_path(std::string_view pointer);

}  // namespace instantexec::validate
