#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/session.h"
#include "journal/record.h"
#include "model/object.h"

namespace instantexec::engine {

// The head as it was read or written last.
struct StoredHead {
  journal::Head head;
  model::Object secret;  // as stored, with its resourceVersion; without a name: none exists yet
  [[nodiscard]] bool exists() const { return !secret.name().empty(); }
};

// What becomes of a write of the head when somebody has deleted it.
enum class WhenGone {
  kFail,     // record.changed
  kGoOn,     // it stays away, with a warning; what follows may be recorded anew
  kReplace,  // it is written anew, with a warning, without the saved states that went with it
};

// The records of a release in its namespace (journal/secrets.h). Every write is settled before it returns: an
// answer that got lost is looked up.
class ReleaseStore {
 public:
  // `seal`: null for records without one; outlives the store.
  ReleaseStore(Session& session, std::string release, std::string ns, const journal::Seal* seal);

  // The request for the head, to be sent together with others, and its answer.
  [[nodiscard]] Request head_request() const;
  [[nodiscard]] Result<StoredHead> read_head(const Response& response) const;
  Result<StoredHead> load_head();

  // Stores `stored.head`, provided that nobody changed the stored one meanwhile. Creates it when there is
  // none. Errors record.changed, record.refused (at once, or after so many repetitions when it may pass; it
  // is certain then that nothing was stored), and those of the cluster.
  Status save_head(StoredHead& stored, int repetitions = kMaxRepetitions,
                   WhenGone when_gone = WhenGone::kGoOn);

  // Writes the pieces of a payload, reads them back and compares. The head must exist; it does not name them
  // yet. Error record.broken when another piece is stored than was written, or none.
  Result<journal::Blob> save_payload(const StoredHead& stored, int revision,
                                     const journal::PayloadView& payload);
  // Error record.broken when a piece is missing or altered.
  Result<journal::Payload> load_payload(const journal::Blob& blob);
  // Deletes pieces that the head does not name: a run that died wrote them and did not come to use them. Only
  // with the lock held. Best effort.
  void drop_orphans(const journal::Head& head);
  // Deletes pieces that the head, as stored now, does not name any more: the very Secrets that were written,
  // by UID. Those of which a record of an earlier version has no UID go as orphans do. Best effort.
  void drop(const journal::Head& head, const std::vector<journal::Blob>& blobs);

 private:
  // Why the last try failed; nothing when an earlier one, whose answer got lost, turns out to have been done.
  Status settle_refusal(StoredHead& stored, const model::Object& secret, const Response& response,
                        std::optional<Instant> done_by);
  // Some chunks from `first` on.
  Status save_chunks(const StoredHead& stored, int revision, const journal::PackedBlob& packed,
                     std::size_t first);
  // What is stored of them is what was written; notes their UIDs.
  Status read_back(journal::PackedBlob& packed, std::size_t first);
  // The bytes in the answer to the read of a chunk.
  static Result<std::string> read_piece(const journal::ChunkRef& chunk, const Response& response);
  // Whether the stored head now is `secret`; then `stored` knows it.
  Result<bool> settle(StoredHead& stored, const model::Object& secret);

  Session& session_;
  std::string release_;
  std::string ns_;
  const journal::Seal* seal_;
};

[[nodiscard]] model::Gvk secret_gvk();

}  // namespace instantexec::engine
