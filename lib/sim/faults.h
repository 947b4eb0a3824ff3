#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/ports.h"

namespace instantexec::sim {

// What goes wrong with one request.
struct Fault {
  enum class Kind {
    kNone,
    kRefuseConnection,  // no byte is written: kNotSent
    kDropRequest,       // bytes are written and never arrive: kUnknown, nothing is done
    kDropAnswer,        // the request is done, its answer lost: kUnknown
    kLateCommit,        // answered with 504 at once, done `delay` later
    kAnswer,            // the server answers `http_status` and does nothing
    kNoWebhook,         // an admission webhook cannot be called: 500, and nothing is done
    kDelay,             // done and answered `delay` later
    kSlowAnswer,        // done at once, answered `delay` later
    kDie,               // the client dies before sending the request
    kDieAfterCommit,    // the client dies after the request is done, before it learns the answer
    kInterrupt,         // as nothing, and the user presses Ctrl-C at that moment
  };
  Kind kind = Kind::kNone;
  int http_status = 0;  // of kAnswer: 401, 403, 404, 409, 429, 500, 503 …
  Duration delay{0};
  int signal = 2;  // of kInterrupt
};

// What the server knows about a request when it decides on a fault.
struct RequestInfo {
  std::uint64_t index = 0;  // requests of all clients so far; the first is 1
  std::string client;
  std::string verb;  // as in AuditEntry
  model::ObjectRef ref;
  bool dry_run = false;
  const engine::Request* request = nullptr;
};

// Rules of a test. Empty: nothing goes wrong.
struct Faults {
  std::function<Fault(const RequestInfo&)> on_request;
  std::uint64_t requests = 0;  // counted by the clients
};

// The verb and the object of a request.
[[nodiscard]] std::string verb_of(const engine::Request& request);
[[nodiscard]] model::ObjectRef ref_of(const engine::Request& request);
[[nodiscard]] model::Gvk gvk_of(const engine::Request& request);
[[nodiscard]] bool dry_run_of(const engine::Request& request);

// --- rules for common cases ---

// The fault at the k-th request (from 1), once.
[[nodiscard]] std::function<Fault(const RequestInfo&)> at_request(std::uint64_t k, Fault fault);
// The fault at the n-th request with that verb on an object of that kind (empty: any), once.
[[nodiscard]] std::function<Fault(const RequestInfo&)> at_match(std::string verb, std::string kind, int n,
                                                                Fault fault);

}  // namespace instantexec::sim
