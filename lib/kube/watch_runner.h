#pragma once

#include <deque>
#include <map>
#include <optional>

#include "engine/ports.h"
#include "kube/list_run.h"
#include "kube/rest_client.h"
#include "kube/watch.h"
#include "model/api_catalog.h"

namespace instantexec::kube {

// Carries out what WatchState asks for: lists and watches over a RestClient, timers, and the search for dead
// connections. Its owner hands it the client's events and asks it regularly to look at the time.
class WatchRunner {
 public:
  // `client` and `events` must outlive this; engine events are appended to `events`.
  WatchRunner(RestClient& client, std::deque<engine::ClusterEvent>& events)
      : client_(client), events_(events) {}

  void start(engine::WatchId id, engine::WatchRequest request, model::ApiResource resource);
  void cancel(engine::WatchId id);

  // True when the event belonged to a watch.
  bool take(const CallEvent& event);
  // Fires timers that are due and renews watches whose connection has gone silent.
  void tick();
  // When tick() should be called next at the latest.
  [[nodiscard]] Instant next_tick(Instant deadline) const;

 private:
  struct Entry {
    engine::WatchRequest request;
    model::ApiResource resource;
    WatchState state;
    std::optional<ListRun> list;
    CallId list_call = 0;  // 0: none
    CallId watch_call = 0;
    std::optional<Instant> timer;
  };

  void carry_out(engine::WatchId id, WatchActions actions);
  void carry_out_one(engine::WatchId id, Entry& entry, WatchAction action);
  void drop_calls(Entry& entry);
  void begin_list(engine::WatchId id, Entry& entry);
  void take_list(engine::WatchId id, Entry& entry, const CallEvent& event);
  void take_watch(engine::WatchId id, Entry& entry, const CallEvent& event);
  void end_list(engine::WatchId id, Entry& entry);

  RestClient& client_;
  std::deque<engine::ClusterEvent>& events_;
  std::map<engine::WatchId, Entry> watches_;
  std::map<CallId, engine::WatchId> by_call_;
  std::optional<Instant> last_renewal_;
};

}  // namespace instantexec::kube
