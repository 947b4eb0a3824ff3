#include "engine/health.h"

// What health learns by reading, beside what the watches tell.
namespace instantexec::engine {
namespace {

// Nothing was heard of an object for that long. A rollout is silent for longer, a watch that hangs for ever.
constexpr Duration kReadAfter{12'000};
constexpr Duration kReadAfterWhenBlind{2000};

}  // namespace

model::Gvk event_gvk() {
  return {"", "v1", "Event"};
}

void HealthMonitor::read_storage_classes() {
  auto responses = session_.call_all({ListRequest{{"storage.k8s.io", "v1", "StorageClass"}, "", "", ""}});
  // Without the right to list them, claims are judged without.
  if (!responses.front().ok()) return;
  storage_classes_ = std::move(responses.front().items);
  storage_classes_read_ = true;
}

Duration HealthMonitor::patience() const {
  return watches_.blind() ? kReadAfterWhenBlind : kReadAfter;
}

void HealthMonitor::read_silent() {
  LiveQuery query;
  std::vector<model::ObjectRef> refs;
  for (auto& [ref, tracked] : tracked_) {
    if (settled(tracked) || session_.now() - tracked.heard < patience()) continue;
    tracked.heard = session_.now();
    query.want(tracked.object.gvk(), ref);
    refs.push_back(ref);
  }
  if (refs.empty()) return;
  watches_.reopen_hanging();
  const auto live = read_live(session_, query);
  if (!live) return;
  for (const model::ObjectRef& ref : refs) {
    const auto one = live->find(ref);
    found(ref, one == live->end() ? nullptr : &one->second);
  }
  assess_dirty();
}

void HealthMonitor::found(const model::ObjectRef& ref, const model::Object* object) {
  const std::string& uid = tracked_.at(ref).current_uid;
  const model::Object* known = uid.empty() ? nullptr : index_.find(uid);
  if (object != nullptr) {
    const bool same = known != nullptr && known->resource_version() == object->resource_version();
    if (same || outdated(*object)) return;
  } else if (known == nullptr) {
    // Of one that was ready by existing no more is known than that it was there.
    Tracked& tracked = tracked_.at(ref);
    if (tracked.current_uid.empty()) return;
    by_uid_[tracked.current_uid].erase(ref);
    tracked.current_uid.clear();
    dirty_.insert(ref);
    return;
  }
  const model::Gvk gvk = tracked_.at(ref).object.gvk();
  if (object != nullptr) {
    changed({0, false, *object});
  } else {
    changed({0, true, model::Object{*known}});
  }
  // The watch should have told; the others of the family come over the same connection.
  watches_.reopen(gvk, ref.ns);
  const auto children = status::child_kinds(gvk, options_.status);
  for (const model::Gvk& child : children) watches_.reopen(child, ref.ns);
  if (status::events_tell(gvk, options_.status)) watches_.reopen(event_gvk(), ref.ns);
}

bool HealthMonitor::confirmed(const std::vector<model::ObjectRef>& refs, bool healthy) {
  for (const model::ObjectRef& ref : refs) {
    // The class of a claim may have come by now.
    if (healthy || ref.kind != "PersistentVolumeClaim") continue;
    read_storage_classes();
    dirty_.insert(ref);
  }
  LiveQuery query;
  for (const model::ObjectRef& ref : refs) query.want(tracked_.at(ref).object.gvk(), ref);
  const auto live = read_live(session_, query);
  if (!live) return false;
  bool all = true;
  for (const model::ObjectRef& ref : refs) {
    const auto seen = live->find(ref);
    const Tracked& tracked = tracked_.at(ref);
    const model::Object* object = seen == live->end() ? nullptr : &seen->second;
    const auto status = judge(tracked, object).status;
    const bool settled = counts_as_ready(status) || stands(tracked, object, status, false);
    all = all && (healthy ? settled : status.doomed() && !settled);
    // The watches should have told.
    if (healthy && !settled) found(ref, object);
  }
  return all;
}

std::vector<model::ObjectRef> HealthMonitor::doubtful() const {
  std::vector<model::ObjectRef> out;
  for (const auto& [ref, tracked] : tracked_) {
    if (watches_.covers(tracked.object.gvk(), ref.ns) && !counts_no_more(tracked)) out.push_back(ref);
  }
  return out;
}

std::optional<model::ObjectRef> HealthMonitor::unconfirmed() {
  const auto refs = doubtful();
  LiveQuery query;
  for (const model::ObjectRef& ref : refs) query.want(tracked_.at(ref).object.gvk(), ref);
  if (query.empty()) return std::nullopt;
  const auto look = look_live(session_, query);
  for (const model::ObjectRef& ref : refs) {
    Tracked& tracked = tracked_.at(ref);
    const auto unread = look ? look->unread.find(ref) : Unread::const_iterator{};
    if (!look || unread != look->unread.end()) {
      tracked.unread = true;
      tracked.health = {};
      tracked.health.reason = "NotRead";
      tracked.health.message =
          "whether it is ready could not be read: " + (look ? unread->second : look.error()).to_string();
      return ref;
    }
    const auto seen = look->objects.find(ref);
    const model::Object* object = seen == look->objects.end() ? nullptr : &seen->second;
    const auto status = judge(tracked, object).status;
    if (counts_as_ready(status) || stands(tracked, object, status, true)) continue;
    found(ref, object);
    assess_dirty();
    return ref;
  }
  return std::nullopt;
}

}  // namespace instantexec::engine
