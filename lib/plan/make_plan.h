#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/api_catalog.h"
#include "model/finding.h"
#include "plan/desired.h"
#include "plan/plan.h"

namespace instantexec::plan {

// One cause of a refusal, as the API server gave it.
struct Problem {
  std::string reason;   // "FieldValueInvalid", "FieldManagerConflict"
  std::string field;    // API field path, may be empty
  std::string message;  // sanitised
};

// What the server said to the dry-run of one object.
struct DryRun {
  enum class Kind {
    kDeferred,  // not asked: its namespace or kind does not exist yet
    kAccepted,  // `object` is what would be stored
    kConflict,  // other managers own fields; `problems` names them
    kRefused,   // anything else
  };
  Kind kind = Kind::kDeferred;
  model::Object object;
  int http_status = 0;
  std::string reason;   // metav1.Status reason
  std::string message;  // sanitised
  std::vector<Problem> problems;
  std::vector<std::string> warnings;  // of the server about an object it accepts, sanitised
};

// An object of the release in force.
struct Member {
  model::Gvk gvk;
  model::ObjectRef object;
  std::string uid;
};

struct Policy {
  bool prune = true;
  bool force_conflicts = false;
  bool adopt = false;                // objects another tool owns
  bool accept_irreversible = false;  // steps of grade R2
  bool warnings_as_errors = false;   // of the API server
};

struct PlanInput {
  Scope scope;
  int revision = 1;
  Policy policy;
  std::string field_manager;
  std::string fingerprint_key;  // for Secret values and digests in the plan
  std::span<const Desired> desired;
  std::span<const DryRun> dry_runs;  // one for each of `desired`
  // Objects that exist, of `desired` and of `members`. What is missing here does not exist.
  const std::map<model::ObjectRef, model::Object>* live = nullptr;
  std::span<const Member> members;  // of the release in force
  const model::ApiCatalog* catalog = nullptr;
};

struct PlanOutput {
  Plan plan;
  std::vector<model::Finding> findings;
};

// Compares what is wanted with what exists and with the last release. An object whose dry-run result equals
// its live state, ownership included, is kUnchanged.
//
// Findings of severity error (nothing may be executed): server.conflict, server.immutable, server.invalid,
// server.unknown-field, server.quota, server.denied, server.forbidden, server.refused, server.warning (when
// asked for), object.terminating, object.foreign-owner, plan.irreversible, namespace.missing. Warnings:
// object.taken-over, plan.irreversible when accepted, prune.kept. Error plan.cycle.
[[nodiscard]] Result<PlanOutput> make_plan(const PlanInput& input);

// Digest of a manifest, keyed for Secrets so that it cannot be used to guess values.
[[nodiscard]] std::string manifest_digest(const model::Object& object, std::string_view key);

}  // namespace instantexec::plan
