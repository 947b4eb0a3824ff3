#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kube/api_path.h"
#include "kube/rest_config.h"
#include "kube/retry.h"
#include "net/transport.h"

namespace instantexec::kube {

// Receives what -v shows: 6 one line per request, 7 retries and credentials, 8 errors of the server. Never
// tokens, never bodies.
using LogSink = std::function<void(int level, const std::string& text)>;

struct RestClientOptions {
  LogSink log;                     // empty: silent
  std::function<Instant()> now;    // empty: the monotonic clock
  std::function<double()> random;  // uniform in [0, 1); empty: seeded by the system
};

using CallId = std::uint64_t;

// The answer to a call, or why there is none. A streamed call ends with it too.
struct CallDone {
  CallId id = 0;
  net::HttpResponse response;
};
struct CallFailed {
  CallId id = 0;
  Error error;
  net::Sent sent = net::Sent::kMaybe;
};
struct CallOpened {
  CallId id = 0;
};
struct CallChunk {
  CallId id = 0;
  std::string bytes;
};
// The transport's wake descriptor is readable.
struct CallWake {};
using CallEvent = std::variant<CallDone, CallFailed, CallOpened, CallChunk, CallWake>;

// Sends API calls over a transport: attaches credentials and impersonation (only to https servers), fetches
// fresh credentials once after a 401, waits and repeats what may be repeated (kube/retry.h). Not thread-safe.
class RestClient {
 public:
  // `authenticator` must outlive the client.
  RestClient(std::unique_ptr<net::Transport> transport, RestConfig config, Authenticator& authenticator,
             RestClientOptions options);

  // Never fails here; a call that cannot be sent ends in CallFailed with Sent::kNot.
  CallId start(ApiCall call);
  // Nothing of the call arrives afterwards.
  void cancel(CallId id);
  // At least one event, or none once `deadline` has passed.
  std::vector<CallEvent> poll(Instant deadline);
  // Starts a call and waits for its end; events of other calls wait for the next poll(). Error
  // kube.interrupted when the wake descriptor becomes readable meanwhile; the next poll() reports it again.
  Result<net::HttpResponse> run(ApiCall call);
  // Waits for the end of a call that was started before.
  Result<net::HttpResponse> finish(CallId id);

  // The caller is given an event now; what it asks for next it decided after this moment.
  void note_awake() { awake_ = now(); }

  // How long the connection of a call has been silent; zero for a call that is waiting or over.
  [[nodiscard]] Duration silence(CallId id) const;
  // Breaks the connection of a call (net::Transport::abandon_connection).
  void abandon_connection(CallId id);

  // The server's clock now, counted on from the latest Date of an answer; nothing before the first one.
  [[nodiscard]] std::optional<Timestamp> server_time() const;

  // How many calls it makes sense to have in flight: falls by half with each overload the server reports,
  // rises with successes.
  [[nodiscard]] std::size_t capacity() const;
  // Calls share connections (HTTP/2).
  [[nodiscard]] bool multiplexed() const { return multiplexed_; }
  [[nodiscard]] const RestConfig& config() const { return config_; }
  [[nodiscard]] Instant now() const { return options_.now(); }
  [[nodiscard]] double random() const { return options_.random(); }
  void log(int level, const std::string& text) const;

 private:
  struct Pending {
    ApiCall call;
    RetryState retry;
    net::TransferId transfer = 0;  // 0: waiting for `due`
    Instant due;
    Instant begun;
    Instant decided;  // when whoever asked for a write could last have looked at its lock
    std::optional<net::HttpResponse> held;  // a refusal that is passed on at `due`
    std::uint64_t generation = 0;           // of the credentials sent
    bool credentials_sent = false;
    bool credentials_renewed = false;
  };

  void send(CallId id, Pending& pending);
  Result<net::HttpRequest> prepare(Pending& pending);
  void attach_impersonation(net::HttpRequest& request) const;
  void send_due();
  [[nodiscard]] Instant next_due(Instant deadline) const;
  void take(net::NetEvent event);
  void on_done(CallId id, net::HttpResponse response);
  void on_failed(CallId id, Error error, net::Sent sent);
  bool renew_credentials(CallId id, Pending& pending, int http_status);
  bool retry(CallId id, Pending& pending, const Attempt& attempt);
  bool hold(Pending& pending, const Attempt& attempt, net::HttpResponse& response);
  void note_capacity(const net::HttpResponse& response);
  void note_time(const net::HttpResponse& response);
  void finish_with(CallId id, CallEvent event);

  std::unique_ptr<net::Transport> transport_;
  RestConfig config_;
  Authenticator& authenticator_;
  RestClientOptions options_;
  RetryBudget budget_;
  std::map<CallId, Pending> calls_;
  std::map<net::TransferId, CallId> by_transfer_;
  std::deque<CallEvent> ready_;
  std::optional<Instant> awake_;
  std::shared_ptr<const net::ClientIdentity> identity_;
  std::uint64_t identity_generation_ = 0;
  CallId next_id_ = 1;
  bool reached_ = false;
  bool multiplexed_ = true;
  double window_;
  std::optional<Instant> last_cut_;
  std::optional<Timestamp> date_;  // the latest of the server's
  Instant date_read_;
};

// A client with a transport of its own, for work beside the engine's. `authenticator` must outlive it.
// Errors: net.url, net.proxy-url, net.tls-authority-unusable.
[[nodiscard]] Result<std::unique_ptr<RestClient>> make_rest_client(RestConfig config,
                                                                   Authenticator& authenticator,
                                                                   RestClientOptions options,
                                                                   net::TransportOptions transport_options);

// What a transport must know of the settings. Errors net.url, net.proxy-url.
[[nodiscard]] Result<net::Endpoint> endpoint_of(const RestConfig& config);

}  // namespace instantexec::kube
