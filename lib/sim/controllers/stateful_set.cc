#include <algorithm>
#include <utility>

#include "sim/controllers/control.h"
#include "sim/controllers/pods.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_int;
using model::get_string;
using model::Json;

constexpr const char* kRevisionLabel = "controller-revision-hash";

std::string update_revision(const model::Object& set) {
  return set.name() + "-" + template_hash(model::get_object(set.json, "/spec/template"));
}

void keep_revision(Control& control, const model::Object& set, const std::string& revision) {
  if (control.store().get({"apps", "ControllerRevision", set.ns(), revision})) return;
  std::int64_t newest = 0;
  for (const Snapshot& known : control.children(set, "ControllerRevision")) {
    newest = std::max(newest, get_int(known->json, "/revision"));
  }
  control.api.create(
      {Json{{"apiVersion", "apps/v1"},
            {"kind", "ControllerRevision"},
            {"metadata",
             {{"name", revision},
              {"namespace", set.ns()},
              {"labels", {{kRevisionLabel, revision}}},
              {"ownerReferences", Json::array({controller_reference(set)})}}},
            {"revision", newest + 1},
            {"data", {{"spec", {{"template", model::get_object(set.json, "/spec/template")}}}}}}},
      control.wall());
}

// The template a revision stands for; the current one when it is not kept.
Json template_of(Control& control, const model::Object& set, const std::string& revision) {
  const Snapshot kept = control.store().get({"apps", "ControllerRevision", set.ns(), revision});
  const Json* found = kept ? model::find(kept->json, "/data/spec/template") : nullptr;
  return found != nullptr ? *found : model::get_object(set.json, "/spec/template");
}

void claim_volumes(Control& control, const model::Object& set, model::Object& pod) {
  for (const Json& claim : get_array(set.json, "/spec/volumeClaimTemplates")) {
    const std::string volume = get_string(claim, "/metadata/name");
    const std::string name = volume + "-" + pod.name();
    Json& volumes = pod.json["spec"]["volumes"];
    if (!volumes.is_array()) volumes = Json::array();
    volumes.push_back({{"name", volume}, {"persistentVolumeClaim", {{"claimName", name}}}});
    if (control.store().get({"", "PersistentVolumeClaim", set.ns(), name})) continue;
    Json metadata = model::get_object(claim, "/metadata");
    metadata["name"] = name;
    metadata["namespace"] = set.ns();
    control.api.create({Json{{"apiVersion", "v1"},
                             {"kind", "PersistentVolumeClaim"},
                             {"metadata", std::move(metadata)},
                             {"spec", model::get_object(claim, "/spec")}}},
                       control.wall());
  }
}

class Set {
 public:
  Set(Control& control, const model::Object& set)
      : control_(control),
        set_(set),
        update_(update_revision(set)),
        current_(get_string(set.json, "/status/currentRevision", update_)),
        replicas_(get_int(set.json, "/spec/replicas", 1)),
        ordered_(get_string(set.json, "/spec/podManagementPolicy") != "Parallel") {}

  void sync() {
    keep_revision(control_, set_, update_);
    if (!set_.terminating() && fill() && shrink()) roll();
    report();
  }

 private:
  [[nodiscard]] std::string pod_name(std::int64_t ordinal) const {
    return set_.name() + "-" + std::to_string(ordinal);
  }
  [[nodiscard]] Snapshot pod(std::int64_t ordinal) {
    return control_.store().get({"", "Pod", set_.ns(), pod_name(ordinal)});
  }
  static std::string revision_of(const model::Object& pod) { return pod.labels()[kRevisionLabel]; }

  void remove(const model::Object& pod) {
    control_.api.remove(pod, engine::Propagation::kBackground, control_.wall());
  }

  void make(std::int64_t ordinal) {
    const std::int64_t partition = get_int(set_.json, "/spec/updateStrategy/rollingUpdate/partition");
    const std::string revision = ordinal < partition ? current_ : update_;
    model::Object from = set_;
    from.json["spec"]["template"] = template_of(control_, set_, revision);
    model::Object made = pod_from_template(from, pod_name(ordinal));
    Json& labels = made.json["metadata"]["labels"];
    labels[kRevisionLabel] = revision;
    labels["statefulset.kubernetes.io/pod-name"] = made.name();
    labels["apps.kubernetes.io/pod-index"] = std::to_string(ordinal);
    made.json["spec"]["hostname"] = made.name();
    claim_volumes(control_, set_, made);
    std::string problem;
    if (!control_.may_try(set_)) return;
    if (control_.api.create(std::move(made), control_.wall(), &problem)) return control_.note_success(set_);
    control_.event(
        set_, "Warning", "FailedCreate",
        "create Pod " + pod_name(ordinal) + " in StatefulSet " + set_.name() + " failed error: " + problem);
    control_.note_failure(set_);
  }

  // Makes what is missing; in order means only after all before are ready. False: something is still to come.
  bool fill() {
    bool settled = true;
    for (std::int64_t i = 0; i < replicas_; ++i) {
      const Snapshot known = pod(i);
      if (!known) {
        make(i);
      } else if (!known->terminating() && !pod_active(*known)) {
        remove(*known);  // ended: made again
      } else if (!known->terminating() && pod_ready(*known)) {
        continue;
      }
      settled = false;
      if (ordered_) return false;
    }
    return settled || !ordered_;
  }

  bool shrink() {
    const auto pods = control_.children(set_, "Pod");
    for (std::int64_t i = replicas_ + static_cast<std::int64_t>(pods.size()); i >= replicas_; --i) {
      const Snapshot extra = pod(i);
      if (!extra) continue;
      if (!extra->terminating()) remove(*extra);
      if (ordered_) return false;
    }
    return true;
  }

  // From the highest ordinal down, one at a time, each ready before the next.
  void roll() {
    if (get_string(set_.json, "/spec/updateStrategy/type") == "OnDelete") return;
    const std::int64_t partition = get_int(set_.json, "/spec/updateStrategy/rollingUpdate/partition");
    for (std::int64_t i = replicas_ - 1; i >= partition; --i) {
      const Snapshot known = pod(i);
      if (!known) return;
      if (revision_of(*known) != update_) {
        if (!known->terminating()) remove(*known);
        return;
      }
      if (!pod_ready(*known)) return;
    }
  }

  void report() {
    std::int64_t total = 0;
    std::int64_t ready = 0;
    std::int64_t available = 0;
    std::int64_t current = 0;
    std::int64_t updated = 0;
    const std::int64_t min_ready = get_int(set_.json, "/spec/minReadySeconds");
    for (const Snapshot& known : control_.children(set_, "Pod")) {
      ++total;
      if (known->terminating()) continue;
      if (pod_ready(*known)) ++ready;
      if (pod_available(*known, min_ready, control_.wall())) ++available;
      if (revision_of(*known) == current_) ++current;
      if (revision_of(*known) == update_) ++updated;
    }
    if (updated == replicas_ && ready == replicas_ && total == replicas_) {
      current_ = update_;
      current = updated;
    } else if (min_ready > 0 && available < ready) {
      control_.look_at(set_.ref(), Duration{min_ready * 1000});
    }
    Json status{{"observedGeneration", set_.generation()},
                {"replicas", total},
                {"readyReplicas", ready},
                {"availableReplicas", available},
                {"currentReplicas", current},
                {"updatedReplicas", updated},
                {"currentRevision", current_},
                {"updateRevision", update_},
                {"collisionCount", 0}};
    drop_zeros(status, {"replicas", "availableReplicas", "collisionCount"});
    model::Object after = set_;
    after.json["status"] = std::move(status);
    control_.api.write_status(set_, after, "kube-controller-manager", control_.wall());
  }

  Control& control_;
  const model::Object& set_;
  const std::string update_;
  std::string current_;
  const std::int64_t replicas_;
  const bool ordered_;
};

}  // namespace

void sync_stateful_set(Control& control, const model::ObjectRef& ref) {
  const Snapshot set = control.store().get(ref);
  if (set) Set(control, *set).sync();
}

}  // namespace instantexec::sim
