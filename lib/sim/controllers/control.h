#pragma once

#include <map>
#include <set>
#include <string>

#include "sim/api.h"
#include "sim/controllers/pod_progress.h"
#include "sim/timeline.h"

namespace instantexec::sim {

// How long things take in the simulated cluster.
struct Pace {
  Duration controller{20};  // from a change to the controllers' reaction
  Duration pod_start{400};  // from creation to running containers
  Duration pod_stop{200};   // from deletion to gone
  Duration crd{50};         // from creation to Established
};

// What controllers work with. Every controller is a function called with one object's reference some time
// after that object, or one it owns, has changed; it looks at the store and does what is missing.
class Control {
 public:
  using Sync = void (*)(Control& control, const model::ObjectRef& ref);

  Control(Api& served, Timeline& timeline, Pace how_fast, Timestamp start);

  Api& api;
  const Pace pace;
  // What the nodes remember, by UID of the pod.
  std::map<std::string, PodProgress> pods;
  std::map<std::string, Instant> pod_stops;
  std::size_t scheduled = 0;
  bool enabled = true;
  std::string load_balancer;  // the address Services of that type get; empty: none, as without a provider

  [[nodiscard]] Store& store() { return api.store(); }
  [[nodiscard]] Instant now() const { return timeline_.now(); }
  [[nodiscard]] Timestamp wall() const { return start_ + timeline_.now().since_start; }
  // Calls the controller of this object after a while; once, however often it is asked for meanwhile.
  void look_at(const model::ObjectRef& ref, Duration after);
  // Does something once, later.
  void later(Duration after, std::function<void()> work) { timeline_.at(now() + after, std::move(work)); }
  // Writes a core/v1 Event about an object, or counts one up that says the same.
  void event(const model::Object& about, const std::string& type, const std::string& reason,
             const std::string& message);
  // After a refused creation controllers wait, longer each time, before they try again for the same owner.
  [[nodiscard]] bool may_try(const model::Object& owner) const;
  void note_failure(const model::Object& owner);
  void note_success(const model::Object& owner) { retries_.erase(owner.uid()); }
  // Children of a kind that are controlled by this object.
  [[nodiscard]] std::vector<Snapshot> children(const model::Object& owner, std::string_view kind);

 private:
  void changed(const Change& change);
  void look_at_relations(const model::Object& object);

  Timeline& timeline_;
  Timestamp start_;
  struct Retry {
    Instant not_before;
    Duration wait{0};
  };

  std::map<model::ObjectRef, Instant> awaited_;
  std::map<std::string, Retry> retries_;
  std::map<std::string, model::ObjectRef> events_;
};

// The controllers, by kind.
void sync_deployment(Control& control, const model::ObjectRef& ref);
void sync_replica_set(Control& control, const model::ObjectRef& ref);
void sync_pod(Control& control, const model::ObjectRef& ref);
void sync_namespace(Control& control, const model::ObjectRef& ref);
void sync_definition(Control& control, const model::ObjectRef& ref);
void sync_stateful_set(Control& control, const model::ObjectRef& ref);
void sync_daemon_set(Control& control, const model::ObjectRef& ref);
void sync_job(Control& control, const model::ObjectRef& ref);
void sync_service(Control& control, const model::ObjectRef& ref);
void sync_claim(Control& control, const model::ObjectRef& ref);
void sync_volume(Control& control, const model::ObjectRef& ref);
void sync_quota(Control& control, const model::ObjectRef& ref);
void sync_disruption_budget(Control& control, const model::ObjectRef& ref);
void sync_autoscaler(Control& control, const model::ObjectRef& ref);

// Ownership: collects what has no owner left, and finishes foreground and orphan deletions.
void collect_garbage(Control& control, const model::ObjectRef& ref);
// Removal of `owner` leaves its dependents to be looked at.
void owner_removed(Control& control, const model::Object& owner);

}  // namespace instantexec::sim
