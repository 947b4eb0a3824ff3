#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/api_catalog.h"
#include "model/event.h"
#include "model/gvk.h"
#include "model/object.h"

// What the engine needs of the world. Every port has one real adapter and one in-memory one.
namespace instantexec::engine {

// What is known about a request once it is over. Decides what may be done next, so it is a type and not a
// number.
enum class Outcome {
  kNotSent,    // no byte was written; trying again is harmless
  kRejected,   // the server refused it (400, 401, 403, 404, 405, 409, 413, 415, 422, 429); nothing changed
  kCommitted,  // 2xx, body complete and parsed
  kUnknown,    // bytes were sent and no full answer came, or any 5xx; settle a write by reading, never by
               // repeating it
};

// Refuses the write with 409 unless the live object still is what the caller saw. Empty strings: not checked.
struct Preconditions {
  std::string uid;
  std::string resource_version;
};

struct GetRequest {
  model::Gvk gvk;
  std::string ns;  // empty: cluster-scoped
  std::string name;
};

// All matching objects, most recent state, paged by the adapter.
struct ListRequest {
  model::Gvk gvk;
  std::string ns;              // empty: all namespaces, or cluster-scoped
  std::string label_selector;  // empty: all
  std::string field_selector;  // empty: all
};

// Server-side apply (PATCH application/apply-patch). `body` carries apiVersion, kind, metadata.name (and
// namespace). Preconditions travel inside the body as metadata.uid and metadata.resourceVersion: with a uid
// the server answers 409 instead of creating a missing object.
struct ApplyRequest {
  model::Object body;
  std::string field_manager;
  bool force = false;    // take fields owned by others
  bool dry_run = false;  // dryRun=All: admission and validation run, nothing is stored
  Preconditions preconditions;
};

// POST. Used for records whose name must not exist yet, and for review objects.
struct CreateRequest {
  model::Object body;
  std::string field_manager;
  bool dry_run = false;
  bool no_values = false;  // a Secret in which nothing is secret: what the server says of it may be shown
};

// PUT; `body` carries metadata.resourceVersion, so a second try after a lost answer is refused with 409.
struct ReplaceRequest {
  model::Object body;
  std::string field_manager;
  bool dry_run = false;
  bool no_values = false;  // as in CreateRequest
};

// JSON Patch (RFC 6902). Guard it with "test" or "replace" operations on /metadata/uid and
// /metadata/resourceVersion.
struct PatchRequest {
  model::Gvk gvk;
  std::string ns;
  std::string name;
  model::Json patch;  // array of operations
  std::string field_manager;
  bool dry_run = false;
};

enum class Propagation { kBackground, kForeground, kOrphan };

struct DeleteRequest {
  model::Gvk gvk;
  std::string ns;
  std::string name;
  Preconditions preconditions;
  Propagation propagation = Propagation::kBackground;
  bool dry_run = false;
};

// Last lines of a container's log, as text in Response::text.
struct LogsRequest {
  std::string ns;
  std::string pod;
  std::string container;
  bool previous = false;
  int tail_lines = 20;
};

using Request = std::variant<GetRequest, ListRequest, ApplyRequest, CreateRequest, ReplaceRequest,
                             PatchRequest, DeleteRequest, LogsRequest>;

// Ids are given by the adapter, start at 1 and are never used twice in a run.
using RequestId = std::uint64_t;
using WatchId = std::uint64_t;

// One entry of metav1.Status.details.causes.
struct StatusCause {
  std::string reason;   // "FieldValueInvalid", "FieldManagerConflict"
  std::string field;    // ".spec.replicas"
  std::string message;  // sanitised
};

struct Response {
  RequestId id = 0;
  Outcome outcome = Outcome::kNotSent;
  int http_status = 0;   // 0: no answer
  bool passing = false;  // of a rejection: the reason may pass by itself (a webhook that could not be called)
  bool created = false;  // 201
  model::Object object;  // the object stored (or that would be), for everything but lists and logs
  std::vector<model::Object> items;  // lists; items carry apiVersion and kind
  std::string list_resource_version;
  std::string text;                   // logs
  std::optional<Error> error;         // set unless kCommitted
  std::vector<StatusCause> causes;    // of a rejection
  std::vector<std::string> warnings;  // server Warning headers, sanitised

  [[nodiscard]] bool ok() const { return outcome == Outcome::kCommitted; }
  [[nodiscard]] bool not_found() const { return http_status == 404; }
  // 409 because another manager owns a field (never worth repeating), as opposed to a stale write.
  [[nodiscard]] bool ownership_conflict() const;
};

// A list followed by a watch that the adapter keeps alive (bookmarks, resume, relist on 410, dead connections
// noticed within 45 s) until it is cancelled.
struct WatchRequest {
  model::Gvk gvk;
  std::string ns;
  std::string label_selector;
  std::string field_selector;
};

struct ObjectChanged {
  WatchId watch = 0;
  bool deleted = false;
  model::Object object;  // when deleted the last state, or only what identifies it and its last version
};
// Everything of the first list has been delivered. Sent again after each relist; objects that vanished
// meanwhile have been delivered as deleted before it.
struct WatchSynced {
  WatchId watch = 0;
};
// The watch cannot go on (403, kind gone). The adapter has dropped it.
struct WatchFailed {
  WatchId watch = 0;
  Error error;
};
// The user asked to stop. Delivered once for each signal.
struct Interrupted {
  int signal = 0;
};
// Nothing happened until the deadline.
struct DeadlinePassed {};

using ClusterEvent =
    std::variant<Response, ObjectChanged, WatchSynced, WatchFailed, Interrupted, DeadlinePassed>;

struct ClusterInfo {
  std::string context;         // kubeconfig context; "simulation" for the in-memory cluster
  std::string server;          // URL without credentials
  std::string server_version;  // "v1.36.3"
  bool simulated = false;
};

// A Kubernetes API server, real or in memory. Not thread-safe: one thread starts work and waits at one point.
class Cluster {
 public:
  virtual ~Cluster() = default;

  // Connects, authenticates and says where. Errors with exit class kUnreachable when that fails.
  virtual Result<ClusterInfo> info() = 0;
  // What is served. Answers from memory or a disk cache unless `refresh`. The pointer stays valid and
  // unchanged.
  virtual Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) = 0;
  // Starts a request; its Response arrives from wait(). Never fails here: an unservable request (unknown
  // kind) arrives as a Response with kNotSent.
  virtual RequestId submit(Request request) = 0;
  // Starts a list-and-watch; its events arrive from wait().
  virtual WatchId watch(WatchRequest request) = 0;
  // Drops a watch. Nothing of it arrives afterwards. Unknown ids are ignored.
  virtual void cancel_watch(WatchId id) = 0;
  // The next event, or DeadlinePassed. The one place where the engine waits.
  virtual ClusterEvent wait(Instant deadline) = 0;
  // The server's clock now, as its answers have told it: right to about a second. Nothing before the first
  // answer, and from an adapter that does not know.
  [[nodiscard]] virtual std::optional<Timestamp> server_time() { return std::nullopt; }
  // How many requests it makes sense to have in flight.
  [[nodiscard]] virtual std::size_t capacity() const = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() = 0;     // monotonic
  virtual Timestamp wall() = 0;  // for records people read; never for decisions between machines
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const model::Event& event) = 0;
};

}  // namespace instantexec::engine
