#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/session.h"
#include "model/object.h"
#include "status/child_index.h"

namespace instantexec::engine {

// Frees StatefulSets whose broken pod keeps the controller from going back to a good template: with ordered
// updates it waits for ever for a pod that cannot become ready (kubernetes/kubernetes#67250). Such a pod is
// deleted once, by UID; a deletion that could not be answered is tried again.
class StuckPods {
 public:
  explicit StuckPods(Session& session) : session_(session) {}

  // Remembers the object when it is such a StatefulSet; call after its template was put back.
  void consider(const model::Object& restored);
  // Deletes pods that are in the way, from what was seen last.
  void free(const status::ChildIndex& index);

 private:
  Session& session_;
  std::vector<std::string> uids_;         // of StatefulSets
  std::map<std::string, Instant> freed_;  // UIDs of pods, and when to try again
};

}  // namespace instantexec::engine
