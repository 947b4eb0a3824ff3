#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/api_catalog.h"
#include "sim/schema.h"

namespace instantexec::sim {

// A kind at one version, as the server serves it.
struct ServedKind {
  model::ApiResource resource;
  const Type* type = nullptr;
  bool custom = false;                        // from a CustomResourceDefinition
  std::shared_ptr<const model::Json> schema;  // of a custom kind: its structural schema
  bool has_generation = false;                // metadata.generation counts changes of the specification
  bool has_status = false;                    // status is written apart
  // The group whose objects these are. events.k8s.io shows the objects of the core group.
  std::string storage_group;

  [[nodiscard]] const std::string& kind() const { return resource.gvk.kind; }
  // A PUT must name the resourceVersion it replaces.
  [[nodiscard]] bool needs_version() const;
};

// What is served: the built-in kinds, and those of established CustomResourceDefinitions.
class Registry {
 public:
  Registry();

  [[nodiscard]] const ServedKind* find(const model::Gvk& gvk) const;
  // The first version of a kind, to read stored objects by.
  [[nodiscard]] const ServedKind* find_kind(std::string_view group, std::string_view kind) const;
  [[nodiscard]] std::shared_ptr<const model::ApiCatalog> catalog() const { return catalog_; }

  // Serves (again) what the definition says.
  void serve(const model::Object& definition);
  void withdraw(const model::Object& definition);

 private:
  void rebuild();

  std::deque<ServedKind> kinds_;                   // built-in, then custom
  std::vector<std::unique_ptr<TypeTable>> types_;  // of custom kinds; kept while the server lives
  std::shared_ptr<const model::ApiCatalog> catalog_;
};

}  // namespace instantexec::sim
