#include "status/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "status/pod.h"

namespace instantexec::status {
namespace {

constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";

std::int64_t status_count(const Input& input, std::string_view field) {
  return count_at(input.object.json, fmt::format("/status/{}", field));
}

std::int64_t spec_replicas(const Input& input) {
  return count_at(input.object.json, "/spec/replicas", 1);
}

// How many are wanted is there and cannot be read: no number of pods is then enough.
std::optional<Assessment> unreadable_replicas(const Input& input) {
  const model::Json* wanted = model::find(input.object.json, "/spec/replicas");
  if (wanted == nullptr || wanted->is_null() || (wanted->is_number_integer() && *wanted >= 0))
    return std::nullopt;
  Assessment out = in_progress("Unreadable", "spec.replicas is not a count");
  out.status.status = model::HealthStatus::kUnknown;
  return out;
}

std::string of(std::int64_t have, std::int64_t want, std::string_view what) {
  return fmt::format("{} of {} {}", have, want, what);
}

std::vector<const model::Object*> with_hash(const std::vector<const model::Object*>& pods,
                                            const std::string& hash) {
  std::vector<const model::Object*> out;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(out), [&](const model::Object* pod) {
    return model::get_string(pod->json, "/metadata/labels/controller-revision-hash") == hash;
  });
  return out;
}

// The newest ControllerRevision's hash; "" when none is known.
std::string newest_revision_hash(const Input& input) {
  const model::Object* newest = nullptr;
  for (const model::Object* revision : owned(input.family, "ControllerRevision", input.object.uid())) {
    const bool later = newest == nullptr || model::get_int(revision->json, "/revision") >
                                                model::get_int(newest->json, "/revision");
    if (later) newest = revision;
  }
  return newest == nullptr ? ""
                           : model::get_string(newest->json, "/metadata/labels/controller-revision-hash");
}

std::vector<const model::Object*> new_daemon_pods(const Input& input) {
  const auto pods = owned(input.family, "Pod", input.object.uid());
  const std::string hash = newest_revision_hash(input);
  if (!hash.empty()) return with_hash(pods, hash);
  // Without access to ControllerRevisions the older mark tells revisions apart as well.
  const std::string generation = input.object.annotation("deprecated.daemonset.template.generation");
  std::vector<const model::Object*> out;
  if (generation.empty()) return out;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(out), [&](const model::Object* pod) {
    return model::get_string(pod->json, "/metadata/labels/pod-template-generation") == generation;
  });
  return out;
}

// The controller reports the condition of the generation it has observed, but a deadline that ran out before
// our change stays until the new rollout moves.
std::optional<Assessment> deadline_verdict(const Input& input) {
  const auto progressing = find_condition(input.object, "Progressing");
  if (!progressing || !progressing->is_false()) return std::nullopt;
  const Timestamp applied = input.context.applied_at;
  const Duration deadline =
      std::chrono::seconds(count_at(input.object.json, "/spec/progressDeadlineSeconds", 600));
  const Timestamp late = applied + deadline;
  // Condition times have whole seconds.
  const bool stale =
      applied != Timestamp{} && progressing->updated + Duration{1000} <= applied && input.context.now < late;
  if (stale) {
    Assessment out = in_progress("StaleDeadline", "the progress deadline ran out before this change");
    out.changes_at = late;
    return out;
  }
  return failed(progressing->reason.empty() ? "NotProgressing" : progressing->reason, progressing->message,
                describe_command(input.object));
}

std::optional<Assessment> deployment_progress(const Input& input) {
  const std::int64_t want = spec_replicas(input);
  const std::int64_t total = status_count(input, "replicas");
  const std::int64_t updated = status_count(input, "updatedReplicas");
  const std::int64_t ready = status_count(input, "readyReplicas");
  const std::int64_t available = status_count(input, "availableReplicas");
  if (updated < want) return in_progress("Updating", of(updated, want, "replicas updated"));
  if (total > updated) {
    return in_progress("OldReplicas",
                       counted(static_cast<std::size_t>(total - updated), "old replica") + " still running");
  }
  if (total > want) return in_progress("ScalingDown", of(want, total, "replicas to stay"));
  if (ready < want) return in_progress("WaitingForReady", of(ready, want, "updated replicas ready"));
  if (available < want) {
    return in_progress("WaitingForAvailable", of(available, want, "updated replicas available"));
  }
  return std::nullopt;
}

std::int64_t created_by(const model::Object& replica_set) {
  return count_at(replica_set.json, "/status/replicas");
}

// The ReplicaSet's FailedCreate events, or the Deployment's own copy of the ReplicaFailure condition.
std::optional<Problem> deployment_creation_problem(const Input& input) {
  const model::Object* set = new_replica_set(input);
  if (set != nullptr) {
    return creation_problem(*set, count_at(set->json, "/spec/replicas", 1), created_by(*set), input);
  }
  const std::int64_t updated = status_count(input, "updatedReplicas");
  return creation_problem(input.object, spec_replicas(input), updated, input);
}

}  // namespace

const model::Object* new_replica_set(const Input& input) {
  const std::string revision = input.object.annotation(kRevision);
  if (revision.empty()) return nullptr;
  for (const model::Object* set : owned(input.family, "ReplicaSet", input.object.uid())) {
    if (set->annotation(kRevision) == revision && !set->terminating()) return set;
  }
  return nullptr;
}

std::vector<const model::Object*> new_pods(const Input& input) {
  const std::string kind = input.object.kind();
  if (kind == "Deployment") {
    const model::Object* set = new_replica_set(input);
    return set == nullptr ? std::vector<const model::Object*>{} : owned(input.family, "Pod", set->uid());
  }
  if (kind == "StatefulSet") {
    const std::string hash = model::get_string(input.object.json, "/status/updateRevision");
    const auto pods = owned(input.family, "Pod", input.object.uid());
    return hash.empty() ? std::vector<const model::Object*>{} : with_hash(pods, hash);
  }
  if (kind == "DaemonSet") return new_daemon_pods(input);
  if (kind == "Pod") return {&input.object};
  return owned(input.family, "Pod", input.object.uid());
}

Assessment assess_deployment(const Input& input) {
  if (model::get_bool(input.object.json, "/spec/paused")) {
    return suspended("Paused", "the Deployment is paused; its rollout waits for a person",
                     clean(fmt::format("kubectl -n {} rollout resume deployment/{}",
                                       shell_word(input.object.ns()), shell_word(input.object.name()))));
  }
  if (auto unreadable = unreadable_replicas(input)) return *std::move(unreadable);
  auto progress = deployment_progress(input);
  if (!progress) {
    const std::int64_t want = spec_replicas(input);
    return current("RolloutComplete",
                   want == 0 ? "scaled to zero" : of(want, want, "replicas updated and available"));
  }
  if (auto enough = enough_of_rollout(input)) return *std::move(enough);
  const auto pods = new_pods(input);
  const auto verdicts = judge_pods(pods, input);
  Assessment out =
      with_pods(std::move(*progress), verdicts, Quorum::kAll, deployment_creation_problem(input), input);
  if (out.status.doomed()) return out;
  if (auto deadline = deadline_verdict(input)) {
    deadline->status.evidence = out.status.evidence;
    if (!out.status.hint.empty()) deadline->status.hint = out.status.hint;
    deadline->changes_at = earlier(deadline->changes_at, out.changes_at);
    if (deadline->status.doomed()) deadline->changes_at.reset();
    return *deadline;
  }
  return out;
}

Assessment assess_replica_set(const Input& input) {
  if (auto unreadable = unreadable_replicas(input)) return *std::move(unreadable);
  const std::int64_t want = spec_replicas(input);
  const std::int64_t total = status_count(input, "replicas");
  const std::int64_t ready = status_count(input, "readyReplicas");
  const std::int64_t available = status_count(input, "availableReplicas");
  const std::int64_t labelled = status_count(input, "fullyLabeledReplicas");
  Assessment waiting;
  if (total != want) {
    waiting = in_progress("Scaling", of(total, want, "replicas exist"));
  } else if (labelled < want) {
    waiting = in_progress("Labelling", of(labelled, want, "replicas carry all labels"));
  } else if (ready < want) {
    waiting = in_progress("WaitingForReady", of(ready, want, "replicas ready"));
  } else if (available < want) {
    waiting = in_progress("WaitingForAvailable", of(available, want, "replicas available"));
  } else {
    return current("ReplicasAvailable", of(available, want, "replicas available"));
  }
  const auto pods = new_pods(input);
  return with_pods(std::move(waiting), judge_pods(pods, input), Quorum::kAll,
                   creation_problem(input.object, want, total, input), input);
}

namespace {

std::optional<Assessment> stateful_progress(const Input& input) {
  const std::int64_t want = spec_replicas(input);
  const std::int64_t total = status_count(input, "replicas");
  const std::int64_t ready = status_count(input, "readyReplicas");
  const std::int64_t updated = status_count(input, "updatedReplicas");
  // The API server stores a missing partition as 0.
  const std::int64_t partition = count_at(input.object.json, "/spec/updateStrategy/rollingUpdate/partition");
  const bool on_delete =
      model::get_string(input.object.json, "/spec/updateStrategy/type", "RollingUpdate") == "OnDelete";
  const std::int64_t to_update = on_delete ? 0 : std::max<std::int64_t>(0, want - partition);
  if (total < want) return in_progress("Scaling", of(total, want, "replicas exist"));
  if (total > want) return in_progress("ScalingDown", of(want, total, "replicas to stay"));
  if (updated < to_update) return in_progress("Updating", of(updated, to_update, "replicas updated"));
  if (ready < want) return in_progress("WaitingForReady", of(ready, want, "replicas ready"));
  if (model::get_int(input.object.json, "/spec/minReadySeconds") > 0) {
    const std::int64_t available = status_count(input, "availableReplicas");
    if (available < want)
      return in_progress("WaitingForAvailable", of(available, want, "replicas available"));
  }
  const std::string now_running = model::get_string(input.object.json, "/status/currentRevision");
  const std::string wanted = model::get_string(input.object.json, "/status/updateRevision");
  if (!on_delete && partition == 0 && now_running != wanted) {
    return in_progress("Updating", "the new revision is not yet the current one");
  }
  return std::nullopt;
}

}  // namespace

Assessment assess_stateful_set(const Input& input) {
  if (auto unreadable = unreadable_replicas(input)) return *std::move(unreadable);
  const std::int64_t want = spec_replicas(input);
  auto progress = stateful_progress(input);
  if (!progress) {
    const std::string strategy = model::get_string(input.object.json, "/spec/updateStrategy/type");
    if (strategy == "OnDelete" && status_count(input, "updatedReplicas") < want) {
      Assessment out = current("OnDelete", of(status_count(input, "updatedReplicas"), want,
                                              "replicas updated; the others change when they are deleted"));
      out.status.hint = "delete the old pods to bring them to the new revision";
      return out;
    }
    const std::int64_t partition =
        count_at(input.object.json, "/spec/updateStrategy/rollingUpdate/partition");
    if (partition > 0 && partition <= want) {
      return current("PartitionComplete", of(status_count(input, "updatedReplicas"), want,
                                             "replicas updated, as the partition asks"));
    }
    return current("RolloutComplete",
                   want == 0 ? "scaled to zero" : of(want, want, "replicas updated and ready"));
  }
  const auto pods = new_pods(input);
  return with_pods(std::move(*progress), judge_pods(pods, input), Quorum::kAny,
                   creation_problem(input.object, want, status_count(input, "replicas"), input), input);
}

namespace {

// The kubelet of the pod's node is silent: the node controller has taken away Ready, without a reason, and
// left ContainersReady; or the pod should have ended long ago.
bool node_is_silent(const model::Object& pod, Timestamp now) {
  constexpr Duration kOverdue{60'000};
  if (pod.terminating()) {
    return now != Timestamp{} && now - time_at(pod.json, "/metadata/deletionTimestamp") >= kOverdue;
  }
  const auto ready = find_condition(pod, "Ready");
  const auto containers = find_condition(pod, "ContainersReady");
  return ready && ready->is_false() && ready->reason.empty() && containers && containers->is_true();
}

// Nodes whose pods nobody can bring up to date before they answer again.
std::int64_t silent_nodes(std::span<const model::Object* const> pods, const Input& input) {
  std::set<std::string> nodes;
  for (const model::Object* pod : pods) {
    if (node_is_silent(*pod, input.context.now)) nodes.insert(model::get_string(pod->json, "/spec/nodeName"));
  }
  return static_cast<std::int64_t>(nodes.size());
}

std::string and_silent(std::string text, std::int64_t silent) {
  if (silent > 0)
    text += fmt::format("; {} not answering", counted(static_cast<std::size_t>(silent), "node"));
  return text;
}

}  // namespace

Assessment assess_daemon_set(const Input& input) {
  const std::int64_t desired = status_count(input, "desiredNumberScheduled");
  const std::int64_t silent = silent_nodes(owned(input.family, "Pod", input.object.uid()), input);
  const auto pods = new_pods(input);
  // Where no node answers there is nothing to go by.
  const std::int64_t want = silent < desired ? desired - silent : desired;
  const std::int64_t scheduled = status_count(input, "currentNumberScheduled");
  // Of those that answer, where any does.
  const std::int64_t updated =
      status_count(input, "updatedNumberScheduled") - (silent < desired ? silent_nodes(pods, input) : 0);
  const std::int64_t available = status_count(input, "numberAvailable");
  const bool on_delete =
      model::get_string(input.object.json, "/spec/updateStrategy/type", "RollingUpdate") == "OnDelete";
  // A DaemonSet whose pods are all refused reports that it wants none (kubernetes#100683).
  const auto creation = creation_problem(input.object, std::max<std::int64_t>(desired, 1), scheduled, input);
  Assessment waiting;
  const model::Json* known = model::find(input.object.json, "/status/desiredNumberScheduled");
  if (known == nullptr || !known->is_number_integer()) {
    waiting = in_progress("WaitingForController", "the number of nodes is not yet known");
  } else if (desired == 0 && creation) {
    waiting = in_progress("FailedCreate", "no pod could be created");
  } else if (!on_delete && updated < want) {
    waiting = in_progress("Updating", of(updated, want, "pods updated"));
  } else if (available < want) {
    waiting = in_progress("WaitingForAvailable", of(available, want, "pods available"));
  } else if (on_delete && updated < want) {
    Assessment out =
        current("OnDelete", of(updated, want, "pods updated; the others change when they are deleted"));
    out.status.hint = "delete the old pods to bring them to the new revision";
    return out;
  } else {
    return current("RolloutComplete",
                   and_silent(of(available, desired, "pods updated and available"), silent));
  }
  return with_pods(std::move(waiting), judge_pods(pods, input), Quorum::kAny, creation, input);
}

}  // namespace instantexec::status
