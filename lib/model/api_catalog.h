#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/gvk.h"

namespace instantexec::model {

// One kind the API server serves at one version.
struct ApiResource {
  Gvk gvk;
  std::string resource;  // plural, as in paths: "deployments"
  bool namespaced = true;
  std::set<std::string> verbs;         // "get", "list", "watch", "create", "patch", "delete" …
  std::set<std::string> subresources;  // "status", "scale", "log" …
  std::set<std::string> short_names;

  [[nodiscard]] Gvr gvr() const { return {gvk.group, gvk.version, resource}; }
};

// What the API server serves, from (aggregated) discovery. A value; looking things up does no I/O.
class ApiCatalog {
 public:
  // Adds a resource; versions of a group must be added in the server's order of preference.
  void add(ApiResource resource);
  // Notes a group/version whose discovery failed or is stale (an aggregated API that is down): absence of its
  // kinds proves nothing.
  void add_incomplete(std::string group_version);

  // The resource of exactly this group, version and kind.
  [[nodiscard]] const ApiResource* find(const Gvk& gvk) const;
  // The group's preferred version that serves the kind.
  [[nodiscard]] const ApiResource* find_preferred(std::string_view group, std::string_view kind) const;
  // All versions of the group's kind, preferred first.
  [[nodiscard]] std::vector<const ApiResource*> versions(std::string_view group, std::string_view kind) const;
  // By what users type: "deploy", "deployments", "deployment", "deployments.apps". First match in group
  // order.
  [[nodiscard]] const ApiResource* find_by_name(std::string_view name) const;
  [[nodiscard]] const std::vector<ApiResource>& all() const { return resources_; }
  // Group/versions noted by add_incomplete.
  [[nodiscard]] const std::vector<std::string>& incomplete() const { return incomplete_; }
  [[nodiscard]] bool incomplete_group(std::string_view group) const;

 private:
  std::vector<ApiResource> resources_;
  std::map<Gvk, std::size_t> by_gvk_;
  std::vector<std::string> incomplete_;
};

}  // namespace instantexec::model
