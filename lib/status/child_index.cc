#include "status/child_index.h"

#include <algorithm>
#include <set>

#include "status/event_view.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxGone = 10'000;  // erased objects remembered

constexpr std::size_t kMaxGenerations = 16;  // of owners and what they own

constexpr std::size_t kMaxTerminations = 16;  // per container; the newest are kept

constexpr std::string_view kContainerLists[] = {"/status/initContainerStatuses", "/status/containerStatuses"};

// resourceVersions are decimal numbers without a bound; others cannot be compared.
bool older(std::string_view version, std::string_view than) {
  const auto number = [](std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!number(version) || !number(than)) return false;
  const auto trimmed = [](std::string_view text) {
    return text.substr(std::min(text.find_first_not_of('0'), text.size()));
  };
  const std::string_view a = trimmed(version);
  const std::string_view b = trimmed(than);
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// Whether the container waits for its image to be pulled again.
bool backs_off(const model::Object& pod, const std::string& container) {
  for (const std::string_view list : kContainerLists) {
    for (const model::Json& status : model::get_array(pod.json, list)) {
      if (model::get_string(status, "/name") != container) continue;
      return model::get_string(status, "/state/waiting/reason") == "ImagePullBackOff";
    }
  }
  return false;
}

// Without what health never looks at.
model::Object slim(const model::Object& object) {
  model::Object out;
  out.json = model::Json::object();
  for (const auto& [key, value] : object.json.items()) {
    if (key != "metadata" && key != "spec") out.json[key] = value;
  }
  model::Json& metadata = out.json["metadata"] = model::Json::object();
  for (const auto& [key, value] : model::get_object(object.json, "/metadata").items()) {
    if (key != "managedFields") metadata[key] = value;
  }
  if (const auto notes = metadata.find("annotations"); notes != metadata.end() && notes->is_object()) {
    notes->erase("kubectl.kubernetes.io/last-applied-configuration");
  }
  const auto spec = object.json.find("spec");
  if (spec == object.json.end()) return out;
  out.json["spec"] = *spec;
  const bool part = object.kind() == "Pod" && !model::controller_uid(object).empty();
  if (!part || !spec->is_object()) return out;
  model::Json& slimmed = out.json["spec"];
  for (const char* key : {"volumes", "tolerations", "affinity", "topologySpreadConstraints"})
    slimmed.erase(key);
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = slimmed.find(list);
    if (containers == slimmed.end() || !containers->is_array()) continue;
    for (model::Json& container : *containers) {
      if (!container.is_object()) continue;
      for (const char* key : {"env", "envFrom", "volumeMounts", "securityContext"}) container.erase(key);
    }
  }
  return out;
}

// Of one pod.
template <typename Map>
void erase_of(Map& by_container, const std::string& uid) {
  auto it = by_container.lower_bound({uid, ""});
  while (it != by_container.end() && it->first.first == uid) it = by_container.erase(it);
}

}  // namespace

std::vector<const model::Object*> Family::of_kind(std::string_view kind) const {
  std::vector<const model::Object*> out;
  std::copy_if(members.begin(), members.end(), std::back_inserter(out),
               [&](const model::Object* member) { return member->kind() == kind; });
  return out;
}

RestartCounts restart_counts(const Family& family) {
  RestartCounts counts;
  for (const model::Object* pod : family.of_kind("Pod")) {
    for (const std::string_view list : kContainerLists) {
      for (const model::Json& container : model::get_array(pod->json, list)) {
        counts[{pod->uid(), model::get_string(container, "/name")}] =
            std::max<std::int64_t>(model::get_int(container, "/restartCount"), 0);
      }
    }
  }
  return counts;
}

void ChildIndex::upsert(const model::Object& object) {
  const std::string uid = object.uid();
  if (uid.empty()) return;
  const std::string version = object.resource_version();
  if (const auto gone = gone_.find(uid); gone != gone_.end()) {
    if (older(version, gone->second)) return;
    gone_.erase(gone);
  }
  if (is_event(object)) {
    const auto subject_known = event_subjects_.find(uid);
    if (subject_known != event_subjects_.end() &&
        older(version, events_[subject_known->second].at(uid).resource_version())) {
      return;
    }
    erase_event(uid);
    if (!tells_of_health(object)) return;
    const std::string subject = EventView(object).subject_uid();
    events_[subject].insert_or_assign(uid, slim(object));
    event_subjects_[uid] = subject;
    return;
  }
  const model::Object* known = find(uid);
  const bool late = known != nullptr && older(version, known->resource_version());
  if (object.kind() == "Pod") {
    note_terminations(object);
    note_pull_answers(object, late);
  }
  if (late) return;
  unlink(uid);
  for (const model::Json& owner : model::get_array(object.json, "/metadata/ownerReferences")) {
    const std::string owner_uid = model::get_string(owner, "/uid");
    if (!owner_uid.empty()) children_[owner_uid].insert(uid);
  }
  objects_.insert_or_assign(uid, slim(object));
}

void ChildIndex::erase(const model::Object& object) {
  const std::string uid = object.uid();
  if (is_event(object)) {
    erase_event(uid);
    return;
  }
  const std::string version = object.resource_version();
  if (const model::Object* known = find(uid); known != nullptr && older(version, known->resource_version()))
    return;
  if (gone_.size() >= kMaxGone) gone_.clear();
  gone_[uid] = version;
  unlink(uid);
  objects_.erase(uid);
  erase_of(terminations_, uid);
  erase_of(pull_answers_, uid);
}

void ChildIndex::erase_event(const std::string& uid) {
  const auto known = event_subjects_.find(uid);
  if (known == event_subjects_.end()) return;
  const auto about = events_.find(known->second);
  about->second.erase(uid);
  if (about->second.empty()) events_.erase(about);
  event_subjects_.erase(known);
}

// Takes the object out of its owners' lists; owners may change between two states (adoption).
void ChildIndex::unlink(const std::string& uid) {
  const auto known = objects_.find(uid);
  if (known == objects_.end()) return;
  for (const model::Json& owner : model::get_array(known->second.json, "/metadata/ownerReferences")) {
    const auto siblings = children_.find(model::get_string(owner, "/uid"));
    if (siblings == children_.end()) continue;
    siblings->second.erase(uid);
    if (siblings->second.empty()) children_.erase(siblings);
  }
}

void ChildIndex::note_terminations(const model::Object& pod) {
  for (const std::string_view list : kContainerLists) {
    for (const model::Json& container : model::get_array(pod.json, list)) {
      for (const std::string_view where : {"/lastState/terminated", "/state/terminated"}) {
        const model::Json* end = model::find(container, where);
        if (end == nullptr) continue;
        auto& log = terminations_[{pod.uid(), model::get_string(container, "/name")}];
        const std::string id = model::get_string(*end, "/containerID");
        const bool seen =
            std::any_of(log.begin(), log.end(), [&](const Termination& t) { return t.container_id == id; });
        if (seen) continue;
        log.push_back({id, model::get_int(*end, "/exitCode"), model::get_string(*end, "/reason")});
        if (log.size() > kMaxTerminations) log.erase(log.begin());
      }
    }
  }
}

void ChildIndex::note_pull_answers(const model::Object& pod, bool late) {
  const model::Object* known = late ? find(pod.uid()) : nullptr;
  for (const std::string_view list : kContainerLists) {
    for (const model::Json& container : model::get_array(pod.json, list)) {
      const ContainerKey key{pod.uid(), model::get_string(container, "/name")};
      const std::string reason = model::get_string(container, "/state/waiting/reason");
      if (late && !(reason == "ErrImagePull" && known != nullptr && backs_off(*known, key.second))) continue;
      if (reason == "ErrImagePull") {
        pull_answers_[key] = model::get_string(container, "/state/waiting/message");
      } else if (reason != "ImagePullBackOff") {
        pull_answers_.erase(key);
      }
    }
  }
}

const model::Object* ChildIndex::find(std::string_view uid) const {
  const auto it = objects_.find(uid);
  return it == objects_.end() ? nullptr : &it->second;
}

std::string ChildIndex::subject_of(const model::Object& event) const {
  std::string uid = EventView(event).subject_uid();
  if (!uid.empty()) return uid;
  const auto known = event_subjects_.find(event.uid());
  return known == event_subjects_.end() ? "" : known->second;
}

std::vector<std::string> ChildIndex::lineage(const model::Object& object) const {
  std::vector<std::string> out = {is_event(object) ? subject_of(object) : object.uid()};
  std::set<std::string> seen{out.front()};
  const auto owners = [&](const model::Object& child) {
    for (const model::Json& owner : model::get_array(child.json, "/metadata/ownerReferences")) {
      std::string uid = model::get_string(owner, "/uid");
      if (seen.insert(uid).second) out.push_back(std::move(uid));
    }
  };
  owners(object);
  // It grows on the way.
  std::size_t next = 0;
  while (next < out.size()) {
    if (const model::Object* known = find(out[next++])) owners(*known);
  }
  return out;
}

Family ChildIndex::family(std::string_view uid) const {
  Family family;
  family.terminations = &terminations_;
  family.pull_answers = &pull_answers_;
  if (uid.empty()) return family;
  std::set<std::string, std::less<>> seen{std::string(uid)};  // owner references may form a ring
  std::vector<std::string> open{std::string(uid)};
  std::size_t generation = 0;
  std::size_t last_of_it = 0;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (i > last_of_it) {
      if (++generation == kMaxGenerations) break;
      last_of_it = open.size() - 1;
    }
    const auto owned = children_.find(open[i]);
    if (owned == children_.end()) continue;
    for (const std::string& child : owned->second) {
      if (!seen.insert(child).second) continue;
      open.push_back(child);
      family.members.push_back(&objects_.find(child)->second);
    }
  }
  return family;
}

std::vector<model::Object> ChildIndex::events(const model::Object& object, const Family& family) const {
  std::vector<std::pair<Timestamp, const model::Object*>> found;
  const auto take = [&](const std::string& uid) {
    const auto about = events_.find(uid);
    if (uid.empty() || about == events_.end()) return;
    for (const auto& [event_uid, event] : about->second)
      found.emplace_back(EventView(event).last_seen(), &event);
  };
  take(object.uid());
  for (const model::Object* member : family.members) take(member->uid());
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<model::Object> out;
  out.reserve(found.size());
  for (const auto& [at, event] : found) out.push_back(*event);
  return out;
}

}  // namespace instantexec::status
