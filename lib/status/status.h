#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/deploy_report.h"
#include "model/object.h"
#include "model/status.h"
#include "status/admission.h"
#include "status/child_index.h"
#include "status/custom_rule.h"

// Is an object ready, on its way, or beyond hope? Pure functions of what the API server said and of the time.
//
// The rules follow the API documents of each kind and kstatus' conventions (KEP-1623 standard conditions,
// observedGeneration); where a peer's rule is known to be wrong the source says so. Failed is said only when
// waiting cannot help; a kind without rules of its own is never Failed by guessing.
namespace instantexec::status {

// What the caller wants from kinds that can be judged in two ways.
struct Options {
  bool wait_for_jobs = true;             // a Job is Current when it is complete; false: once it has started
  bool require_endpoints = false;        // a Service with a selector needs one ready endpoint
  bool require_ingress_address = false;  // an Ingress needs a load balancer entry
  // An error that an object of an unknown kind declares about itself is Failed. False: it is InProgress, for
  // an unknown controller may try again; a deploy must not be undone on a guess.
  bool declared_failures = false;
};

// What is known beside the objects. All times are on the cluster's clock (see cluster_time), so that a wrong
// local clock cannot change a verdict.
struct Context {
  // Zero: there is no clock, the objects are a snapshot, judged as of the moment it was taken. What would
  // become Current by waiting for a controller's first report is then InProgress.
  Timestamp now;
  // When this run wrote the object. Zero: unknown, or not written by us; then nothing counts as stale.
  Timestamp applied_at;
  // metadata.generation in the answer to our apply. 0: unknown.
  std::int64_t min_generation = 0;
  // The object's UID in that answer. Empty: any.
  std::string uid;
  // Restarts before our apply (restart_counts of the family at that time); only later ones count.
  RestartCounts restarts_at_apply;
  Options options;
  // Rules of kinds, the user's before the bundled ones; the first that applies decides. They come before what
  // is built in; a rule in the object's own annotation (rule_reader.h) comes before them. May be empty.
  std::span<const CustomRule> rules;
  // Whether the kind's schema has a status (from its CRD). Unset: unknown. False: ready as soon as it exists.
  std::optional<bool> declares_status;
  // Other objects of the same release are still coming up, and one of them may be what this one waits for:
  // the server behind an admission webhook, an operator. False: what is refused now will be refused again.
  bool help_may_come = false;
  // One of those is of a custom kind, and may yet make a Secret or a ConfigMap: a Certificate, an
  // ExternalSecret.
  bool makers_at_work = false;
  // When a pod of the object's family went last, and with it what it took of a quota or a node. Zero: not
  // seen.
  Timestamp room_made_at = {};
  // Every StorageClass of the cluster, for PersistentVolumeClaims. Unset: not known.
  std::optional<std::vector<const model::Object*>> storage_classes;
  // For webhook configurations: which Services can answer. Null: not known.
  const ReadyServices* services = nullptr;
};

// A verdict and how long it holds.
struct Assessment {
  model::ObjectStatus status;
  // Which rule spoke: "built-in Deployment", "user example.com/Widget", "bundled …", "annotation", "schema",
  // "conventions"; "general" for what holds for every object (being deleted, not yet observed).
  std::string rule = "general";
  // The earliest time at which the verdict can change though nothing happens in the cluster: the end of a
  // grace period. Unset: only an event can change it.
  std::optional<Timestamp> changes_at;
  // The object's pods are refused, or lack what they refer to: it waits for others and cannot be what they
  // wait for.
  bool blocked = false;
};

// Judges one object as last read. `family`: its descendants (ChildIndex::family). `events`: core/v1 or
// events.k8s.io/v1 Events; those about other objects are ignored.
[[nodiscard]] Assessment assess(const model::Object& object, const Family& family,
                                std::span<const model::Object> events, const Context& context);
// The same with family and events taken from the index.
[[nodiscard]] Assessment assess(const model::Object& object, const ChildIndex& index, const Context& context);

// assess(...).status.
[[nodiscard]] model::ObjectStatus compute(const model::Object& object, const Family& family,
                                          std::span<const model::Object> events, const Context& context);

// The earliest changes_at; nothing when no verdict depends on time. A caller waits for events until then.
[[nodiscard]] std::optional<Timestamp> next_deadline(std::span<const Assessment> assessments);

// Judges an object that is gone. `last_seen` is its last known state (only metadata when never read): a Job
// with ttlSecondsAfterFinished that was seen complete is Current, one not seen complete is Unknown, anything
// else is NotFound.
[[nodiscard]] model::ObjectStatus missing(const model::Object& last_seen);

// Kinds of the descendants worth watching for objects of this kind, outermost first; empty for kinds judged
// by themselves. A watch that is refused costs detail (early failure), never correctness.
[[nodiscard]] std::vector<model::Gvk> child_kinds(const model::Gvk& gvk, const Options& options = {});

// Whether Events about an object of this kind, or about what it owns, are worth watching.
[[nodiscard]] bool events_tell(const model::Gvk& gvk, const Options& options = {});

// Whether a CustomResourceDefinition says that its objects have a status; nothing when it is for another kind
// or does not serve the version.
[[nodiscard]] std::optional<bool> declares_status(const model::Object& crd, const model::Gvk& gvk);

// The kind is one of Kubernetes' own that this program has a rule for.
[[nodiscard]] bool knows_kind(const model::Gvk& gvk);

// How long this kind of object usually may take, for callers without a limit of their own. A Deployment's own
// progressDeadlineSeconds is honoured.
[[nodiscard]] Duration default_timeout(const model::Object& object);

// How long nothing at all may happen to an object that is not ready, nor to what belongs to it, before it is
// given up: ten minutes, and as much longer as its own spec allows (progressDeadlineSeconds, probes,
// minReadySeconds, terminationGracePeriodSeconds). Unset: as long as the caller likes, of what is at work in
// silence (a Job whose pod runs) and of custom kinds, whose controllers may take hours for a database.
[[nodiscard]] std::optional<Duration> silence_limit(const model::Object& object);

// The newest time in the object's managedFields, else its creationTimestamp: the server's clock at the last
// write. Adding the monotonic time since a write's answer gives `Context::now`. Zero when there is none.
[[nodiscard]] Timestamp cluster_time(const model::Object& object);

// A failure worth a rollback is confirmed by a fresh read this much later.
inline constexpr Duration kConfirmAfter{5000};

// A container whose log explains a failure.
struct LogWish {
  model::ObjectRef pod;
  std::string container;
  bool previous = false;  // the instance before the last restart
};

struct FailureSummary {
  model::FailureCause cause;  // without `logs`
  std::vector<LogWish> logs;  // most telling first; at most three; empty when no container ever ran
};

// Why an object is not Current: the most telling child, conditions and container states, Warning events
// (oldest first) and which logs to fetch. Also useful for an object that merely ran out of time.
[[nodiscard]] FailureSummary failure_cause(const model::Object& object, const Family& family,
                                           std::span<const model::Object> events, const Context& context);

}  // namespace instantexec::status
