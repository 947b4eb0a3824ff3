#include "sim/controllers/control.h"

#include <algorithm>
#include <utility>

#include "sim/selectors.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_string;
using model::Json;
using model::ObjectRef;

Control::Sync controller_of(const ObjectRef& ref) {
  static const std::map<std::pair<std::string, std::string>, Control::Sync> kControllers = {
      {{"apps", "Deployment"}, sync_deployment},
      {{"apps", "ReplicaSet"}, sync_replica_set},
      {{"", "Pod"}, sync_pod},
      {{"", "Namespace"}, sync_namespace},
      {{"apiextensions.k8s.io", "CustomResourceDefinition"}, sync_definition},
      {{"apps", "StatefulSet"}, sync_stateful_set},
      {{"apps", "DaemonSet"}, sync_daemon_set},
      {{"batch", "Job"}, sync_job},
      {{"", "Service"}, sync_service},
      {{"", "PersistentVolumeClaim"}, sync_claim},
      {{"", "PersistentVolume"}, sync_volume},
      {{"", "ResourceQuota"}, sync_quota},
      {{"policy", "PodDisruptionBudget"}, sync_disruption_budget},
      {{"autoscaling", "HorizontalPodAutoscaler"}, sync_autoscaler},
  };
  const auto it = kControllers.find({ref.group, ref.kind});
  return it == kControllers.end() ? nullptr : it->second;
}

}  // namespace

Control::Control(Api& served, Timeline& timeline, Pace how_fast, Timestamp start)
    : api(served), pace(how_fast), timeline_(timeline), start_(start) {
  api.store().listen([this](const Change& change) { changed(change); });
}

void Control::look_at(const ObjectRef& ref, Duration after) {
  const Instant when = now() + after;
  const auto [it, inserted] = awaited_.try_emplace(ref, when);
  if (!inserted) {
    if (it->second <= when) return;
    it->second = when;
  }
  timeline_.at(when, [this, ref, when] {
    const auto awaited = awaited_.find(ref);
    if (awaited == awaited_.end() || awaited->second != when) return;  // an earlier look has taken its place
    awaited_.erase(awaited);
    collect_garbage(*this, ref);
    if (const Sync sync = controller_of(ref)) sync(*this, ref);
  });
}

void Control::look_at_relations(const model::Object& object) {
  for (const Json& owner : get_array(object.json, "/metadata/ownerReferences")) {
    if (const Snapshot found = store().by_uid(get_string(owner, "/uid")))
      look_at(found->ref(), pace.controller);
  }
  const auto look_at_all = [&](const char* group, const char* kind) {
    for (const Snapshot& other : store().list(group, kind, object.ns()))
      look_at(other->ref(), pace.controller);
  };
  if (object.kind() == "Pod") {
    look_at_all("", "Service");
    look_at_all("policy", "PodDisruptionBudget");
    if (object.terminating()) look_at_all("", "PersistentVolumeClaim");
  }
  if (object.kind() == "StorageClass") {
    for (const Snapshot& claim : store().list("", "PersistentVolumeClaim", ""))
      look_at(claim->ref(), pace.controller);
  }
  if (!object.ns().empty() && object.kind() != "ResourceQuota") look_at_all("", "ResourceQuota");
  const ObjectRef place{"", "Namespace", "", object.ns()};
  if (!place.name.empty()) {
    const Snapshot found = store().get(place);
    if (found && found->terminating()) look_at(place, pace.controller);
  }
}

void Control::changed(const Change& change) {
  const Snapshot& object = change.after ? change.after : change.before;
  if (!enabled || object->kind() == "Event") return;
  if (change.after) {
    look_at(object->ref(), pace.controller);
  } else {
    owner_removed(*this, *object);
  }
  look_at_relations(*object);
}

void Control::event(const model::Object& about, const std::string& type, const std::string& reason,
                    const std::string& message) {
  const std::string at = format_rfc3339(wall());
  const std::string key = about.uid() + "/" + reason + "/" + message;
  if (const auto it = events_.find(key); it != events_.end()) {
    if (const Snapshot known = store().get(it->second)) {
      model::Object again = *known;
      again.json["count"] = model::get_int(again.json, "/count", 1) + 1;
      again.json["lastTimestamp"] = at;
      store().put(std::move(again));
      return;
    }
  }
  const std::string ns = about.ns().empty() ? "default" : about.ns();
  model::Object out{Json{
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata",
       {{"name", about.name() + "." + api.new_uid().substr(0, 8) + api.name_suffix()}, {"namespace", ns}}},
      {"involvedObject",
       {{"apiVersion", about.api_version()},
        {"kind", about.kind()},
        {"name", about.name()},
        {"namespace", ns},
        {"uid", about.uid()}}},
      {"type", type},
      {"reason", reason},
      {"message", message},
      {"count", 1},
      {"firstTimestamp", at},
      {"lastTimestamp", at},
      {"source", {{"component", "simulation"}}},
      {"reportingComponent", "simulation"},
      {"reportingInstance", ""}}};
  const ObjectRef ref = out.ref();
  if (api.create(std::move(out), wall())) events_[key] = ref;
}

bool Control::may_try(const model::Object& owner) const {
  const auto it = retries_.find(owner.uid());
  return it == retries_.end() || it->second.not_before <= timeline_.now();
}

void Control::note_failure(const model::Object& owner) {
  constexpr Duration kFirst{1'000};
  constexpr Duration kLongest{60'000};
  Retry& retry = retries_[owner.uid()];
  retry.wait = std::clamp(retry.wait * 2, kFirst, kLongest);
  retry.not_before = now() + retry.wait;
  look_at(owner.ref(), retry.wait);
}

std::vector<Snapshot> Control::children(const model::Object& owner, std::string_view kind) {
  std::vector<Snapshot> out = store().dependents(owner.uid());
  std::erase_if(out, [&](const Snapshot& child) {
    return child->kind() != kind || model::controller_uid(*child) != owner.uid();
  });
  return out;
}

}  // namespace instantexec::sim
