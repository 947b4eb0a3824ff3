#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/object.h"

namespace instantexec::status {

// One container of one pod: pod UID and container name (init and ephemeral containers included).
using ContainerKey = std::pair<std::string, std::string>;

using RestartCounts = std::map<ContainerKey, std::int64_t>;

// One end of a container that was seen.
struct Termination {
  std::string container_id;
  std::int64_t exit_code = 0;
  std::string reason;  // "Error", "OOMKilled", "Completed" …
};

// What pods do not remember themselves: a status holds only the last end of a container.
using TerminationLog = std::map<ContainerKey, std::vector<Termination>>;

// What the registry last answered to a container that could not be pulled. The status holds it for seconds
// only; then it says no more than "Back-off pulling image".
using PullAnswers = std::map<ContainerKey, std::string>;

// The descendants of one object. Pointers live as long as the index is not changed.
struct Family {
  std::vector<const model::Object*> members;     // every owner before what it owns
  const TerminationLog* terminations = nullptr;  // null: not known
  const PullAnswers* pull_answers = nullptr;     // null: not known

  [[nodiscard]] std::vector<const model::Object*> of_kind(std::string_view kind) const;
};

// Restarts of every container of the family's pods, to be taken before an apply.
[[nodiscard]] RestartCounts restart_counts(const Family& family);

// Watched objects, found by the UID of their owners (metadata.ownerReferences): labels alone may match
// strangers. Also keeps Events, by the object they are about. A value; not thread-safe.
//
// Thousands of objects are held at once, so what health never looks at is left out: who manages which field,
// of a pod that belongs to something its volumes, tolerations and environments, and Events that tell of
// nothing but the usual course.
class ChildIndex {
 public:
  // Adds the object or replaces its former state (same UID). A state older than the one known, or than the
  // one it was erased with, is ignored (what a pod's containers ended with and registries answered is
  // remembered all the same): resourceVersions of one kind are numbers that grow (Kubernetes 1.35,
  // KEP-5504), so neither a late nor a repeated event of a watch can bring the past back. An Event (core/v1
  // or events.k8s.io/v1) is filed under the object it is about. Objects without a UID are ignored.
  void upsert(const model::Object& object);
  // Forgets the object, unless a later state of it is known. Unknown ones are ignored; its descendants stay
  // until they are erased themselves.
  void erase(const model::Object& object);

  // The object with this UID, or nullptr.
  [[nodiscard]] const model::Object* find(std::string_view uid) const;
  // UIDs of the object, of its owners and theirs as far as they are known; of an Event those of its subject,
  // which is known of Events held even when the one given does not name it.
  [[nodiscard]] std::vector<std::string> lineage(const model::Object& object) const;
  // Everything owned by the object, directly or not, through at most 16 generations; empty for an unknown or
  // empty UID.
  [[nodiscard]] Family family(std::string_view uid) const;
  // Events about the object or a member of its family, oldest first.
  [[nodiscard]] std::vector<model::Object> events(const model::Object& object, const Family& family) const;
  // Objects held, Events included.
  [[nodiscard]] std::size_t size() const { return objects_.size() + event_subjects_.size(); }

 private:
  void erase_event(const std::string& uid);
  // The UID of what the Event is about, also when no more is left of it than its own.
  [[nodiscard]] std::string subject_of(const model::Object& event) const;
  void unlink(const std::string& uid);
  void note_terminations(const model::Object& pod);
  // `late`: a later state is known already, so nothing is taken back.
  void note_pull_answers(const model::Object& pod, bool late);

  std::map<std::string, model::Object, std::less<>> objects_;                        // by UID
  std::map<std::string, std::set<std::string>, std::less<>> children_;               // owner UID → UIDs
  std::map<std::string, std::map<std::string, model::Object>, std::less<>> events_;  // subject UID → …
  std::map<std::string, std::string> event_subjects_;                                // event UID → subject
  std::map<std::string, std::string, std::less<>> gone_;                             // UID → last version
  TerminationLog terminations_;
  PullAnswers pull_answers_;
};

}  // namespace instantexec::status
