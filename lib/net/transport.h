#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"
#include "net/url.h"

namespace instantexec::net {

// One server and how to reach it. A transport talks to this server only, so credentials handed to it can go
// nowhere else: redirects are answers, never followed, and netrc is not read.
struct Endpoint {
  Url base;               // targets are appended to its path
  std::string proxy;      // normalised (net/proxy.h); "": direct. The environment is not looked at again.
  std::string ca_pem;     // the only roots when set; empty: the system's (net/ca_store.h)
  bool insecure = false;  // do not verify the server
  std::string tls_server_name;  // SNI and verified name; empty: the host of `base`
  bool compression = true;      // ask for gzip
};

struct TransportOptions {
  int wake_fd = -1;  // watched while polling; -1: none. Not owned.
  Duration connect_timeout{10'000};
  std::string user_agent = "kubectl-instantexec";
};

// Runs HTTP transfers over as few connections as possible: HTTP/2 streams share one. Not thread-safe: one
// thread starts transfers and polls. Knows nothing of Kubernetes.
class Transport {
 public:
  virtual ~Transport() = default;

  // Queues a transfer; it moves only while poll() runs. Never fails here.
  virtual TransferId start(HttpRequest request) = 0;
  // Drops a transfer. Nothing of it arrives afterwards. Unknown ids are ignored. A request under way may
  // still reach the server.
  virtual void cancel(TransferId id) = 0;
  // Moves transfers until there is at least one event or `max_wait` has passed; then the vector is empty.
  // Zero looks once without waiting.
  virtual std::vector<NetEvent> poll(Duration max_wait) = 0;
  // How long nothing has arrived on the connection that carries the transfer (from any transfer on it), or
  // since the transfer started when it has no connection yet. Zero for an unknown id.
  [[nodiscard]] virtual Duration silence(TransferId id) const = 0;
  // Shuts the connection that carries the transfer, so that everything on it fails and nothing new uses it:
  // for a peer that has gone silent. Unknown ids are ignored.
  virtual void abandon_connection(TransferId id) = 0;
};

// Shuts down every connection of every transport in this process, so that nothing more is written to them.
// For a process that was stopped for a while: a request that was about to be written, or was written in part,
// must not go on as if no time had passed. Safe in a signal handler.
void shut_down_connections() noexcept;

// A transport over libcurl. Errors: net.tls-authority-unusable when no roots can be found or `ca_pem` holds
// no certificate.
[[nodiscard]] Result<std::unique_ptr<Transport>> make_transport(Endpoint endpoint, TransportOptions options);

}  // namespace instantexec::net
