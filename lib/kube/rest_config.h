#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

// What a client needs to reach one API server, and the seam through which its requests get credentials.
namespace instantexec::kube {

// Act as somebody else. Sent as Impersonate-User, Impersonate-Uid, one Impersonate-Group per group, and
// Impersonate-Extra-<key, percent-escaped> per value.
struct Impersonation {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;

  [[nodiscard]] bool empty() const { return user.empty(); }
  friend bool operator==(const Impersonation&, const Impersonation&) = default;
};

// Where the settings were found, in words for people: "flag --context", "current-context in ~/.kube/config",
// "service account". Empty: nowhere, the default holds.
struct ConfigSources {
  std::vector<std::string> files;  // kubeconfig files that were read, in order of precedence
  std::string context;
  std::string cluster;
  std::string user;
  std::string ns;
};

// One API server and how to talk to it. Plain data; holds no credentials, because those rotate: they come
// from an Authenticator.
struct RestConfig {
  std::string server;           // "https://host:6443/prefix": no trailing slash, query or fragment
  std::string ca_pem;           // the only roots when set; empty: the system's
  bool insecure = false;        // do not verify the server; never together with ca_pem
  std::string tls_server_name;  // SNI and verified name; empty: the host of `server`
  std::string proxy_url;        // http, https or socks5; empty: HTTPS_PROXY, HTTP_PROXY and NO_PROXY apply
  bool disable_compression = false;
  Duration request_timeout{0};  // for one ordinary request, never for a watch; zero: those of CallOptions
  Impersonation impersonate;

  std::string ns;       // never empty
  std::string context;  // names in the kubeconfig; "" when the server came from a flag or from in-cluster
  std::string cluster;
  std::string user;
  bool in_cluster = false;
  ConfigSources sources;

  // Credentials may be attached only then (a bearer token must not travel in clear text).
  [[nodiscard]] bool is_https() const { return server.starts_with("https://"); }
};

// What to attach to a request.
struct Credentials {
  Secret authorization;         // value of the Authorization header; empty: send none
  std::string client_cert_pem;  // certificate chain; empty: present none
  Secret client_key_pem;
  std::uint64_t generation = 0;              // grows with every change; name it when calling invalidate()
  std::uint64_t certificate_generation = 0;  // grows when the pair changes: close connections opened before
};

// Source of credentials for one RestConfig. Used from one thread, which makes every refresh single-flight.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // What to attach now. Usually answers from memory; re-reads files and runs an exec plugin when due, and
  // then blocks for as long as that takes. Errors: auth.* (see kube/auth_errors.h). The caller must drop the
  // result when the URL is not https.
  virtual Result<Credentials> credentials() = 0;

  // The server answered 401 to a request that carried credentials of `generation`. True when the next
  // credentials() may give others, so that a safe request is worth one more try; false for static ones.
  // A stale generation (others already refreshed) changes nothing and gives true.
  virtual bool invalidate(std::uint64_t generation) = 0;

  // When the current credentials end; nothing when unknown or not fetched yet. Never blocks.
  [[nodiscard]] virtual std::optional<Timestamp> expiry() const = 0;

  // Others are fetched by then without anybody's help.
  [[nodiscard]] virtual bool renews() const { return false; }

  // For people: "client certificate", "exec plugin aws". Holds no secret.
  [[nodiscard]] virtual std::string describe() const = 0;
};

// Always the same credentials. `description` as describe() gives it.
[[nodiscard]] std::unique_ptr<Authenticator> make_static_authenticator(Credentials credentials,
                                                                       std::string description);

// The Authorization value for a bearer token.
[[nodiscard]] Secret bearer(std::string_view token);

}  // namespace instantexec::kube
