#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/gvk.h"
#include "model/object.h"

namespace instantexec::sim {

// One stored state of an object. Shared, because lists, watch events and controllers hold states that nobody
// changes any more.
using Snapshot = std::shared_ptr<const model::Object>;

struct Change {
  Snapshot before;  // null: created
  Snapshot after;   // null: removed; `before` then carries the resourceVersion of the removal
};

// Objects by identity, one resourceVersion counter for all of them, and listeners told of every change in
// order. Knows nothing of kinds or rules.
class Store {
 public:
  using Listener = std::function<void(const Change&)>;

  [[nodiscard]] Snapshot get(const model::ObjectRef& ref) const;
  // Objects of one kind in one namespace (empty: all), by namespace and name.
  [[nodiscard]] std::vector<Snapshot> list(std::string_view group, std::string_view kind,
                                           std::string_view ns) const;
  // Objects in one namespace, of any kind.
  [[nodiscard]] std::vector<Snapshot> in_namespace(std::string_view ns) const;
  // Objects that name this UID among their owners.
  [[nodiscard]] std::vector<Snapshot> dependents(const std::string& uid) const;
  // The object with this UID, or null.
  [[nodiscard]] Snapshot by_uid(const std::string& uid) const;
  [[nodiscard]] const std::map<model::ObjectRef, Snapshot>& all() const { return objects_; }

  // Stores a state under the next resourceVersion and tells the listeners.
  Snapshot put(model::Object object);
  void remove(const model::ObjectRef& ref);

  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

 private:
  void index(const model::Object& object, bool present);
  void tell(const Change& change);

  std::map<model::ObjectRef, Snapshot> objects_;
  std::map<std::string, model::ObjectRef, std::less<>> by_uid_;
  std::map<std::string, std::set<model::ObjectRef>, std::less<>> dependents_;
  std::vector<Listener> listeners_;
  std::uint64_t revision_ = 100;
};

}  // namespace instantexec::sim
