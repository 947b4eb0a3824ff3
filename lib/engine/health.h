#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/health_watches.h"
#include "engine/live.h"
#include "engine/session.h"
#include "model/status.h"
#include "status/former.h"
#include "status/status.h"

namespace instantexec::engine {

// An object whose health matters, as the last write or read returned it.
struct HealthTarget {
  model::Object object;
  bool written = false;  // by this operation; then only states newer than `object` count
  // What broke it was taken back, so until then it may recover by itself, and neither a failure nor silence
  // is a verdict; from then on not being ready is, for one that was written once it is silent. One that
  // somebody deletes or replaces meanwhile counts no more.
  std::optional<Instant> recovers_by = {};
};

struct HealthOptions {
  // No change of one object for that long counts as failure; zero: none. Unset: what its kind and spec allow.
  std::optional<Duration> per_object_timeout;
  status::Options status;
  std::vector<status::CustomRule> rules;  // of kinds, in the order in which they are asked
  // Whether the schema of a custom kind has a status, where that is known.
  std::map<model::Gvk, bool> declares_status;
  // What was broken before anything was written. Not to be worse than that is enough.
  std::map<model::ObjectRef, status::Former> former;
  // Give up when the lock cannot be renewed any more (Session::lock_refusal); as kLockLost.
  bool minds_refusal = false;
};

enum class Verdict { kHealthy, kFailed, kTimedOut, kInterrupted, kLockLost };

// Follows objects and what they own until all are ready (or, if broken before, no worse) or one is beyond
// hope. Watches inform, and objects they say nothing about are read now and then; a verdict always rests on a
// fresh read.
class HealthMonitor {
 public:
  HealthMonitor(Session& session, HealthOptions options);
  ~HealthMonitor() = default;
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

  // Begins to watch a kind in a namespace, with what such objects own and the events about them. Once is
  // enough; early is better.
  void watch(const model::Gvk& gvk, const std::string& ns);
  // From now on the object's health counts. Starts a watch unless it is ready as it is.
  void track(HealthTarget target);
  // Takes in what Session::next delivered.
  void observe(const ClusterEvent& event);

  // Waits until all tracked objects are ready, one has failed (confirmed by another read a few seconds
  // later), or the time is up.
  Verdict wait(Duration timeout);

  // Called between events while wait() waits; may send requests.
  void on_look(std::function<void()> action) { on_look_ = std::move(action); }

  // What the object was before, if it is not ready and no worse than that; else nothing.
  [[nodiscard]] std::optional<status::Former> as_before(const model::ObjectRef& ref) const;

  // The last known health; NotFound for an object that is not tracked.
  [[nodiscard]] model::ObjectStatus status_of(const model::ObjectRef& ref) const;
  // The health from everything that was observed by now.
  model::ObjectStatus look_at(const model::ObjectRef& ref);
  // The object behind a verdict other than kHealthy: the one that failed, or the first that is not ready.
  [[nodiscard]] std::optional<model::ObjectRef> culprit() const;
  // Of the object behind kTimedOut: for how long nothing has happened to it, if it is given up for that and
  // not because the time is up.
  [[nodiscard]] std::optional<Duration> silent_for() const { return silent_for_; }
  // Every object that is neither ready nor as broken as before.
  [[nodiscard]] std::vector<model::ObjectRef> not_ready() const { return unsettled(true); }
  // Why an object is not ready, from everything seen.
  [[nodiscard]] status::FailureSummary explain(const model::ObjectRef& ref) const;
  // Everything seen so far.
  [[nodiscard]] const status::ChildIndex& index() const { return index_; }

 private:
  struct Tracked {
    model::Object object;                    // as written or first read
    std::string current_uid;                 // empty: gone
    std::optional<model::Object> last_seen;  // when it is gone, if it was seen
    status::Context context;
    model::ObjectStatus health;
    std::optional<Timestamp> changes_at;
    Instant last_change;
    Instant heard;                     // when the object itself was last written, read or told of
    std::optional<Duration> patience;  // with its silence; unset: no end
    bool written = false;
    std::optional<Instant> recovers_by;
    bool blocked = false;  // waits for others; see status::Assessment
    bool assessed = false;
    bool unread = false;  // when the time was up
  };

  void changed(const ObjectChanged& event);
  // Whether something later is known of the object already.
  [[nodiscard]] bool outdated(const model::Object& object) const;
  // Reads what is not ready and has not been heard of for a while.
  void read_silent();
  // Takes in what such a read found; null: nothing.
  void found(const model::ObjectRef& ref, const model::Object* object);
  [[nodiscard]] Duration patience() const;
  void mark_roots(const model::Object& object);
  void assess_dirty();
  // Looks again at objects whose hope that others help has changed.
  void spread_hope();
  void assess(const model::ObjectRef& ref, Tracked& tracked);
  [[nodiscard]] status::Assessment judge(const Tracked& tracked, const model::Object* object) const;
  // What the rules are told beside the objects, as of now.
  [[nodiscard]] status::Context context_of(const Tracked& tracked) const;
  // What a pod that is gone took of a quota or a node is free for the tracked objects it belonged to.
  void note_room(const model::Object& pod);
  void set_clock(const model::Object& stored);
  [[nodiscard]] Timestamp cluster_now() const;
  void read_storage_classes();
  [[nodiscard]] Instant next_look(Instant deadline) const;
  void remind();
  // Reads objects afresh; true when all of them have the wanted outcome.
  bool confirmed(const std::vector<model::ObjectRef>& refs, bool healthy);
  // What a verdict that all is well must not be given of without another read: kinds that are ready by
  // existing were confirmed by the answer to their write.
  [[nodiscard]] std::vector<model::ObjectRef> doubtful() const;
  // The first of those that does not prove ready, or as broken as before, when the time is up.
  std::optional<model::ObjectRef> unconfirmed();
  // Whether a health of the object is no worse than before; `at_last`: although it may yet become ready.
  [[nodiscard]] bool stands(const Tracked& tracked, const model::Object* object,
                            const model::ObjectStatus& health, bool at_last) const;
  // It was to recover, and somebody has deleted or replaced it.
  [[nodiscard]] static bool counts_no_more(const Tracked& tracked);
  // When it is given up, unless something happens to it before.
  [[nodiscard]] static std::optional<Instant> gives_up_at(const Tracked& tracked);
  // Nothing is left to wait for: ready, or as broken as before.
  [[nodiscard]] bool settled(const Tracked& tracked, bool at_last = false) const;
  [[nodiscard]] std::vector<model::ObjectRef> unsettled(bool at_last = false) const;
  [[nodiscard]] std::optional<model::ObjectRef> failure() const;
  [[nodiscard]] std::optional<model::ObjectRef> stuck() const;
  std::optional<Verdict> look();

  Session& session_;
  HealthOptions options_;
  status::ChildIndex index_;
  std::map<model::ObjectRef, Tracked> tracked_;
  std::map<std::string, std::set<model::ObjectRef>> by_uid_;
  std::set<model::ObjectRef> dirty_;
  HealthWatches watches_;
  std::vector<model::Object> storage_classes_;
  bool storage_classes_read_ = false;
  Timestamp clock_base_;
  Instant clock_read_;
  std::optional<Instant> confirm_failure_at_;
  std::optional<model::ObjectRef> culprit_;
  std::optional<Duration> silent_for_;
  Instant started_;
  Instant reminded_;
  std::function<void()> on_look_;
};

[[nodiscard]] model::Gvk event_gvk();

// Current, or waiting for a person (Suspended).
[[nodiscard]] bool counts_as_ready(const model::ObjectStatus& status);

}  // namespace instantexec::engine
