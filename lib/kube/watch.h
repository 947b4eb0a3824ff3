#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kube/backoff.h"
#include "kube/streaming_list.h"
#include "model/object.h"

// The list-then-watch protocol of the Kubernetes API as a state machine without I/O. Whoever drives it tells
// it what happened and carries out what it answers. Source of the rules: "Efficient detection of changes" in
// the Kubernetes API concepts, and client-go's reflector for the timings.
namespace instantexec::kube {

// What the driver has to do, in order.
struct ListNow {};  // list, most recent state: on_page …, then on_list or on_list_failed
struct WatchNow {   // open a watch, then on_opened, on_bytes … on_closed
  std::string resource_version;
  int timeout_seconds = 0;
};
struct CloseWatch {};  // drop the open watch; no on_closed for it
struct WaitUntil {     // call on_timer then
  Instant at;
};
struct DeliverChanged {
  model::Object object;
};
struct DeliverDeleted {
  model::Object object;  // from a list that lacks it: nothing but what identifies it and its last version
};
struct DeliverSynced {};
struct DeliverFailed {  // the watch is over for good
  Error error;
};
using WatchAction = std::variant<ListNow, WatchNow, CloseWatch, WaitUntil, DeliverChanged, DeliverDeleted,
                                 DeliverSynced, DeliverFailed>;
using WatchActions = std::vector<WatchAction>;

class WatchState {
 public:
  // `item` is the kind watched; `random` is uniform in [0, 1).
  WatchState(model::Gvk item, std::function<double()> random);

  [[nodiscard]] WatchActions start();
  // A page of the list that more pages follow.
  [[nodiscard]] WatchActions on_page(std::vector<model::Object> items);
  // The list has to be read again from its first page: the version its pages were of is compacted away.
  void on_list_restarted();
  // The last page, which may be the only one, and the version of the whole list.
  [[nodiscard]] WatchActions on_list(Instant now, std::vector<model::Object> items,
                                     std::string resource_version);
  // `http_status` 0: no answer. Refusals that no waiting cures (4xx but 408, 410, 429) end the watch.
  [[nodiscard]] WatchActions on_list_failed(Instant now, int http_status, Error error);
  // The server has begun to answer the watch with 200.
  void on_opened(Instant now);
  [[nodiscard]] WatchActions on_bytes(Instant now, std::string_view bytes);
  // The watch ended. `error`: it broke or was refused with `http_status`; nothing: the server ended it.
  [[nodiscard]] WatchActions on_closed(Instant now, int http_status, std::optional<Error> error);
  [[nodiscard]] WatchActions on_timer(Instant now);
  // The connection has been silent for too long: opens another watch where this one stopped.
  [[nodiscard]] WatchActions on_silence(Instant now);

  [[nodiscard]] const std::string& resource_version() const { return resource_version_; }

 private:
  enum class Phase { kIdle, kListing, kWatching, kWaitingToList, kWaitingToWatch, kOver };
  using Key = std::pair<std::string, std::string>;  // namespace, name
  // Thousands of objects are watched at once: whoever needs more of one than this keeps it.
  struct Known {
    std::string uid;
    std::string resource_version;
    int list = 0;  // the latest one that had it
  };

  WatchActions list_now();
  WatchActions relist(Instant now, bool at_once);
  WatchActions rewatch(Instant now, bool at_once);
  WatchNow watch_now();
  WatchActions give_up(Error error);
  void fold_frame(Instant now, std::string_view frame, WatchActions& actions);
  void fold_error(Instant now, const model::Json& status, WatchActions& actions);
  void fold_object(const std::string& type, model::Object object, WatchActions& actions);
  [[nodiscard]] model::Object trace_of(const Key& key, const Known& known) const;

  model::Gvk item_;
  std::function<double()> random_;
  Phase phase_ = Phase::kIdle;
  std::string resource_version_;
  std::map<Key, Known> known_;
  int list_ = 0;  // grows with each list that is begun
  JsonFramer framer_;
  Backoff backoff_;
  Instant opened_;
  bool opened_known_ = false;
  bool watch_lost_ = false;  // the open watch is of no use any more; ignore what it still says
};

}  // namespace instantexec::kube
