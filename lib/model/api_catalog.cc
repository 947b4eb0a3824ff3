#include "model/api_catalog.h"

#include <algorithm>

#include "base/text.h"

namespace instantexec::model {

void ApiCatalog::add(ApiResource resource) {
  const auto [it, inserted] = by_gvk_.try_emplace(resource.gvk, resources_.size());
  if (inserted) {
    resources_.push_back(std::move(resource));
  } else {
    resources_[it->second] = std::move(resource);
  }
}

void ApiCatalog::add_incomplete(std::string group_version) {
  incomplete_.push_back(std::move(group_version));
}

const ApiResource* ApiCatalog::find(const Gvk& gvk) const {
  const auto it = by_gvk_.find(gvk);
  return it == by_gvk_.end() ? nullptr : &resources_[it->second];
}

const ApiResource* ApiCatalog::find_preferred(std::string_view group, std::string_view kind) const {
  const auto all_versions = versions(group, kind);
  return all_versions.empty() ? nullptr : all_versions.front();
}

std::vector<const ApiResource*> ApiCatalog::versions(std::string_view group, std::string_view kind) const {
  std::vector<const ApiResource*> out;
  for (const ApiResource& resource : resources_) {
    if (resource.gvk.group == group && resource.gvk.kind == kind) out.push_back(&resource);
  }
  return out;
}

const ApiResource* ApiCatalog::find_by_name(std::string_view name) const {
  const auto dot = name.find('.');
  const std::string word = to_lower(name.substr(0, dot));
  const std::string_view group = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
  const auto matches = [&](const ApiResource& resource) {
    if (dot != std::string_view::npos && resource.gvk.group != group) return false;
    return resource.resource == word || to_lower(resource.gvk.kind) == word ||
           resource.short_names.contains(word);
  };
  const auto it = std::find_if(resources_.begin(), resources_.end(), matches);
  return it == resources_.end() ? nullptr : &*it;
}

bool ApiCatalog::incomplete_group(std::string_view group) const {
  return std::any_of(incomplete_.begin(), incomplete_.end(), [&](const std::string& group_version) {
    const auto slash = group_version.find('/');
    return slash == std::string::npos ? group.empty()
                                      : std::string_view(group_version).substr(0, slash) == group;
  });
}

}  // namespace instantexec::model
