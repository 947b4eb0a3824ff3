#include "engine/health_follow.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/errors.h"
#include "engine/health.h"
#include "engine/planner.h"
#include "engine/release_store.h"
#include "engine/schemas.h"
#include "engine/webhooks.h"

namespace instantexec::engine {
namespace {

constexpr Duration kReadEvery{5000};
// A watch that does not deliver its list within this is left to deliver it later.
constexpr Duration kFirstListWithin{30'000};

}  // namespace

HealthFollower::HealthFollower(Environment environment, const ReleaseOptions& options, HealthQuery query)
    : session_(std::move(environment)), options_(options), query_(std::move(query)) {}

HealthFollower::~HealthFollower() {
  for (const auto& [id, place] : watches_) session_.cluster().cancel_watch(id);
}

Status HealthFollower::begin() {
  IE_TRY(check_names(options_));
  IE_TRY(find_places());
  for (std::size_t i = 0; i < places_.size(); ++i) open(i);
  const Instant deadline = session_.now() + kFirstListWithin;
  while (!all_synced() && session_.now() < deadline) {
    if (session_.interrupted()) return fail(errors::kInterrupted, "interrupted; nothing was changed");
    take(session_.next(deadline));
  }
  read_blind();
  const auto refused = [](const Place& place) { return !place.root || place.refusal; };
  if (!places_.empty() && std::all_of(places_.begin(), places_.end(), refused))
    return fail(*places_.front().refusal);
  IE_TRY_ASSIGN(const auto catalog, session_.cluster().catalog(false));
  std::set<model::Gvk> kinds;
  for (const Place& place : places_) {
    if (place.root && !place.uids.empty()) kinds.insert(place.gvk);
  }
  declares_status_ = read_schemas(session_, *catalog, kinds, {});
  if (std::any_of(kinds.begin(), kinds.end(), needs_storage_classes)) {
    storage_classes_ = read_storage_classes(session_);
  }
  touched_.clear();
  listed_ = false;
  begun_ = true;
  return {};
}

Status HealthFollower::find_places() {
  IE_TRY_ASSIGN(const auto catalog, session_.cluster().catalog(false));
  HealthPlaces roots;
  if (query_.label_selector.empty()) {
    ReleaseStore store(session_, options_.release, options_.ns, options_.seal.get());
    IE_TRY_ASSIGN(const StoredHead stored, store.load_head());
    if (stored.exists()) {
      release_ = options_.release;
      revision_ = stored.head.revision;
      for (const journal::Member& member : stored.head.members) {
        objects_[member.ref()];
        roots.emplace(member.gvk, member.ns);
      }
    }
  }
  if (release_.empty()) roots = health_places(*catalog, options_.ns);
  for (const auto& [gvk, ns] : roots)
    places_.push_back({gvk, ns, query_.label_selector, true, false, false, {}, {}, {}, {}});
  for (const auto& [gvk, ns] : health_children(roots, options_.readiness)) {
    // Without a selector the objects asked for and what belongs to others come by the same watch.
    if (query_.label_selector.empty() && roots.contains({gvk, ns})) continue;
    places_.push_back({gvk, ns, "", false, false, false, {}, {}, {}, {}});
  }
  return {};
}

void HealthFollower::open(std::size_t place) {
  Place& where = places_[place];
  where.synced = false;
  where.asked = session_.now();
  watches_[session_.cluster().watch({where.gvk, where.ns, where.selector, ""})] = place;
}

void HealthFollower::open_anew(std::size_t place) {
  std::erase_if(watches_, [&](const auto& watch) {
    if (watch.second != place) return false;
    session_.cluster().cancel_watch(watch.first);
    return true;
  });
  places_[place].doubt = places_[place].uids;
  open(place);
}

bool HealthFollower::all_synced() const {
  return std::all_of(places_.begin(), places_.end(),
                     [](const Place& place) { return place.synced || place.blind; });
}

void HealthFollower::take(const ClusterEvent& event) {
  const auto place_of = [this](WatchId id) -> Place* {
    const auto found = watches_.find(id);
    return found == watches_.end() ? nullptr : &places_[found->second];
  };
  if (const auto* change = std::get_if<ObjectChanged>(&event)) {
    if (Place* place = place_of(change->watch)) changed(*place, change->object, change->deleted);
  } else if (const auto* done = std::get_if<WatchSynced>(&event)) {
    if (Place* place = place_of(done->watch)) synced(*place);
  } else if (const auto* failure = std::get_if<WatchFailed>(&event)) {
    if (Place* place = place_of(failure->watch)) place->blind = true;
    watches_.erase(failure->watch);
    listed_ = true;  // or never will
  }
}

void HealthFollower::synced(Place& place) {
  place.synced = true;
  listed_ = true;
  for (const std::string& uid : std::exchange(place.doubt, {})) vanished(place, uid);
}

void HealthFollower::mark(const model::Object& object) {
  for (const std::string& uid : index_.lineage(object)) {
    if (const auto root = roots_.find(uid); root != roots_.end()) touched_.insert(root->second);
  }
}

void HealthFollower::changed(Place& place, const model::Object& object, bool deleted) {
  const std::string uid = object.uid();
  place.doubt.erase(uid);
  if (deleted) {
    mark(object);
    place.uids.erase(uid);
    index_.erase(object);
    forget(object);
    return;
  }
  const bool told = !place.uids.insert(uid).second;
  const model::Object* known = index_.find(uid);
  if (told && known != nullptr && known->resource_version() == object.resource_version()) return;
  mark(object);  // former owners
  index_.upsert(object);
  if (place.root) follow(object);
  mark(object);
}

// A list no longer has it.
void HealthFollower::vanished(Place& place, const std::string& uid) {
  model::Object last{{{"apiVersion", place.gvk.api_version()}, {"kind", place.gvk.kind}}};
  last.json["metadata"]["uid"] = uid;
  if (const model::Object* known = index_.find(uid)) last = *known;
  changed(place, last, true);
}

void HealthFollower::follow(const model::Object& object) {
  const model::ObjectRef ref = object.ref();
  if (!release_.empty()) {
    const auto member = objects_.find(ref);
    if (member == objects_.end()) return;
    roots_.erase(member->second);
    member->second = object.uid();
    roots_[object.uid()] = ref;
    return;
  }
  // What belongs to another one of them is shown below it, in whichever order they arrive.
  const auto hide = [this](const model::Object& part) {
    if (roots_.erase(part.uid()) == 0) return;
    objects_.erase(part.ref());
    touched_.insert(part.ref());
  };
  if (index_.find(model::controller_uid(object)) != nullptr) {
    hide(object);
  } else if (!awaits_controller(object)) {
    objects_[ref] = object.uid();
    roots_[object.uid()] = ref;
  }
  for (const model::Object* member : index_.family(object.uid()).members) hide(*member);
}

bool HealthFollower::awaits_controller(const model::Object& object) const {
  if (!begun_) return false;
  const auto owners = model::get_array(object.json, "/metadata/ownerReferences");
  return std::any_of(owners.begin(), owners.end(), [&](const model::Json& owner) {
    if (!model::get_bool(owner, "/controller")) return false;
    const model::Gvk gvk =
        model::make_gvk(model::get_string(owner, "/apiVersion"), model::get_string(owner, "/kind"));
    return std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
      return place.gvk.group == gvk.group && place.gvk.kind == gvk.kind && !place.blind;
    });
  });
}

void HealthFollower::forget(const model::Object& object) {
  const auto root = roots_.find(object.uid());
  if (root == roots_.end()) return;
  touched_.insert(root->second);
  // Under its name there may be another one by now.
  const auto member = objects_.find(root->second);
  if (member != objects_.end() && member->second == object.uid()) {
    if (release_.empty()) {
      objects_.erase(member);
    } else {
      member->second.clear();
    }
  }
  roots_.erase(root);
}

// Kinds whose watches were refused.
void HealthFollower::read_blind() {
  blind_read_ = session_.now();
  std::vector<Request> requests;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    if (!place.blind) continue;
    requests.emplace_back(ListRequest{place.gvk, place.ns, place.selector, ""});
    asked.push_back(i);
  }
  if (requests.empty()) return;
  auto responses = session_.call_all(std::move(requests));
  for (std::size_t n = 0; n < asked.size(); ++n) {
    Place& place = places_[asked[n]];
    const bool refused = responses[n].http_status / 100 == 4;
    if (responses[n].ok() || refused) {
      place.asked = blind_read_;
      listed_ = true;
    }
    place.refusal.reset();
    if (!responses[n].ok()) {
      if (!responses[n].not_found()) place.refusal = responses[n].error;
      const std::string kind = sanitise_line(place.gvk.kind, 100);
      const bool told = std::find(unreadable_.begin(), unreadable_.end(), kind) != unreadable_.end();
      if (!responses[n].not_found() && place.root && !told) unreadable_.push_back(kind);
      continue;
    }
    std::set<std::string> gone = place.uids;
    for (const model::Object& item : responses[n].items) {
      gone.erase(item.uid());
      changed(place, item, false);
    }
    for (const std::string& uid : gone) vanished(place, uid);
  }
}

bool HealthFollower::read_since(Instant when, const std::set<model::ObjectRef>& refs, bool parts) {
  HealthPlaces wanted;
  for (const Place& place : places_) {
    const bool asked_for = std::any_of(refs.begin(), refs.end(), [&](const model::ObjectRef& ref) {
      return place.root && ref.kind == place.gvk.kind && ref.group == place.gvk.group && ref.ns == place.ns;
    });
    if (asked_for) wanted.emplace(place.gvk, place.ns);
  }
  if (parts) wanted.merge(health_children(wanted, options_.readiness));
  std::vector<std::size_t> concerned;
  bool blind = false;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    if (!wanted.contains({place.gvk, place.ns})) continue;
    concerned.push_back(i);
    if (place.asked >= when) continue;
    blind = blind || place.blind;
    if (!place.blind) open_anew(i);
  }
  if (blind) read_blind();
  return touched_.empty() && std::all_of(concerned.begin(), concerned.end(), [&](std::size_t i) {
           const Place& place = places_[i];
           return place.asked >= when && (place.synced || place.blind);
         });
}

Timestamp HealthFollower::now() {
  return session_.server_time();
}

void HealthFollower::read_services() {
  std::set<std::string> called;
  for (const auto& [ref, uid] : objects_) {
    if (const model::Object* object = index_.find(uid)) note_webhook_namespaces(*object, called);
  }
  if (!called.empty()) services_ = read_ready_services(session_, called);
}

LiveKnowledge HealthFollower::knowledge(std::span<const status::CustomRule> rules) {
  return {index_, declares_status_, storage_classes_, services_, rules, options_.readiness, now()};
}

Result<std::set<model::ObjectRef>> HealthFollower::next(Instant until) {
  const bool blind =
      std::any_of(places_.begin(), places_.end(), [](const Place& place) { return place.blind; });
  while (touched_.empty() && !listed_ && session_.now() < until) {
    if (session_.interrupted()) return fail(errors::kInterrupted, "interrupted; nothing was changed");
    if (blind && session_.now() - blind_read_ >= kReadEvery) read_blind();
    Instant wake = until;
    if (blind) wake = std::min(wake, blind_read_ + kReadEvery);
    take(session_.next(wake));
  }
  // Everything that is there already, before the rules are asked.
  while (!session_.interrupted()) {
    const ClusterEvent event = session_.next(session_.now());
    if (std::holds_alternative<DeadlinePassed>(event)) break;
    take(event);
  }
  if (session_.interrupted()) return fail(errors::kInterrupted, "interrupted; nothing was changed");
  listed_ = false;
  return std::exchange(touched_, {});
}

}  // namespace instantexec::engine
