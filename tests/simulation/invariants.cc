#include "simulation/invariants.h"

#include <utility>

namespace instantexec::simulation {
namespace {

constexpr std::int64_t kLease = 30'000;        // milliseconds that a Lease has to be seen unchanged
constexpr std::int64_t kServerLimit = 30'000;  // of a write, sent along with it

// Phases that may follow one another; the same phase may be written again.
bool may_follow(const std::string& before, const std::string& after) {
  static const std::map<std::string, std::set<std::string>> kNext = {
      {"", {"idle"}},
      {"idle", {"applying"}},
      {"applying", {"rolling-back", "committing", "deployed", "failed-kept"}},
      {"rolling-back", {"rolled-back", "rollback-incomplete"}},
      {"committing", {"deployed"}},
      {"deployed", {"applying"}},
      {"rolled-back", {"applying"}},
      {"rollback-incomplete", {"applying", "rolling-back"}},
      {"failed-kept", {"applying"}}};
  const auto found = kNext.find(before);
  return before == after || (found != kNext.end() && found->second.contains(after));
}

std::int64_t number_at(const Json& json, const char* pointer) {
  const Json::json_pointer where(pointer);
  return json.contains(where) && json.at(where).is_number() ? json.at(where).get<std::int64_t>() : 0;
}

bool on_its_way_out(const State& state) {
  return state == nullptr || !text_at(*state, "/metadata/deletionTimestamp").empty();
}

bool is_process(const std::string& actor) {
  return !actor.empty() && actor != "kubectl";
}

// Names of the chunks that a head speaks of.
std::set<std::string> named_chunks(const Json& head) {
  std::set<std::string> out;
  const auto note = [&out](const Json& holder) {
    const Json::json_pointer where("/payload/chunks");
    if (!holder.is_object() || !holder.contains(where)) return;
    for (const Json& chunk : holder.at(where)) out.insert(text_at(chunk, "/name"));
  };
  if (head.contains("operation")) note(head.at("operation"));
  if (head.contains("revisions")) {
    for (const Json& revision : head.at("revisions")) note(revision);
  }
  return out;
}

}  // namespace

Invariants::Invariants(const std::string& release, const std::string& ns)
    : lease_key_("Lease/" + ns + "/instantexec-" + release),
      head_key_("Secret/" + ns + "/instantexec." + release),
      chunk_prefix_(head_key_ + ".") {}

void Invariants::broke(const Entry& entry, const std::string& rule) {
  const std::string who = entry.actor.empty() ? "a controller" : entry.actor;
  broken_.push_back(std::to_string(entry.ms) + " ms, " + who + ", " + entry.key + ": " + rule);
}

bool Invariants::is_record(const std::string& key) const {
  return key == lease_key_ || key == head_key_ || key.starts_with(chunk_prefix_);
}

void Invariants::see(const Entry& entry) {
  if (entry.kind == Entry::Kind::kSent) return sent(entry);
  if (entry.key == lease_key_) return lease_changed(entry);
  if (entry.key == head_key_) return head_changed(entry);
  if (entry.key.starts_with(chunk_prefix_)) return chunk_changed(entry);
  object_changed(entry);
}

void Invariants::sent(const Entry& entry) {
  if (entry.key == lease_key_) return;
  sent_[{entry.actor, entry.key}] = entry.ms;
  if (holder_ != entry.actor) broke(entry, "sent while the lock was held by '" + holder_ + "'");
  if (is_record(entry.key)) return;
  const std::string now = phase();
  if (entry.verb == "apply" && now != "applying") broke(entry, "applied in phase '" + now + "'");
  if (entry.verb == "patch" && now != "rolling-back") broke(entry, "patched in phase '" + now + "'");
  if (entry.verb == "delete" && now != "rolling-back" && now != "committing") {
    broke(entry, "deleted in phase '" + now + "'");
  }
}

void Invariants::lease_changed(const Entry& entry) {
  if (entry.after == nullptr) return broke(entry, "the lock was deleted");
  const std::string holder = text_at(*entry.after, "/spec/holderIdentity");
  const std::int64_t epoch = number_at(*entry.after, "/spec/leaseTransitions");
  if (holder != holder_ && !holder.empty()) {
    if (epoch <= epoch_) broke(entry, "a new holder without a new epoch");
    if (!holder_.empty() && entry.ms - lease_since_ < kLease) {
      broke(entry,
            "taken over from " + holder_ + " after " + std::to_string(entry.ms - lease_since_) + " ms");
    }
    if (holder != entry.actor) broke(entry, "taken for somebody else: " + holder);
  }
  if (holder.empty() && holder_ != entry.actor) broke(entry, "given back by somebody else than " + holder_);
  // It may take it again when it was not answered the first time.
  if (epoch < epoch_) broke(entry, "the epoch of the lock went down");
  holder_ = holder;
  epoch_ = epoch;
  lease_since_ = entry.ms;
}

void Invariants::head_changed(const Entry& entry) {
  if (entry.after == nullptr) return broke(entry, "the record was deleted");
  Json head = head_in(*entry.after);
  if (head.is_null()) return broke(entry, "the record cannot be read");
  const std::string before = phase();
  const std::string after = text_at(head, "/phase");
  if (!may_follow(before, after)) broke(entry, "from phase '" + before + "' to '" + after + "'");
  const bool new_operation = text_at(head, "/operation/id") != text_at(head_, "/operation/id");
  if (new_operation && after != "applying") broke(entry, "a new operation in phase '" + after + "'");
  const bool unfinished = before == "applying" || before == "rolling-back" || before == "committing";
  if (new_operation && unfinished) broke(entry, "an unfinished operation was forgotten");
  if (number_at(head, "/epoch") < number_at(head_, "/epoch")) broke(entry, "the epoch went down");
  if (number_at(head, "/revision") < number_at(head_, "/revision")) broke(entry, "the revision went down");
  const bool ended_well = after == "deployed" || after == "failed-kept";
  if (number_at(head, "/revision") != number_at(head_, "/revision") && after != "deployed") {
    broke(entry, "another revision in force in phase '" + after + "'");
  }
  if (ended_well && before == "rolling-back") broke(entry, "forward out of an undo");
  if (number_at(head, "/revision") != number_at(head_, "/revision")) ++commits_;
  for (const std::string& name : named_chunks(head)) {
    if (!chunks_.contains(name)) broke(entry, "names the chunk " + name + ", which is not there");
  }
  head_ = std::move(head);
}

void Invariants::chunk_changed(const Entry& entry) {
  const std::string name = entry.key.substr(entry.key.rfind('/') + 1);
  if (entry.after != nullptr) {
    if (entry.before != nullptr) broke(entry, "a chunk was changed");
    chunks_.insert(name);
    return;
  }
  chunks_.erase(name);
  if (!head_.is_null() && named_chunks(head_).contains(name))
    broke(entry, "deleted while the record names it");
}

void Invariants::object_changed(const Entry& entry) {
  if (!is_process(entry.actor)) return;
  if (!declared_.contains(entry.key) && !entry.key.starts_with("Pod/")) {
    return broke(entry, "not an object of the release");
  }
  const auto sent = sent_.find({entry.actor, entry.key});
  if (sent == sent_.end()) {
    broke(entry, "changed without a request");
  } else if (holder_ != entry.actor && entry.ms - sent->second > kServerLimit) {
    broke(entry,
          "took effect " + std::to_string(entry.ms - sent->second) + " ms after it was sent, the lock lost");
  }
  if (entry.before == nullptr) {
    made_.insert(text_at(*entry.after, "/metadata/uid"));
    return;
  }
  const bool pod = entry.key.starts_with("Pod/");
  if (!pod && !made_.contains(text_at(*entry.before, "/metadata/uid"))) {
    broke(entry, on_its_way_out(entry.after) ? "deleted what somebody else made"
                                             : "changed what somebody else made");
  }
}

}  // namespace instantexec::simulation
