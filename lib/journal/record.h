#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/blob.h"
#include "model/gvk.h"
#include "model/object.h"

// What a release writes down about itself. docs/formats/journal.md describes the stored form.
namespace instantexec::journal {

// Where the release stands. The unfinished ones say which way a recovery goes.
enum class Phase {
  kIdle,                // nothing was ever deployed
  kApplying,            // unfinished, before the commit point: recovery goes back
  kCommitting,          // unfinished, past the commit point: recovery goes forward
  kRollingBack,         // unfinished: recovery goes on going back
  kDeployed,            // the last operation ended well
  kRolledBack,          // it failed and everything is as it was
  kRollbackIncomplete,  // it failed and something could not be put back
  kFailedKept,          // it failed and was left as it is, as asked
};

// An operation on the release; the last one, finished or not.
struct Operation {
  std::string id;
  std::string kind;  // "deploy" or "rollback"
  int revision = 0;  // what it makes
  int target = 0;    // of a rollback: the revision it goes back to
  std::string holder;
  std::string started;  // RFC 3339
  std::string field_manager;
  std::string source_commit;
  std::string description;
  std::string plan_digest;
  Blob payload;
};

struct Counts {
  std::size_t created = 0;
  std::size_t configured = 0;
  std::size_t unchanged = 0;
  std::size_t pruned = 0;
};

// An operation that ended.
struct Revision {
  int revision = 0;
  Phase result = Phase::kDeployed;
  std::string kind;
  int target = 0;
  std::string started;
  std::string finished;
  std::string source_commit;
  std::string description;
  std::string plan_digest;
  Counts counts;
  std::string failure;  // first line of the cause
  Blob payload;
};

// An object of the release.
struct Member {
  model::Gvk gvk;
  std::string ns;
  std::string name;
  std::string uid;
  [[nodiscard]] model::ObjectRef ref() const { return {gvk.group, gvk.kind, ns, name}; }
  friend bool operator==(const Member&, const Member&) = default;
};

// The one mutable record of a release.
struct Head {
  std::string release;
  std::string ns;
  Phase phase = Phase::kIdle;
  std::uint64_t epoch = 0;  // of the lock under which it was written
  std::string sealed_by;    // Seal::id of its key; empty: it is not sealed
  int revision = 0;         // in force; 0: none
  std::optional<Operation> operation;
  std::vector<Revision> revisions;  // newest first
  std::vector<Member> members;      // objects of the revision in force
};

// One object an operation writes, as it was and as it was to become.
struct SavedObject {
  model::Gvk gvk;
  model::ObjectRef object;
  std::optional<model::Object> before;  // nothing: it did not exist
  std::optional<model::Object> after;   // the server's dry-run; nothing: not known
};

// An object that was broken before the operation wrote anything.
struct Unwell {
  model::ObjectRef object;
  bool failed = false;  // for certain, as opposed to unready for a long time
  std::string reason;
  std::string message;
  std::int64_t ready = 0;  // replicas
};

// Everything needed to undo, finish or repeat an operation.
struct Payload {
  std::string operation;
  model::Json plan;                      // plan::to_json
  std::vector<model::Object> manifests;  // what is applied, in plan order
  std::vector<SavedObject> saved;        // only what the plan writes
  std::vector<Unwell> unwell;
  // Not ready before the operation, and not broken either. Nothing: not recorded, by an earlier version.
  std::optional<std::vector<model::ObjectRef>> under_way;
};

// The same by reference, for writing: a release may be large, and everything in it exists already.
struct SavedView {
  const model::Gvk* gvk = nullptr;
  const model::ObjectRef* object = nullptr;
  const model::Object* before = nullptr;  // null: it did not exist
  const model::Object* after = nullptr;   // null: not known
};
struct PayloadView {
  std::string operation;
  model::Json plan;
  std::vector<const model::Object*> manifests;
  std::vector<SavedView> saved;
  std::vector<Unwell> unwell;
  std::optional<std::vector<model::ObjectRef>> under_way;
};

[[nodiscard]] std::string_view to_string(Phase phase);  // "applying", "deployed", …
[[nodiscard]] bool unfinished(Phase phase);

// Bytes of the head, apart from its members. Errors record.newer, record.broken.
[[nodiscard]] std::string encode_head(const Head& head);
[[nodiscard]] Result<Head> decode_head(std::string_view bytes);

// The list of objects in the head has at most so many bytes unpacked and packed, which is some 40,000
// objects: a Secret takes 1 MiB, and the rest of the head needs some of it. Error record.too-large on the way
// in, record.broken on the way back.
inline constexpr std::size_t kMaxMembers = std::size_t{8} * 1024 * 1024;
inline constexpr std::size_t kMaxMembersPacked = std::size_t{900} * 1024;
[[nodiscard]] Result<std::string> encode_members(const std::vector<Member>& members);
[[nodiscard]] Result<std::vector<Member>> decode_members(std::string_view bytes);

// A header line of JSON and one line for each object, so that objects may nest as deep as they could before.
// Written line by line: as a whole it is as large as all objects together.
void write_payload(const PayloadView& payload, const Sink& sink);
[[nodiscard]] std::string encode_payload(const PayloadView& payload);
// References into `payload`.
[[nodiscard]] PayloadView view(const Payload& payload);
[[nodiscard]] Result<Payload> decode_payload(std::string_view bytes);
// Reads a payload piece by piece, however it is cut.
class PayloadReader {
 public:
  PayloadReader() = default;
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;

  void add(std::string_view bytes);
  // Error record.newer, record.broken.
  [[nodiscard]] Result<Payload> end() &&;

 private:
  void line(std::string_view text);
  Status header(std::string_view text);

  std::string half_;  // of a line
  Payload out_;
  Status status_;
  bool begun_ = false;
  std::size_t manifests_ = 0;                          // how many there are
  std::vector<std::optional<model::Object>*> states_;  // of out_.saved, in the order in which they come
  std::size_t read_ = 0;                               // manifests and states
};

// Revisions that may go when at most `limit` are kept (at least 1): the oldest ones, but never the one in
// force and never the last good one before it, which a rollback goes to. `revisions` is newest first.
[[nodiscard]] std::vector<int> expired(const std::vector<Revision>& revisions, int in_force, int limit);

// What `rollback` without a number returns to: the newest deployed revision older than the one in force,
// other than the one a rollback in force has just left; 0: none.
[[nodiscard]] int last_good_before(const std::vector<Revision>& revisions, int in_force);

// The operation that failed and was left as it is, or undone incompletely, when nothing went well since: what
// is there is not the revision in force. What was undone completely since changes nothing. Null: there is
// none.
[[nodiscard]] const Revision* left_as_failed(const Head& head);

// The same for a release. One that was left as a failed deploy or an incomplete undo left it is not at the
// revision in force, so that is where `rollback` returns to.
[[nodiscard]] int rollback_target(const Head& head);

}  // namespace instantexec::journal
