#include "sim/store.h"

#include <utility>

namespace instantexec::sim {

using model::get_array;
using model::get_string;

Snapshot Store::get(const model::ObjectRef& ref) const {
  const auto it = objects_.find(ref);
  return it == objects_.end() ? nullptr : it->second;
}

std::vector<Snapshot> Store::list(std::string_view group, std::string_view kind, std::string_view ns) const {
  std::vector<Snapshot> out;
  const model::ObjectRef first{std::string(group), std::string(kind), std::string(ns), ""};
  for (auto it = objects_.lower_bound(first); it != objects_.end(); ++it) {
    if (it->first.kind != kind || it->first.group != group) break;
    if (!ns.empty() && it->first.ns != ns) break;
    out.push_back(it->second);
  }
  return out;
}

std::vector<Snapshot> Store::in_namespace(std::string_view ns) const {
  std::vector<Snapshot> out;
  for (const auto& [ref, object] : objects_) {
    if (ref.ns == ns) out.push_back(object);
  }
  return out;
}

std::vector<Snapshot> Store::dependents(const std::string& uid) const {
  std::vector<Snapshot> out;
  const auto it = dependents_.find(uid);
  if (it == dependents_.end()) return out;
  for (const model::ObjectRef& ref : it->second) out.push_back(objects_.at(ref));
  return out;
}

Snapshot Store::by_uid(const std::string& uid) const {
  const auto it = by_uid_.find(uid);
  return it == by_uid_.end() ? nullptr : get(it->second);
}

void Store::index(const model::Object& object, bool present) {
  const model::ObjectRef ref = object.ref();
  if (present) {
    by_uid_[object.uid()] = ref;
  } else {
    by_uid_.erase(object.uid());
  }
  for (const model::Json& owner : get_array(object.json, "/metadata/ownerReferences")) {
    const std::string uid = get_string(owner, "/uid");
    if (present) {
      dependents_[uid].insert(ref);
    } else if (const auto it = dependents_.find(uid); it != dependents_.end()) {
      it->second.erase(ref);
      if (it->second.empty()) dependents_.erase(it);
    }
  }
}

void Store::tell(const Change& change) {
  for (const Listener& listener : listeners_) listener(change);
}

Snapshot Store::put(model::Object object) {
  object.json["metadata"]["resourceVersion"] = std::to_string(++revision_);
  const model::ObjectRef ref = object.ref();
  auto stored = std::make_shared<const model::Object>(std::move(object));
  Snapshot& slot = objects_[ref];
  const Snapshot before = std::exchange(slot, stored);
  if (before) index(*before, false);
  index(*stored, true);
  tell({before, stored});
  return stored;
}

void Store::remove(const model::ObjectRef& ref) {
  const auto it = objects_.find(ref);
  if (it == objects_.end()) return;
  model::Object last = *it->second;
  last.json["metadata"]["resourceVersion"] = std::to_string(++revision_);
  index(last, false);
  objects_.erase(it);
  tell({std::make_shared<const model::Object>(std::move(last)), nullptr});
}

}  // namespace instantexec::sim
