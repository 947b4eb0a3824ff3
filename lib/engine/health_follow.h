#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/live_health.h"
#include "engine/session.h"

namespace instantexec::engine {

// Objects and what belongs to them, kept up to date by watches: what `read_live_health` reads once, for those
// who go on looking. The first state is that of the watches' lists, so nothing falls between the two.
class HealthFollower {
 public:
  HealthFollower(Environment environment, const ReleaseOptions& options, HealthQuery query);
  ~HealthFollower();
  HealthFollower(const HealthFollower&) = delete;
  HealthFollower& operator=(const HealthFollower&) = delete;

  // Opens the watches and waits for their first lists. Errors as read_live_health, and why nothing at all of
  // what is asked for may be read.
  Status begin();

  // Waits until something has changed, at most until `until`, and takes in everything that has come by then.
  // The objects whose health may be another one; empty: the time has come. Kinds that may not be watched are
  // read every few seconds. Error interrupted.
  Result<std::set<model::ObjectRef>> next(Instant until);

  [[nodiscard]] const std::string& release() const { return release_; }  // empty: there is none
  [[nodiscard]] int revision() const { return revision_; }
  // What is followed, with its UID; without one it does not exist.
  [[nodiscard]] const std::map<model::ObjectRef, std::string>& objects() const { return objects_; }
  [[nodiscard]] const status::ChildIndex& index() const { return index_; }
  [[nodiscard]] const std::vector<std::string>& unreadable() const { return unreadable_; }
  [[nodiscard]] Timestamp now();  // on the server's clock
  // Whether what is known of these objects comes from lists that were asked for at `when` or later, all of it
  // having been looked at; with `parts` also what belongs to objects of their kinds, and the Events. A watch
  // may be late or hang: where it rests on an older list it is opened anew, and next() returns when the lists
  // are there, so that this can be asked again.
  [[nodiscard]] bool read_since(Instant when, const std::set<model::ObjectRef>& refs, bool parts);
  // Reads again which Services can answer for webhooks among the objects.
  void read_services();
  // For judging the objects at this moment; good until next() or read_services() is called.
  [[nodiscard]] LiveKnowledge knowledge(std::span<const status::CustomRule> rules);

 private:
  struct Place {
    model::Gvk gvk;
    std::string ns;
    std::string selector;
    bool root = false;  // objects here are what is asked for, as opposed to what belongs to them
    bool synced = false;
    bool blind = false;  // may not be watched
    std::set<std::string> uids;
    std::set<std::string> doubt;   // of those, the ones not told of since the watch was opened anew
    Instant asked;                 // when the list that this rests on was asked for
    std::optional<Error> refusal;  // why it can neither be watched nor read
  };

  Status find_places();
  void open(std::size_t place);
  void open_anew(std::size_t place);
  void take(const ClusterEvent& event);
  void changed(Place& place, const model::Object& object, bool deleted);
  void vanished(Place& place, const std::string& uid);
  void synced(Place& place);
  void follow(const model::Object& object);
  // Its controller has to be told of yet, by a watch that is not as far.
  [[nodiscard]] bool awaits_controller(const model::Object& object) const;
  void forget(const model::Object& object);
  // Whoever the object belongs to, and itself.
  void mark(const model::Object& object);
  void read_blind();
  [[nodiscard]] bool all_synced() const;

  Session session_;
  ReleaseOptions options_;
  HealthQuery query_;
  std::vector<Place> places_;
  std::map<WatchId, std::size_t> watches_;  // place
  std::string release_;
  int revision_ = 0;
  std::map<model::ObjectRef, std::string> objects_;
  std::map<std::string, model::ObjectRef> roots_;  // by UID
  status::ChildIndex index_;
  std::map<model::Gvk, bool> declares_status_;
  std::optional<std::vector<model::Object>> storage_classes_;
  status::ReadyServices services_;
  std::vector<std::string> unreadable_;
  std::set<model::ObjectRef> touched_;
  bool begun_ = false;   // the first lists have come
  bool listed_ = false;  // a list has come since next() returned
  Instant blind_read_;
};

}  // namespace instantexec::engine
