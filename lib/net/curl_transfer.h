#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/transport.h"

namespace instantexec::net {

using SteadyTime = std::chrono::steady_clock::time_point;

// The sockets libcurl has open. Which of them carries a transfer is known by its local port only.
struct Connections {
  std::set<curl_socket_t> open;
  std::map<long, SteadyTime> last_arrival;  // by local port, of those a request was handed to
  std::uint64_t arrivals = 0;               // grows with everything that comes
};

// What all transfers of one transport share. Outlives every easy handle.
struct TransferSetup {
  Endpoint endpoint;
  TransportOptions options;
  std::string roots;        // PEM; empty for http and for insecure
  std::string url_prefix;   // scheme, name for TLS, port and path
  std::string connect_to;   // for CURLOPT_CONNECT_TO; empty: connect to the name in the URL
  std::string host_header;  // original host when the URL carries another name; empty otherwise
  Connections connections;
};

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct SlistDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One transfer: the request, the easy handle that runs it, and what has arrived.
class Transfer {
 public:
  Transfer(TransferId id, HttpRequest request, TransferSetup& setup, std::vector<NetEvent>& events);

  // Sets every option on a new easy handle. Not CURLE_OK: libcurl refused one.
  [[nodiscard]] CURLcode configure();
  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  [[nodiscard]] TransferId id() const { return id_; }
  [[nodiscard]] long port() const { return port_; }
  [[nodiscard]] HttpVersion version() const { return response_.version; }
  // When it was started, and later when a connection took it.
  [[nodiscard]] SteadyTime begun() const { return handed_over_.value_or(begun_); }

  // When a timeout of the request strikes next; max() when none applies any more.
  [[nodiscard]] SteadyTime next_timeout() const;
  // The last event of the transfer, from libcurl's verdict.
  [[nodiscard]] NetEvent finish(CURLcode code);

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_request(void* self, char* remote_ip, char* local_ip, int remote_port, int local_port);
  bool header_line(std::string_view line);
  bool body_bytes(std::string_view bytes);
  void arrived();

  CURLcode configure_method();
  CURLcode configure_headers();
  CURLcode configure_tls();
  CURLcode configure_connection();

  TransferId id_;
  HttpRequest request_;
  TransferSetup& setup_;
  std::vector<NetEvent>& events_;
  SteadyTime begun_;
  std::unique_ptr<curl_slist, SlistDeleter> headers_;
  std::unique_ptr<curl_slist, SlistDeleter> connect_to_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::unique_ptr<CURL, EasyDeleter> easy_;  // before what it points to is destroyed

  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  std::size_t body_size_ = 0;
  bool headers_done_ = false;
  bool streaming_ = false;
  bool too_large_ = false;
  bool answered_ = false;  // the first byte of the answer has come
  // When a connection was ready for the request: from then on bytes may have left.
  std::optional<SteadyTime> handed_over_;
  long port_ = 0;  // local port of that connection
};

}  // namespace instantexec::net
