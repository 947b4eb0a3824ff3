#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <map>
#include <utility>

#include "base/check.h"
#include "net/ca_store.h"
#include "net/curl_transfer.h"
#include "net/errors.h"
#include "net/transport.h"

namespace instantexec::net {
namespace {

// An API server takes about 100 streams on one HTTP/2 connection. Without a bound libcurl opens a connection
// of its own for each transfer beyond that; with it they wait for a free stream. HTTP/1.1 needs a connection
// for each transfer, so there the bound is lifted as soon as the server turns out to speak it.
constexpr long kMaxHttp2Connections = 3;

// Unacknowledged bytes, keep-alive probes among them, break a connection after this long. What the engine
// says of writes that come late rests on it.
constexpr unsigned kUserTimeoutMs = 7'000;

// The sockets of all transports, by descriptor, for a signal handler to find.
constexpr std::size_t kMaxDescriptor = 4096;
std::array<std::atomic<bool>, kMaxDescriptor> is_open{};
static_assert(std::atomic<bool>::is_always_lock_free);

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

long local_port(curl_socket_t fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return 0;
}

curl_socket_t open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (static_cast<std::size_t>(fd) >= kMaxDescriptor) {
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  is_open[static_cast<std::size_t>(fd)] = true;
  const unsigned timeout = kUserTimeoutMs;
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
  static_cast<Connections*>(self)->open.insert(fd);
  return fd;
}

int close_socket(void* self, curl_socket_t fd) {
  auto& connections = *static_cast<Connections*>(self);
  connections.last_arrival.erase(local_port(fd));
  connections.open.erase(fd);
  is_open[static_cast<std::size_t>(fd)] = false;
  return ::close(fd);
}

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(TransferSetup setup) : setup_(std::move(setup)), multi_(curl_multi_init()) {
    IE_CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_CONCURRENT_STREAMS, 1000L);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, kMaxHttp2Connections);
  }
  ~CurlTransport() override {
    for (auto& [id, transfer] : transfers_) curl_multi_remove_handle(multi_.get(), transfer->easy());
    transfers_.clear();
    multi_.reset();  // closes the connections, which calls close_socket
  }
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  TransferId start(HttpRequest request) override {
    const TransferId id = next_id_++;
    auto transfer = std::make_unique<Transfer>(id, std::move(request), setup_, events_);
    CURLcode code = transfer->configure();
    if (code == CURLE_OK) {
      curl_easy_setopt(transfer->easy(), CURLOPT_OPENSOCKETFUNCTION, &open_socket);
      curl_easy_setopt(transfer->easy(), CURLOPT_OPENSOCKETDATA, static_cast<void*>(&setup_.connections));
      curl_easy_setopt(transfer->easy(), CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
      curl_easy_setopt(transfer->easy(), CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&setup_.connections));
      if (curl_multi_add_handle(multi_.get(), transfer->easy()) != CURLM_OK) code = CURLE_FAILED_INIT;
    }
    if (code != CURLE_OK) {
      events_.emplace_back(
          TransferFailed{id,
                         make_error(instantexec::errors::kInternal,
                                    std::string("libcurl refused a request: ") + curl_easy_strerror(code)),
                         Sent::kNot});
      return id;
    }
    transfers_.emplace(id, std::move(transfer));
    return id;
  }

  void cancel(TransferId id) override {
    const auto it = transfers_.find(id);
    if (it != transfers_.end()) {
      curl_multi_remove_handle(multi_.get(), it->second->easy());
      transfers_.erase(it);
    }
    std::erase_if(events_, [id](const NetEvent& event) { return event_id(event) == id; });
  }

  std::vector<NetEvent> poll(Duration max_wait) override {
    constexpr Duration kLongestWait{std::chrono::hours{24}};
    const SteadyTime deadline = std::chrono::steady_clock::now() + std::min(max_wait, kLongestWait);
    while (true) {
      perform();
      collect_finished();
      expire_timeouts();
      const SteadyTime now = std::chrono::steady_clock::now();
      if (!events_.empty()) return std::exchange(events_, {});
      if (wait(now, std::max(now, std::min(deadline, next_timeout())))) {
        events_.emplace_back(WakeReadable{});
      } else if (now >= deadline) {
        return {};
      }
    }
  }

  [[nodiscard]] Duration silence(TransferId id) const override {
    const auto it = transfers_.find(id);
    if (it == transfers_.end()) return Duration{0};
    const auto connection = setup_.connections.last_arrival.find(it->second->port());
    const SteadyTime since = connection == setup_.connections.last_arrival.end()
                                 ? it->second->begun()
                                 : std::max(connection->second, it->second->begun());
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - since);
  }

  void abandon_connection(TransferId id) override {
    const auto it = transfers_.find(id);
    if (it != transfers_.end() && it->second->port() != 0) abandon_port(it->second->port());
  }

 private:
  static TransferId event_id(const NetEvent& event) {
    return std::visit(
        [](const auto& value) -> TransferId {
          if constexpr (requires { value.id; }) {
            return value.id;
          } else {
            return 0;
          }
        },
        event);
  }

  void abandon_port(long port) {
    for (const curl_socket_t fd : setup_.connections.open) {
      if (local_port(fd) == port) ::shutdown(fd, SHUT_RDWR);
    }
  }

  // Waits for sockets, libcurl's own timers, the wake descriptor or the deadline; true when the descriptor is
  // readable.
  bool wait(SteadyTime now, SteadyTime until) {
    // The net below perform(): bytes held back never wait longer than this.
    const std::chrono::milliseconds longest{transfers_.empty() ? 60'000 : 250};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    curl_waitfd extra{};
    extra.fd = setup_.options.wake_fd;
    extra.events = CURL_WAIT_POLLIN;
    const bool watched = extra.fd >= 0;
    int ready = 0;
    curl_multi_poll(multi_.get(), watched ? &extra : nullptr, watched ? 1U : 0U,
                    static_cast<int>(std::min(left, longest).count()), &ready);
    return watched && extra.revents != 0;
  }

  // libcurl's HTTP/2 (7.88 at least) can hold bytes of one stream that came along with another's and wait for
  // a socket that has nothing more to say. Bytes that arrived are the sign, so it looks again until none do.
  void perform() {
    std::uint64_t before = 0;
    do {
      before = setup_.connections.arrivals;
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
    } while (setup_.connections.arrivals != before);
  }

  void collect_finished() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      char* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      finish(*reinterpret_cast<Transfer*>(self), code);
    }
  }

  void finish(Transfer& transfer, CURLcode code) {
    if (transfer.version() != HttpVersion::kUnknown && transfer.version() != version_) {
      version_ = transfer.version();
      const bool shared = version_ == HttpVersion::kHttp2;
      curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, shared ? kMaxHttp2Connections : 0L);
    }
    NetEvent last = transfer.finish(code);
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    transfers_.erase(transfer.id());
    events_.push_back(std::move(last));
  }

  [[nodiscard]] SteadyTime next_timeout() const {
    SteadyTime at = SteadyTime::max();
    for (const auto& [id, transfer] : transfers_) at = std::min(at, transfer->next_timeout());
    return at;
  }

  void expire_timeouts() {
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<TransferId> expired;
    for (const auto& [id, transfer] : transfers_) {
      if (transfer->next_timeout() <= now) expired.push_back(id);
    }
    for (const TransferId id : expired) {
      Transfer& transfer = *transfers_.at(id);
      // A connection on which nothing at all has come since this request was made is taken for dead, so
      // that the next request opens another one.
      const auto connection = setup_.connections.last_arrival.find(transfer.port());
      if (connection != setup_.connections.last_arrival.end() && connection->second <= transfer.begun()) {
        abandon_port(transfer.port());
      }
      finish(transfer, CURLE_OPERATION_TIMEDOUT);
    }
  }

  TransferSetup setup_;
  std::vector<NetEvent> events_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::map<TransferId, std::unique_ptr<Transfer>> transfers_;
  TransferId next_id_ = 1;
  HttpVersion version_ = HttpVersion::kUnknown;
};

}  // namespace

void shut_down_connections() noexcept {
  const int saved = errno;
  for (std::size_t fd = 0; fd < kMaxDescriptor; ++fd) {
    if (is_open[fd]) ::shutdown(static_cast<int>(fd), SHUT_RDWR);
  }
  errno = saved;
}

Result<std::unique_ptr<Transport>> make_transport(Endpoint endpoint, TransportOptions options) {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kInitialised != CURLE_OK)
    return fail(instantexec::errors::kInternal, "libcurl could not be initialised");

  TransferSetup setup;
  const Url& base = endpoint.base;
  if (base.scheme == "https" && !endpoint.insecure) {
    if (endpoint.ca_pem.empty()) {
      IE_TRY_ASSIGN(setup.roots, read_system_ca_certificates());
    } else if (endpoint.ca_pem.find("-----BEGIN ") == std::string::npos) {
      return fail(errors::kTlsAuthorityUnusable,
                  "the certificate authority given for " + base.host_port() + " holds no PEM certificate");
    } else {
      setup.roots = endpoint.ca_pem;
    }
  }
  const std::string port = std::to_string(base.port);
  std::string name = bracketed(base.host);
  if (base.scheme == "https" && !endpoint.tls_server_name.empty() && endpoint.tls_server_name != base.host) {
    // libcurl verifies the name in the URL; so that name goes there, the connection to the real address, and
    // the Host header back to what it would have been.
    setup.connect_to = bracketed(endpoint.tls_server_name) + ":" + port + ":" + name + ":" + port;
    setup.host_header = base.explicit_port ? base.host_port() : name;
    name = bracketed(endpoint.tls_server_name);
  }
  setup.url_prefix = base.scheme + "://" + name + ":" + port + base.path;
  setup.endpoint = std::move(endpoint);
  setup.options = std::move(options);
  return std::make_unique<CurlTransport>(std::move(setup));
}

}  // namespace instantexec::net
