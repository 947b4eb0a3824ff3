#include <algorithm>
#include <utility>

#include "simulation/life.h"
#include "simulation/objects.h"

// What others do meanwhile, and what has to hold afterwards.
namespace instantexec::simulation {
namespace {

constexpr const char* kNeighbour = "theirs";

std::string uid_of(const Json& object) {
  return text_at(object, "/metadata/uid");
}

// Without the field that others put beside ours.
Json without_extra(Json object) {
  if (object.contains("data")) object["data"].erase("extra");
  return object;
}

}  // namespace

// --- others ---

void Life::as_kubectl(const engine::Request& request) {
  by_kubectl_ = true;
  (void)server_.act(request);
  by_kubectl_ = false;
  ++counts_.foreign;
}

void Life::others() {
  const std::string name(1, static_cast<char>('a' + roll(4)));
  const std::uint32_t kind = roll(10);
  const Duration after{one_in(3) ? roll(20'000) : roll(160)};
  server_.timeline().at(server_.now() + after, [this, name, kind, value = std::to_string(roll(4))] {
    if (kind < 2) return as_kubectl(apply_by("someone", config(kNeighbour, value)));
    if (kind < 6) return edit(name);
    if (kind == 6) return take(name);
    remove(name, kind == 9);
  });
}

void Life::edit(const std::string& name) {
  const State now = state_of("ConfigMap/default/" + name);
  if (now == nullptr || now->at("metadata").contains("deletionTimestamp")) return;
  const std::string value = "of others " + std::to_string(counts_.foreign);
  model::Object object = config(name, "");
  object.json["data"] = {{"extra", value}};
  as_kubectl(apply_by("someone", object));
  Touched& touched = touched_["ConfigMap/default/" + name];
  touched.edited = true;
  touched.uid = uid_of(*now);
  extra_[uid_of(*now)] = value;
  trace_ +=
      "  others put a field into " + name + " at " + std::to_string(server_.now().since_start.count()) + "\n";
}

void Life::take(const std::string& name) {
  const State now = state_of("ConfigMap/default/" + name);
  if (now == nullptr) return;
  Touched& touched = touched_["ConfigMap/default/" + name];
  touched.taken = true;
  touched.uid = uid_of(*now);
  touched.value = "taken";
  over_ = true;
  as_kubectl(apply_by("taker", config(name, touched.value)));
  trace_ +=
      "  others took a field of " + name + " at " + std::to_string(server_.now().since_start.count()) + "\n";
}

void Life::remove(const std::string& name, bool make_anew) {
  const std::string key = "ConfigMap/default/" + name;
  if (state_of(key) == nullptr) return;
  engine::DeleteRequest request;
  request.gvk = {"", "v1", "ConfigMap"};
  request.ns = "default";
  request.name = name;
  as_kubectl(request);
  Touched& touched = touched_[key];
  touched.deleted = true;
  trace_ += "  others deleted " + name + " at " + std::to_string(server_.now().since_start.count()) + "\n";
  if (!make_anew) return;
  as_kubectl(apply_by("someone", config(name, "of others")));
  touched.made = canonical(*state_of(key), "");
  over_ = true;
  trace_ += "  and made it anew\n";
}

// --- what has to hold ---

// Nothing went wrong and nobody else was there.
void Life::check_undisturbed(const std::string& word, bool fails, bool back) {
  const bool fine = back
                        ? word == "deployed" || word == "nothing_to_do" || word == "error: revision.not-found"
                        : (fails ? word == "rolled_back" : word == "deployed" || word == "nothing_to_do");
  if (!fine) broke("an undisturbed run ended as " + word);
}

// What the only process said is what came about.
void Life::check_words(const std::vector<std::string>& words) {
  const bool another = in_force() != revision_before_;
  if (words.front() == "deployed" && !another)
    broke("deployed was said, and the former revision is in force");
  const bool same =
      words.front() == "rolled_back" || words.front() == "nothing_to_do" || words.front() == "refused";
  if (same && another) broke(words.front() + " was said, and another revision is in force");
}

const Life::Objects* Life::wanted_of(std::int64_t revision) const {
  const Json& head = invariants_.head();
  if (!head.is_object() || !head.contains("revisions")) return nullptr;
  for (const Json& entry : head.at("revisions")) {
    if (entry.value("revision", std::int64_t{0}) != revision) continue;
    if (const auto target = entry.value("target", std::int64_t{0}); target > 0) return wanted_of(target);
    const auto found = wishes_.find(text_at(entry, "/description"));
    return found == wishes_.end() ? nullptr : &found->second;
  }
  return nullptr;
}

void Life::check_state() {
  const bool as_before = in_force() == revision_before_;
  const Objects* wanted = as_before ? nullptr : wanted_of(in_force());
  if (!as_before && wanted == nullptr) return broke("nothing is known of the revision in force");
  for (const auto& [key, ref] : declared_) {
    const State now = state_of(key);
    check_edits(key, now);
    const auto touched = touched_.find(key);
    if (touched != touched_.end() && !touched->second.made.is_null()) {
      check_recreated(key, now, touched->second);
    } else if (as_before) {
      check_as_before(key, now);
    } else {
      check_as_wanted(key, now, *wanted);
    }
  }
}

// Made anew by others: theirs, whatever became of the release.
void Life::check_recreated(const std::string& key, const State& now, const Touched& touched) {
  if (now == nullptr) return broke(key + " of others was deleted");
  if (canonical(*now, "") != touched.made) broke(key + " of others was changed: " + now->dump());
}

void Life::check_edits(const std::string& key, const State& now) {
  if (now == nullptr) return;
  const auto extra = extra_.find(uid_of(*now));
  if (extra != extra_.end() && text_at(*now, "/data/extra") != extra->second) {
    broke(key + ": what others put into it is gone");
  }
  const Touched touched = touched_of(key, now);
  if (touched.taken && !touched.deleted && text_at(*now, "/data/key") != touched.value)
    broke(key + ": what others took was overwritten");
}

// What others did to this very object. One that an undo or a pruning has taken away since, they never
// touched.
Life::Touched Life::touched_of(const std::string& key, const State& now) const {
  const auto found = touched_.find(key);
  if (found == touched_.end()) return {};
  Touched out = found->second;
  if (now != nullptr && uid_of(*now) != out.uid) out.edited = out.taken = false;
  return out;
}

void Life::check_as_before(const std::string& key, const State& now) {
  const auto before = before_.find(key);
  const Touched touched = touched_of(key, now);
  if (now == nullptr) {
    if (before != before_.end() && !touched.deleted) broke(key + " is gone");
    return;
  }
  if (touched.deleted) return broke(key + " was deleted by others and is there again");
  if (before == before_.end()) return broke(key + " was left behind");
  if (touched.taken) return;
  const Json a = without_extra(before->second);
  const Json b = without_extra(canonical(*now, "someone"));
  if (a != b) broke(key + " is not as it was: " + Json::diff(a, b).dump());
}

void Life::check_as_wanted(const std::string& key, const State& now, const Objects& wanted) {
  const auto wish = std::find_if(wanted.begin(), wanted.end(),
                                 [&](const model::Object& object) { return key_of(object.ref()) == key; });
  const Touched touched = touched_of(key, now);
  if (wish == wanted.end()) {
    // One that others changed meanwhile is not pruned.
    if (now != nullptr && !touched.edited && !touched.taken) broke(key + " was not pruned");
    return;
  }
  if (now == nullptr) {
    if (!touched.deleted) broke(key + " is not there");
    return;
  }
  if (touched.taken) return;
  if (!holds(*now, wish->json)) broke(key + " is not as wanted: " + now->dump());
  const auto before = before_.find(key);
  // A revision in between may not have had it.
  const bool between = invariants_.commits() > commits_before_ + 1;
  const bool kept =
      between || before == before_.end() || touched.deleted || uid_of(before->second) == uid_of(*now);
  if (!kept) broke(key + " was made anew");
}

}  // namespace instantexec::simulation
