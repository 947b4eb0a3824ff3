#include "validate/index.h"

namespace instantexec::validate {

ObjectIndex::ObjectIndex(const Scope& scope) : scope_(scope) {
  for (const model::Manifest& manifest : scope_.manifests) add(manifest.object, &manifest);
  own_workloads_ = workloads_.size();
  if (scope_.live == nullptr) return;
  for (const model::Object& object : *scope_.live) add(object, nullptr);
}

void ObjectIndex::add(const model::Object& object, const model::Manifest* manifest) {
  model::ObjectRef ref = object.ref();
  if (ref.ns.empty()) ref.ns = ns_of(object);
  if (!objects_.emplace(ref, &object).second) return;  // the manifest comes first and hides the live object
  by_kind_[{ref.group, ref.kind}].push_back({&object, manifest});
  if (auto workload = workload_of(object, manifest, scope_.default_namespace)) {
    workloads_.push_back(std::move(*workload));
  }
}

// Cluster-scoped live objects have no namespace and get the default one too; lookups do the same, so it
// cancels out.
std::string ObjectIndex::ns_of(const model::Object& object) const {
  const std::string ns = object.ns();
  return ns.empty() ? scope_.default_namespace : ns;
}

std::vector<const Workload*> ObjectIndex::workloads_in(std::string_view ns) const {
  std::vector<const Workload*> out;
  for (const Workload& workload : workloads_) {
    if (workload.ns == ns && model::controller_uid(*workload.object).empty()) out.push_back(&workload);
  }
  return out;
}

const std::vector<Entry>& ObjectIndex::of_kind(std::string_view group, std::string_view kind) const {
  static const std::vector<Entry> kNone;
  const auto it = by_kind_.find({std::string(group), std::string(kind)});
  return it == by_kind_.end() ? kNone : it->second;
}

const model::Object* ObjectIndex::find(std::string_view group, std::string_view kind, std::string_view ns,
                                       std::string_view name) const {
  const model::ObjectRef ref{std::string(group), std::string(kind),
                             ns.empty() ? scope_.default_namespace : std::string(ns), std::string(name)};
  const auto it = objects_.find(ref);
  return it == objects_.end() ? nullptr : it->second;
}

}  // namespace instantexec::validate
