#include "engine/release_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/errors.h"
#include "engine/live.h"
#include "engine/record_error.h"
#include "journal/errors.h"
#include "journal/secrets.h"
#include "model/marks.h"

namespace instantexec::engine {
namespace {

// Each is in memory several times while it is sent and read back.
constexpr std::size_t kChunksAtOnce = 4;

Error write_error(const Response& response, const std::string& what) {
  return record_error(response, "no answer").with_context("writing " + what);
}

// Of a write that may still be done. What refused a later try, or a look, says nothing about it.
Error not_known(Error error) {
  if (error.code == &errors::kRecordRefused) error.code = &errors::kWriteFailed;
  error.http_status = 0;
  return error;
}

// They are deleted with the head that owns them.
void forget_payloads(journal::Head& head) {
  if (head.operation) head.operation->payload = {};
  for (journal::Revision& revision : head.revisions) revision.payload = {};
}

bool same_data(const model::Object& a, const model::Object& b) {
  return model::get_object(a.json, "/data") == model::get_object(b.json, "/data");
}

}  // namespace

model::Gvk secret_gvk() {
  return {"", "v1", "Secret"};
}

ReleaseStore::ReleaseStore(Session& session, std::string release, std::string ns, const journal::Seal* seal)
    : session_(session), release_(std::move(release)), ns_(std::move(ns)), seal_(seal) {}

Request ReleaseStore::head_request() const {
  return GetRequest{secret_gvk(), ns_, journal::head_name(release_)};
}

Result<StoredHead> ReleaseStore::read_head(const Response& response) const {
  StoredHead out;
  out.head.release = release_;
  out.head.ns = ns_;
  if (response.not_found()) return out;
  if (!response.ok()) return fail(read_error(response, "the record of release " + release_));
  IE_TRY_ASSIGN(out.head, journal::read_head(response.object, seal_));
  out.secret = response.object;
  return out;
}

Result<StoredHead> ReleaseStore::load_head() {
  auto responses = session_.call_all({head_request()});
  return read_head(responses.front());
}

Result<bool> ReleaseStore::settle(StoredHead& stored, const model::Object& secret) {
  auto responses = session_.call_all({head_request()});
  Response& now = responses.front();
  if (now.not_found()) return false;
  if (!now.ok()) return fail(read_error(now, "the record of release " + release_));
  if (!same_data(now.object, secret)) {
    if (now.object.resource_version() == stored.secret.resource_version()) return false;
    return fail(errors::kRecordChanged,
                fmt::format("the record of release {} was changed by another run", release_));
  }
  stored.secret = std::move(now.object);
  return true;
}

Status ReleaseStore::settle_refusal(StoredHead& stored, const model::Object& secret, const Response& response,
                                    std::optional<Instant> done_by) {
  Error error = write_error(response, "the record of the release");
  if (!done_by) return fail(std::move(error));
  const bool refused = error.code == &errors::kRecordRefused;
  // What a 409 tells of may be that very try.
  if (!refused && response.http_status != 409) return fail(not_known(std::move(error)));
  if (refused) session_.pause(std::max(*done_by - session_.now(), Duration{0}));
  const Result<bool> done = settle(stored, secret);
  if (!done) return fail(not_known(done.error()));
  if (*done) return {};
  const bool too_early = session_.now() < *done_by;  // interrupted, or stale for another reason
  return fail(too_early ? not_known(std::move(error)) : std::move(error));
}

Status ReleaseStore::save_head(StoredHead& stored, int repetitions, WhenGone when_gone) {
  IE_TRY_ASSIGN(model::Object secret, journal::head_secret(stored.head, seal_));
  std::optional<Instant> done_by;  // a try without an answer may be done until then, or was before
  for (int attempt = 1;; ++attempt) {
    if (!session_.await_lock()) {
      return fail(errors::kLockLost, "the lock was lost before the record could be written");
    }
    const bool creates = !stored.exists();
    if (!creates) {
      secret.json["metadata"]["resourceVersion"] = stored.secret.resource_version();
      secret.json["metadata"]["uid"] = stored.secret.uid();
    }
    Response response = creates ? session_.call(CreateRequest{secret, "", false, true})
                                : session_.call(ReplaceRequest{secret, "", false, true});
    if (response.ok()) {
      stored.secret = std::move(response.object);
      return {};
    }
    const bool gone = !creates && response.not_found();
    const bool unsettled = gone || transient(response) || response.http_status == 409;
    if (response.outcome == Outcome::kUnknown) done_by = session_.now() + kWriteTravels + kWriteTakes;
    if (!unsettled || attempt > repetitions) return settle_refusal(stored, secret, response, done_by);
    if (gone) {
      const std::string what =
          "somebody deleted Secret " + stored.secret.name() + ", the record of the release";
      if (when_gone == WhenGone::kFail) return fail(errors::kRecordChanged, what);
      session_.warn(what + "; it is written anew, and what it had saved of any revision is gone");
      stored.secret = {};
      forget_payloads(stored.head);
      if (when_gone == WhenGone::kGoOn) return {};
      IE_TRY_ASSIGN(secret, journal::head_secret(stored.head, seal_));
      continue;
    }
    const Result<bool> done = settle(stored, secret);
    if (!done) return fail(done_by ? not_known(done.error()) : done.error());
    if (*done) return {};
    if (done_by && session_.now() >= *done_by) done_by.reset();
    session_.pause(backoff(attempt));
  }
}

Result<journal::Blob> ReleaseStore::save_payload(const StoredHead& stored, int revision,
                                                 const journal::PayloadView& payload) {
  const journal::Source source = [&payload](const journal::Sink& sink) {
    journal::write_payload(payload, sink);
  };
  IE_TRY_ASSIGN(journal::PackedBlob packed,
                journal::pack(source, journal::chunk_prefix(release_, revision), seal_));
  for (std::size_t first = 0; first < packed.pieces.size(); first += kChunksAtOnce) {
    IE_TRY(save_chunks(stored, revision, packed, first));
  }
  for (std::size_t first = 0; first < packed.pieces.size(); first += kChunksAtOnce) {
    IE_TRY(read_back(packed, first));
  }
  return std::move(packed.blob);
}

// By name: a list by label would bring all that the release has stored.
Status ReleaseStore::read_back(journal::PackedBlob& packed, std::size_t first) {
  const std::size_t end = std::min(first + kChunksAtOnce, packed.pieces.size());
  std::vector<Request> requests;
  for (std::size_t i = first; i < end; ++i) {
    requests.emplace_back(GetRequest{secret_gvk(), ns_, packed.blob.chunks[i].name});
  }
  const auto responses = session_.call_all(std::move(requests));
  for (std::size_t i = first; i < end; ++i) {
    IE_TRY_ASSIGN(const std::string piece, read_piece(packed.blob.chunks[i], responses[i - first]));
    if (piece != packed.pieces[i]) {
      return fail(journal::errors::kBroken,
                  "Secret " + packed.blob.chunks[i].name + " was altered on its way");
    }
    packed.blob.chunks[i].uid = responses[i - first].object.uid();
  }
  return {};
}

Result<std::string> ReleaseStore::read_piece(const journal::ChunkRef& chunk, const Response& response) {
  if (response.not_found()) {
    return fail(journal::errors::kBroken, "Secret " + chunk.name + " of the record is missing");
  }
  if (!response.ok()) return fail(read_error(response, "the saved state of the release"));
  return journal::read_chunk(response.object);
}

Status ReleaseStore::save_chunks(const StoredHead& stored, int revision, const journal::PackedBlob& packed,
                                 std::size_t first) {
  const std::size_t end = std::min(first + kChunksAtOnce, packed.pieces.size());
  const auto create = [&](std::size_t i) {
    return CreateRequest{
        journal::chunk_secret(stored.head, stored.secret, revision, packed.blob.chunks[i], packed.pieces[i]),
        "", false};
  };
  std::vector<Request> requests;
  for (std::size_t i = first; i < end; ++i) requests.emplace_back(create(i));
  if (!session_.await_lock()) {
    return fail(errors::kLockLost, "the lock was lost before the saved state could be written");
  }
  auto responses = session_.call_all(std::move(requests));
  for (std::size_t i = first; i < end; ++i) {
    Response& response = responses[i - first];
    for (int attempt = 1; !response.ok() && attempt <= kMaxRepetitions; ++attempt) {
      if (!transient(response) && response.http_status != 409) break;
      // Content and name belong together, so one that is there already will do. What it holds is read later.
      auto look = session_.call_all({GetRequest{secret_gvk(), ns_, packed.blob.chunks[i].name}});
      if (look.front().ok()) {
        response = std::move(look.front());
      } else {
        session_.pause(backoff(attempt));
        if (!session_.await_lock()) {
          return fail(errors::kLockLost, "the lock was lost before the saved state could be written");
        }
        response = session_.call(create(i));
      }
    }
    if (!response.ok()) return fail(write_error(response, "the saved state of the release"));
  }
  return {};
}

Result<journal::Payload> ReleaseStore::load_payload(const journal::Blob& blob) {
  std::vector<Request> requests;
  for (const journal::ChunkRef& chunk : blob.chunks) {
    requests.emplace_back(GetRequest{secret_gvk(), ns_, chunk.name});
  }
  auto responses = session_.call_all(std::move(requests));
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    IE_TRY_ASSIGN(std::string piece, read_piece(blob.chunks[i], responses[i]));
    pieces.push_back(std::move(piece));
    responses[i] = {};
  }
  journal::PayloadReader reader;
  IE_TRY(journal::unpack(
      blob, pieces, [&reader](std::string_view bytes) { reader.add(bytes); }, seal_));
  return std::move(reader).end();
}

void ReleaseStore::drop_orphans(const journal::Head& head) {
  const std::string selector = std::string(model::marks::kRelease) + "=" + release_ + "," +
                               std::string(model::marks::kRecord) + "=chunk";
  const auto responses = session_.call_all({ListRequest{secret_gvk(), ns_, selector, ""}});
  std::set<std::string> named;
  const auto note = [&named](const journal::Blob& blob) {
    for (const journal::ChunkRef& chunk : blob.chunks) named.insert(chunk.name);
  };
  if (head.operation) note(head.operation->payload);
  for (const journal::Revision& revision : head.revisions) note(revision.payload);
  std::vector<Request> requests;
  for (const model::Object& chunk : responses.front().items) {
    if (named.contains(chunk.name())) continue;
    requests.emplace_back(
        DeleteRequest{secret_gvk(), ns_, chunk.name(), {chunk.uid(), ""}, Propagation::kBackground, false});
  }
  if (!requests.empty() && session_.may_write()) session_.call_all(std::move(requests));
}

void ReleaseStore::drop(const journal::Head& head, const std::vector<journal::Blob>& blobs) {
  std::vector<Request> requests;
  bool unidentified = false;
  for (const journal::Blob& blob : blobs) {
    for (const journal::ChunkRef& chunk : blob.chunks) {
      unidentified = unidentified || chunk.uid.empty();
      if (chunk.uid.empty()) continue;
      requests.emplace_back(
          DeleteRequest{secret_gvk(), ns_, chunk.name, {chunk.uid, ""}, Propagation::kBackground, false});
    }
  }
  if (unidentified) drop_orphans(head);
  // What stays behind without the lock is an orphan, which the next run collects.
  if (!requests.empty() && session_.may_write()) session_.call_all(std::move(requests));
}

}  // namespace instantexec::engine
