#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/session.h"
#include "model/gvk.h"

namespace instantexec::engine {

// The watches that health rests on, one for each kind and namespace, and what each of them has told. Closed
// when this ends.
class HealthWatches {
 public:
  explicit HealthWatches(Session& session) : session_(session) {}
  ~HealthWatches();
  HealthWatches(const HealthWatches&) = delete;
  HealthWatches& operator=(const HealthWatches&) = delete;

  // Once is enough.
  void open(const model::Gvk& gvk, const std::string& ns);
  // Closes the watch, which has been found to be silent, and opens it again. Nothing happens when there is
  // none or when it was opened a moment ago.
  void reopen(const model::Gvk& gvk, const std::string& ns);
  // Opens again whatever did not deliver its first list for half a minute.
  void reopen_hanging();
  [[nodiscard]] bool covers(const model::Gvk& gvk, const std::string& ns) const;

  // Take note of an event. False: it is not of these watches.
  bool changed(const ObjectChanged& event);
  bool failed(const WatchFailed& event);
  // UIDs of objects that a watch had told of before it was opened anew and that do not exist any more.
  std::vector<std::string> synced(const WatchSynced& event);

  // Some watch was refused, so that its objects have to be read now and then.
  [[nodiscard]] bool blind() const { return blind_; }

 private:
  using Key = std::pair<model::Gvk, std::string>;  // and namespace
  struct Watch {
    Key key;
    Instant opened;
    bool synced = false;
    std::set<std::string> uids;   // of the objects it has told of
    std::set<std::string> doubt;  // those from before it was opened anew, not told of since
  };

  WatchId start(const Key& key, std::set<std::string> doubt);

  Session& session_;
  std::map<Key, WatchId> ids_;  // 0: refused
  std::map<WatchId, Watch> watches_;
  bool blind_ = false;
};

}  // namespace instantexec::engine
