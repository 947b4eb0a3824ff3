#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "base/time.h"

// HTTP as values: what is asked and what came back.
namespace instantexec::net {

struct Header {
  std::string name;
  std::string value;
};

// A client certificate and its key, shared by the requests that present it. Connections are not shared
// between different certificates.
struct ClientIdentity {
  std::string certificate_pem;
  Secret key_pem;
};

// Whether a lost answer leaves anything in doubt. Only a repeatable request may be sent a second time by the
// transport itself, which happens when a kept connection turns out to be dead.
enum class Replay { kNever, kHarmless };

struct HttpRequest {
  std::string method;  // upper case
  std::string target;  // path and query below the endpoint's base URL: "/api/v1/pods?limit=500"
  std::vector<Header> headers;
  Secret authorization;                            // value of the Authorization header; empty: none is sent
  std::shared_ptr<const ClientIdentity> identity;  // null: no client certificate
  std::string body;                                // empty: no body
  Replay replay = Replay::kNever;
  Duration timeout{0};             // for the whole transfer; zero: none
  Duration first_byte_timeout{0};  // until the answer's first byte; zero: none
  // Until it is handed to a connection; later it is not sent at all (Sent::kNot). Zero: no limit.
  Duration leave_within{0};
  bool stream = false;  // deliver the body of a 2xx as BodyChunk events instead of collecting it
  std::size_t max_body = std::size_t{64} << 20U;  // decoded bytes; when streaming: no limit
};

enum class HttpVersion { kUnknown, kHttp1, kHttp2 };

struct HttpResponse {
  int status = 0;
  HttpVersion version = HttpVersion::kUnknown;
  std::vector<Header> headers;  // in order; names as the server wrote them
  std::string body;             // empty for a 2xx that was streamed
  // The end of the body was marked (length, chunking, HTTP/2). False: it ended because the connection did.
  bool framed = true;

  // First value of the header (names compare without case), or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> all_headers(std::string_view name) const;
  // Lower case, without parameters: "application/json".
  [[nodiscard]] std::string media_type() const;
};

// Ids start at 1 and are never used twice.
using TransferId = std::uint64_t;

// What is known about the request's way out. kNot is proven: no byte of it left. Anything else is kMaybe.
enum class Sent { kNot, kMaybe };

// A streamed 2xx has begun; chunks follow.
struct StreamStarted {
  TransferId id = 0;
  HttpResponse response;  // without body
};
struct BodyChunk {
  TransferId id = 0;
  std::string bytes;
};
// The answer is complete: all of the body arrived. Nothing of this id follows.
struct TransferDone {
  TransferId id = 0;
  HttpResponse response;
};
// No complete answer. Nothing of this id follows.
struct TransferFailed {
  TransferId id = 0;
  Error error;
  Sent sent = Sent::kMaybe;
};
// The wake descriptor has something to read; whoever owns it reads it before polling again.
struct WakeReadable {};

using NetEvent = std::variant<StreamStarted, BodyChunk, TransferDone, TransferFailed, WakeReadable>;

}  // namespace instantexec::net
