#include "engine/health_watches.h"

#include <utility>

namespace instantexec::engine {
namespace {

// Opening takes a list, which may be long: a watch that was opened just now is given time.
constexpr Duration kNotAgainWithin{10'000};
constexpr Duration kFirstListWithin{30'000};

}  // namespace

HealthWatches::~HealthWatches() {
  for (const auto& [id, watch] : watches_) session_.cluster().cancel_watch(id);
}

WatchId HealthWatches::start(const Key& key, std::set<std::string> doubt) {
  const WatchId id = session_.cluster().watch(WatchRequest{key.first, key.second, "", ""});
  watches_[id] = {key, session_.now(), false, {}, std::move(doubt)};
  return id;
}

void HealthWatches::open(const model::Gvk& gvk, const std::string& ns) {
  const Key key{gvk, ns};
  if (ids_.contains(key)) return;
  ids_[key] = start(key, {});
}

void HealthWatches::reopen(const model::Gvk& gvk, const std::string& ns) {
  const auto known = ids_.find({gvk, ns});
  if (known == ids_.end()) return;
  const auto old = watches_.find(known->second);
  if (old == watches_.end() || session_.now() - old->second.opened < kNotAgainWithin) return;
  std::set<std::string> doubt = std::move(old->second.uids);
  doubt.merge(old->second.doubt);
  session_.cluster().cancel_watch(old->first);
  watches_.erase(old);
  known->second = start(known->first, std::move(doubt));
}

void HealthWatches::reopen_hanging() {
  std::vector<Key> hanging;
  for (const auto& [id, watch] : watches_) {
    if (!watch.synced && session_.now() - watch.opened >= kFirstListWithin) hanging.push_back(watch.key);
  }
  for (const auto& [gvk, ns] : hanging) reopen(gvk, ns);
}

bool HealthWatches::covers(const model::Gvk& gvk, const std::string& ns) const {
  return ids_.contains({gvk, ns});
}

bool HealthWatches::changed(const ObjectChanged& event) {
  const auto found = watches_.find(event.watch);
  if (found == watches_.end()) return false;
  const std::string uid = event.object.uid();
  found->second.doubt.erase(uid);
  if (event.deleted) {
    found->second.uids.erase(uid);
  } else {
    found->second.uids.insert(uid);
  }
  return true;
}

bool HealthWatches::failed(const WatchFailed& event) {
  const auto found = watches_.find(event.watch);
  if (found == watches_.end()) return false;
  ids_[found->second.key] = 0;
  watches_.erase(found);
  blind_ = true;
  return true;
}

std::vector<std::string> HealthWatches::synced(const WatchSynced& event) {
  const auto found = watches_.find(event.watch);
  if (found == watches_.end()) return {};
  found->second.synced = true;
  const std::set<std::string> gone = std::exchange(found->second.doubt, {});
  return {gone.begin(), gone.end()};
}

}  // namespace instantexec::engine
