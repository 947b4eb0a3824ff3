#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/deploy_report.h"
#include "model/gvk.h"
#include "model/object.h"
#include "report/style.h"
#include "report/text.h"

// Text of a plan, of a release's history and of its state. The views hold what is printed and nothing else,
// so that this module needs none of the engine's types. Every text is sanitised here.
namespace instantexec::report {

struct FieldChangeView {
  std::string pointer;                // RFC 6901
  std::optional<model::Json> before;  // nothing: added
  std::optional<model::Json> after;   // nothing: removed
};

struct StepView {
  std::string op;  // "create", "configure", "unchanged", "prune", "restore", "delete", "keep"
  model::ObjectRef object;
  std::string reversibility;  // "R0", "R1", "R2"
  std::string reason;         // of the grade, or why it is kept
  bool force = false;
  bool deferred = false;
  std::vector<FieldChangeView> changes;
};

struct PlanView {
  std::string release;
  std::string ns;
  int revision = 0;
  std::vector<StepView> steps;  // in the order of execution
  std::vector<model::Finding> findings;
  std::vector<std::string> warnings;
};

struct PlanOptions {
  TextOptions text;
  bool unchanged = false;  // list unchanged objects too
};

// The plan's steps in order with their field changes and reversibility, then counts and what an undo could
// not take back.
[[nodiscard]] std::string plan_text(const PlanView& plan, const PlanOptions& options);

// One revision; text fields may be empty.
struct RevisionView {
  int revision = 0;
  bool in_force = false;
  std::string result;
  std::string kind;     // "deploy", "rollback"
  std::string started;  // RFC 3339
  std::string changes;  // "1 created, 2 configured"
  std::string source_commit;
  std::string description;
  std::string failure;
};

// kubectl-style columns, in the order given. "No revisions recorded." when there are none.
[[nodiscard]] std::string history_text(std::span<const RevisionView> revisions, const Style& style = {});

struct ReleaseView {
  std::string release;
  std::string ns;
  bool exists = false;
  int revision = 0;
  std::string source_commit;
  std::string deployed;      // RFC 3339
  std::string unfinished;    // sentence; empty: none
  std::string lock_holder;   // empty: free
  std::string lock_renewed;  // RFC 3339; empty: not known
  std::string lock_unread;   // why nothing is known of the lock; empty: it was read
  bool at_work = false;      // what is unfinished is being worked on
  int not_undone = 0;        // the revision that failed and is not undone; 0: none
  std::vector<model::ObjectOutcome> objects;
  std::string recover;     // the command for unfinished work; empty: one without a connection
  std::string state_file;  // that an interrupted run left on this machine; empty: none
};

// Release, lock, unfinished work and the health of each object.
[[nodiscard]] std::string status_text(const ReleaseView& release, const TextOptions& options);

}  // namespace instantexec::report
