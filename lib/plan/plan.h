#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/gvk.h"
#include "model/manifest.h"
#include "model/object.h"

// What a release will do to the cluster, as plain data: computed without I/O, printable, comparable, saved as
// JSON. Whoever executes it knows no policy.
namespace instantexec::plan {

enum class Op {
  kCreate,     // the object does not exist
  kConfigure,  // it exists and differs
  kUnchanged,  // it exists and the server would store the same: never written
  kPrune,      // of the last release, no longer wanted; deleted past the commit point
  kRestore,    // undo: fields go back to their saved values
  kDelete,     // undo: created by the failed operation, deleted again
  kKeep,       // of the last release, no longer wanted, and kept for the reason given
};

// How much of a step an undo can take back.
enum class Reversibility {
  kExact,        // R0: same values, same UID
  kNewIdentity,  // R1: same values, but the object will have a new UID or something stays behind
  kNone,         // R2: cannot be undone
};

// One field that changes. Values of Secrets are replaced by fingerprints before they come here.
struct FieldChange {
  std::string pointer;                // RFC 6901, into the object
  std::optional<model::Json> before;  // nothing: added
  std::optional<model::Json> after;   // nothing: removed
};

// One object and what happens to it.
struct Step {
  Op op = Op::kUnchanged;
  model::Gvk gvk;
  model::ObjectRef object;
  std::string uid;               // of the live object, the fence for writing; empty: none exists
  std::string resource_version;  // likewise
  bool force = false;            // takes fields owned by other managers
  // The server could not check it yet: its namespace or its kind arrives with this very release.
  bool deferred = false;
  // Dependents wait until it is ready, not only until it is written (a CustomResourceDefinition).
  bool gate = false;
  std::vector<std::size_t> depends_on;  // steps that must be done before: indices into Plan::steps
  std::vector<std::size_t> waits_for;   // whole groups that must be done before: indices into Plan::groups
  std::vector<FieldChange> changes;
  Reversibility reversibility = Reversibility::kExact;
  std::string reason;           // of the grade, or why the step is kKeep; may be empty
  bool forgotten = false;       // kKeep: no longer part of the release from now on
  std::string manifest_digest;  // SHA-256 of what will be applied; empty for steps that apply nothing
  model::SourceRange at;
};

// Steps that others wait for together, so that edges stay few: "what workloads of namespace demo may need".
struct Group {
  std::string name;
  std::vector<std::size_t> members;  // indices into Plan::steps
};

struct Plan {
  std::string release;
  std::string ns;
  int revision = 1;         // what this release will be recorded as
  std::vector<Step> steps;  // wanted objects in manifest order, then those of the last release only
  std::vector<Group> groups;

  // Some step writes.
  [[nodiscard]] bool changes_anything() const;
  [[nodiscard]] std::size_t count(Op op) const;
};

[[nodiscard]] std::string_view to_string(Op op);                        // "create", "configure", …
[[nodiscard]] std::string_view to_string(Reversibility reversibility);  // "R0", "R1", "R2"

// The step writes to the cluster (everything but kUnchanged and kKeep).
[[nodiscard]] bool writes(Op op);

// JSON form with a schema version; source positions are left out, so equal plans have equal text.
[[nodiscard]] model::Json to_json(const Plan& plan);
// Reads it back. Error plan.invalid on unknown schema versions, missing fields and dangling dependencies.
[[nodiscard]] Result<Plan> from_json(const model::Json& json);
// SHA-256 of the JSON form without what is keyed to one process, and so equal wherever the same plan is made:
// the changes, which follow from the versions of the objects and from the manifests, and digests of Secrets.
[[nodiscard]] std::string digest(const Plan& plan);

}  // namespace instantexec::plan
