#include <fmt/format.h>

#include <utility>

#include "sim/cluster.h"
#include "sim/cluster_watching.h"
#include "sim/convert.h"
#include "sim/errors.h"
#include "sim/selectors.h"

namespace instantexec::sim {
namespace {

bool selected(const engine::WatchRequest& request, const model::Object& object) {
  if (!request.ns.empty() && object.ns() != request.ns) return false;
  const auto by_label =
      matches_label_selector(request.label_selector, model::get_object(object.json, "/metadata/labels"));
  const auto by_field = matches_field_selector(request.field_selector, object);
  return by_label && *by_label && by_field && *by_field;
}

}  // namespace

engine::WatchId SimCluster::watch(engine::WatchRequest request) {
  const engine::WatchId id = ++next_watch_;
  const auto known = catalog(false);
  if ((*known)->find(request.gvk) == nullptr) {
    deliver(engine::WatchFailed{id, make_error(errors::kUnservable,
                                               fmt::format("the cluster serves no kind {} in {}",
                                                           request.gvk.kind, request.gvk.api_version()))},
            Duration{0});
    return id;
  }
  watches_[id] = std::make_unique<Watching>(Watching{id, std::move(request), false, {}});
  server_.timeline().at(server_.now() + options_.latency * 2, [self = self_, id] {
    if (*self != nullptr) (*self)->list(id);
  });
  return id;
}

void SimCluster::cancel_watch(engine::WatchId id) {
  watches_.erase(id);
  const auto of_this = [id](const engine::ClusterEvent& event) {
    if (const auto* changed = std::get_if<engine::ObjectChanged>(&event)) return changed->watch == id;
    if (const auto* synced = std::get_if<engine::WatchSynced>(&event)) return synced->watch == id;
    if (const auto* failed = std::get_if<engine::WatchFailed>(&event)) return failed->watch == id;
    return false;
  };
  std::erase_if(ready_, of_this);
}

void SimCluster::list(engine::WatchId id) {
  const auto it = watches_.find(id);
  if (it == watches_.end() || silent_) return;
  Watching& watching = *it->second;
  const engine::Response list =
      server_.act(engine::ListRequest{watching.request.gvk, watching.request.ns,
                                      watching.request.label_selector, watching.request.field_selector});
  if (!list.ok()) {
    engine::WatchFailed failed{id, *list.error};
    watches_.erase(it);
    ready_.emplace_back(std::move(failed));
    return;
  }
  watching.connected = true;
  auto vanished = std::exchange(watching.known, {});
  for (const model::Object& item : list.items) vanished.erase(item.ref());
  for (auto& [ref, object] : vanished) ready_.emplace_back(engine::ObjectChanged{id, true, *object});
  for (const model::Object& item : list.items) {
    watching.known[item.ref()] = std::make_shared<const model::Object>(item);
    ready_.emplace_back(engine::ObjectChanged{id, false, item});
  }
  ready_.emplace_back(engine::WatchSynced{id});
}

void SimCluster::changed(const Change& change) {
  if (silent_) return;
  const model::Object& object = change.after ? *change.after : *change.before;
  for (const auto& [id, watching] : watches_) {
    if (!watching->connected || object.kind() != watching->request.gvk.kind) continue;
    const ServedKind* kind = server_.api().registry().find(watching->request.gvk);
    if (kind == nullptr || kind->storage_group != object.gvk().group) continue;
    const bool shown = change.after && selected(watching->request, object);
    const model::ObjectRef ref = object.ref();
    if (!shown && !watching->known.contains(ref)) continue;
    model::Object seen = shown_as(object, *kind);
    if (shown) {
      watching->known[ref] = std::make_shared<const model::Object>(seen);
    } else {
      watching->known.erase(ref);
    }
    const engine::ObjectChanged event{id, !shown, std::move(seen)};
    // Dropped on the way when the watch is cancelled or loses its connection meanwhile.
    for (int copies = duplicate_events_ ? 2 : 1; copies > 0; --copies) {
      server_.timeline().at(server_.now() + options_.latency, [self = self_, event] {
        if (*self == nullptr) return;
        const auto at = (*self)->watches_.find(event.watch);
        if (at != (*self)->watches_.end() && at->second->connected) (*self)->ready_.emplace_back(event);
      });
    }
  }
}

void SimCluster::disconnect_watches(Duration length) {
  for (const auto& [id, watching] : watches_) {
    watching->connected = false;
    server_.timeline().at(server_.now() + length, [self = self_, watch = id] {
      if (*self != nullptr) (*self)->list(watch);
    });
  }
}

}  // namespace instantexec::sim
