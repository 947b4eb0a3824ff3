#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "status/rule.h"

// Pods and their containers: the fail-fast classes. Internal to the module.
namespace instantexec::status {

// Something that keeps a pod (or the creation of pods) from going on.
struct Problem {
  std::string reason;  // CamelCase: "ImageNotFound", "CrashLoop"
  std::string text;    // one sentence, sanitised: "container app: exited with 1 three times"
  std::string hint;
  std::string container;  // empty: not one container's problem
  bool has_log = false;   // the container ran, so its log may tell more
  bool previous = false;  // … of the instance before the last restart
  bool lacks = false;     // it refers to an object that does not exist (yet)
  // From when on waiting is pointless: zero is "at once", unset is "never by itself".
  std::optional<Timestamp> doomed_at;

  [[nodiscard]] bool doomed(Timestamp now) const { return doomed_at && *doomed_at <= now; }
};

// kLost: failed by the node's fault (evicted, node shut down); its controller makes another.
enum class PodState { kReady, kProgressing, kSucceeded, kDoomed, kLost, kTerminating };

struct PodVerdict {
  const model::Object* pod = nullptr;
  PodState state = PodState::kProgressing;
  std::optional<Problem> problem;
};

[[nodiscard]] PodVerdict judge_pod(const model::Object& pod, const Input& input);
[[nodiscard]] std::vector<PodVerdict> judge_pods(std::span<const model::Object* const> pods,
                                                 const Input& input);

// The worst problem of a pod's containers, init containers included.
[[nodiscard]] std::optional<Problem> container_problem(const model::Object& pod, const Input& input);
// Why a pod that has no running container yet is stuck: scheduling, volumes.
[[nodiscard]] std::optional<Problem> startup_problem(const model::Object& pod, const Input& input);
// Probes that keep failing: two errors (a restart by a probe, readiness past its grace) doom the pod.
[[nodiscard]] std::optional<Problem> probe_problem(const model::Object& pod, const Input& input);

// Pods the controller `owner` cannot create (quota, admission, missing ServiceAccount), from FailedCreate
// events and a ReplicaFailure condition. Nothing when `created` has reached `desired`.
[[nodiscard]] std::optional<Problem> creation_problem(const model::Object& owner, std::int64_t desired,
                                                      std::int64_t created, const Input& input);

// Some pod of the family is on its way out, and will give back what it took of a quota or a node.
[[nodiscard]] bool pods_are_ending(const Family& family);

// Members of the family of that kind that name `owner` (a UID) among their owners.
[[nodiscard]] std::vector<const model::Object*> owned(const Family& family, std::string_view kind,
                                                      const std::string& owner);

// The one of two that says more: doomed before transient, sooner before later.
[[nodiscard]] std::optional<Problem> worse(std::optional<Problem> a, std::optional<Problem> b, Timestamp now);

// How many doomed pods doom their controller.
enum class Quorum {
  kAll,  // replicas are interchangeable: another one may do (Deployment, ReplicaSet)
  kAny   // each counts (StatefulSet, DaemonSet)
};

// Turns the base verdict "not ready yet" into Failed when the new pods, or the lack of them, say so; adds
// their problems as evidence and the time at which the verdict may change.
[[nodiscard]] Assessment with_pods(Assessment base, std::span<const PodVerdict> pods, Quorum quorum,
                                   const std::optional<Problem>& creation, const Input& input);

// Time a container may take to pass its readiness probe, counted from its start; zero when one failure is
// final. `container` is its spec.
[[nodiscard]] Duration readiness_grace(const model::Json& container);
// The longest time its startup and readiness probes let pass, one after the other.
[[nodiscard]] Duration slowest_start(const model::Json& container);

}  // namespace instantexec::status
