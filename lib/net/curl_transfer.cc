#include "net/curl_transfer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "net/curl_errors.h"
#include "net/errors.h"

namespace instantexec::net {
namespace {

constexpr std::size_t kMaxHeaderBytes = std::size_t{256} * 1024;
// Of each transfer, and there may be hundreds; libcurl's own choice is 64 KiB. Most objects fit into this.
constexpr long kUploadBuffer = 16L * 1024;

// First refusal wins; later options are still set.
template <typename Value>
void set(CURL* easy, CURLoption option, Value value, CURLcode& result) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  if (result == CURLE_OK) result = code;
}

// The bytes must outlive the easy handle: they are not copied.
void set_blob(CURL* easy, CURLoption option, const std::string& bytes, CURLcode& result) {
  curl_blob blob{};
  blob.data = const_cast<char*>(bytes.data());  // libcurl's struct is shared with its copying mode
  blob.len = bytes.size();
  blob.flags = CURL_BLOB_NOCOPY;
  set(easy, option, &blob, result);
}

bool append(std::unique_ptr<curl_slist, SlistDeleter>& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  // curl_slist_append returns the head, which stays the same after the first line.
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

bool body_is_framed(const HttpResponse& response, const std::string& method) {
  if (response.version == HttpVersion::kHttp2 || method == "HEAD") return true;
  if (response.status == 204 || response.status == 304) return true;
  if (!response.header("Content-Length").empty()) return true;
  return to_lower(response.header("Transfer-Encoding")).find("chunked") != std::string::npos;
}

HttpVersion version_of(std::string_view status_line) {
  if (status_line.starts_with("HTTP/2")) return HttpVersion::kHttp2;
  if (status_line.starts_with("HTTP/1")) return HttpVersion::kHttp1;
  return HttpVersion::kUnknown;
}

}  // namespace

Transfer::Transfer(TransferId id, HttpRequest request, TransferSetup& setup, std::vector<NetEvent>& events)
    : id_(id),
      request_(std::move(request)),
      setup_(setup),
      events_(events),
      begun_(std::chrono::steady_clock::now()),
      easy_(curl_easy_init()) {}

CURLcode Transfer::configure() {
  if (!easy_) return CURLE_OUT_OF_MEMORY;
  CURL* easy = easy_.get();
  CURLcode result = CURLE_OK;
  set(easy, CURLOPT_URL, (setup_.url_prefix + request_.target).c_str(), result);
  set(easy, CURLOPT_PATH_AS_IS, 1L, result);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https", result);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L, result);
  set(easy, CURLOPT_NOSIGNAL, 1L, result);
  set(easy, CURLOPT_ERRORBUFFER, error_text_.data(), result);
  set(easy, CURLOPT_PRIVATE, static_cast<void*>(this), result);
  set(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header, result);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this), result);
  set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body, result);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this), result);
  set(easy, CURLOPT_PREREQFUNCTION, &Transfer::on_request, result);
  set(easy, CURLOPT_PREREQDATA, static_cast<void*>(this), result);
  if (setup_.endpoint.compression) set(easy, CURLOPT_ACCEPT_ENCODING, "gzip", result);
  for (const CURLcode code :
       {configure_method(), configure_headers(), configure_tls(), configure_connection()}) {
    if (result == CURLE_OK) result = code;
  }
  return result;
}

CURLcode Transfer::configure_method() {
  CURL* easy = easy_.get();
  CURLcode result = CURLE_OK;
  const std::string& method = request_.method;
  if (method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L, result);
  } else if (method == "GET" && request_.body.empty()) {
    set(easy, CURLOPT_HTTPGET, 1L, result);
  } else {
    const bool with_body = !request_.body.empty() || method != "DELETE";
    if (with_body) {
      set(easy, CURLOPT_POST, 1L, result);
      set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()), result);
      set(easy, CURLOPT_POSTFIELDS, request_.body.c_str(), result);
      set(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer, result);
    }
    set(easy, CURLOPT_CUSTOMREQUEST, method.c_str(), result);
  }
  return result;
}

CURLcode Transfer::configure_headers() {
  bool ok = append(headers_, "User-Agent: " + setup_.options.user_agent);
  // A body is never held back for "100 Continue": the server decides on the whole request anyway.
  ok = ok && append(headers_, "Expect:");
  if (!setup_.host_header.empty()) ok = ok && append(headers_, "Host: " + setup_.host_header);
  if (!request_.authorization.empty()) {
    ok = ok && append(headers_, "Authorization: " + request_.authorization.reveal());
  }
  for (const Header& header : request_.headers) {
    // "Name;" is libcurl's way to send a header without value.
    ok = ok && append(headers_, header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  if (!ok) return CURLE_OUT_OF_MEMORY;
  return curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
}

CURLcode Transfer::configure_tls() {
  CURL* easy = easy_.get();
  const Endpoint& endpoint = setup_.endpoint;
  CURLcode result = CURLE_OK;
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2), result);
  set(easy, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2), result);
  // A distribution's libcurl has locations of its own; ours are the only ones.
  set(easy, CURLOPT_CAPATH, nullptr, result);
  set(easy, CURLOPT_PROXY_CAPATH, nullptr, result);
  if (endpoint.insecure) {
    set(easy, CURLOPT_SSL_VERIFYPEER, 0L, result);
    set(easy, CURLOPT_SSL_VERIFYHOST, 0L, result);
    set(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 0L, result);
    set(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 0L, result);
  } else if (!setup_.roots.empty()) {
    set_blob(easy, CURLOPT_CAINFO_BLOB, setup_.roots, result);
    set_blob(easy, CURLOPT_PROXY_CAINFO_BLOB, setup_.roots, result);
  }
  if (request_.identity) {
    set(easy, CURLOPT_SSLCERTTYPE, "PEM", result);
    set_blob(easy, CURLOPT_SSLCERT_BLOB, request_.identity->certificate_pem, result);
    set(easy, CURLOPT_SSLKEYTYPE, "PEM", result);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, request_.identity->key_pem.reveal(), result);
  }
  return result;
}

CURLcode Transfer::configure_connection() {
  CURL* easy = easy_.get();
  CURLcode result = CURLE_OK;
  set(easy, CURLOPT_PROXY, setup_.endpoint.proxy.c_str(), result);  // "" switches the environment off
  set(easy, CURLOPT_NOPROXY, "", result);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L, result);
  if (!setup_.connect_to.empty()) {
    if (!append(connect_to_, setup_.connect_to)) return CURLE_OUT_OF_MEMORY;
    set(easy, CURLOPT_CONNECT_TO, connect_to_.get(), result);
  }
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS), result);
  set(easy, CURLOPT_PIPEWAIT, 1L, result);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(setup_.options.connect_timeout.count()), result);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L, result);
  set(easy, CURLOPT_TCP_KEEPIDLE, 15L, result);
  set(easy, CURLOPT_TCP_KEEPINTVL, 10L, result);
  return result;
}

SteadyTime Transfer::next_timeout() const {
  SteadyTime at = SteadyTime::max();
  if (request_.timeout.count() > 0) at = begun_ + request_.timeout;
  if (request_.first_byte_timeout.count() > 0 && !answered_) {
    at = std::min(at, begun_ + request_.first_byte_timeout);
  }
  return at;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const std::string_view line(data, size * count);
  return static_cast<Transfer*>(self)->header_line(line) ? line.size() : 0;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  const std::string_view bytes(data, size * count);
  return static_cast<Transfer*>(self)->body_bytes(bytes) ? bytes.size() : 0;
}

// libcurl calls this on a connection that is ready, before it writes the request. It does so a second time
// when a kept connection broke and it means to send the request again: only harmless requests may do that.
int Transfer::on_request(void* self, char* /*remote_ip*/, char* /*local_ip*/, int /*remote_port*/,
                         int local_port) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.handed_over_ && transfer.request_.replay == Replay::kNever) return CURL_PREREQFUNC_ABORT;
  const SteadyTime now = std::chrono::steady_clock::now();
  const Duration limit = transfer.request_.leave_within;
  if (limit.count() > 0 && now - transfer.begun_ > limit) return CURL_PREREQFUNC_ABORT;
  transfer.handed_over_ = now;
  transfer.port_ = local_port;
  transfer.setup_.connections.last_arrival.try_emplace(local_port, *transfer.handed_over_);
  return CURL_PREREQFUNC_OK;
}

void Transfer::arrived() {
  answered_ = true;
  ++setup_.connections.arrivals;
  const auto it = setup_.connections.last_arrival.find(port_);
  if (it != setup_.connections.last_arrival.end()) it->second = std::chrono::steady_clock::now();
}

bool Transfer::header_line(std::string_view line) {
  arrived();
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    too_large_ = true;
    return false;
  }
  line = trim(line);
  if (line.starts_with("HTTP/")) {  // also after an interim 1xx answer
    response_ = {};
    headers_done_ = false;
    response_.version = version_of(line);
    const std::string_view rest = trim(line.substr(std::min(line.find(' '), line.size())));
    std::from_chars(rest.data(), rest.data() + rest.size(), response_.status);
    return true;
  }
  if (headers_done_) return true;  // a trailer
  if (line.empty()) {
    if (response_.status >= 200) {
      headers_done_ = true;
      response_.framed = body_is_framed(response_, request_.method);
      streaming_ = request_.stream && response_.status / 100 == 2;
      if (streaming_) events_.emplace_back(StreamStarted{id_, response_});
    }
    return true;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    response_.headers.push_back(
        {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  }
  return true;
}

bool Transfer::body_bytes(std::string_view bytes) {
  arrived();
  if (streaming_) {
    auto* last = events_.empty() ? nullptr : std::get_if<BodyChunk>(&events_.back());
    if (last != nullptr && last->id == id_) {
      last->bytes.append(bytes);
    } else {
      events_.emplace_back(BodyChunk{id_, std::string(bytes)});
    }
    return true;
  }
  body_size_ += bytes.size();
  if (body_size_ > request_.max_body) {
    too_large_ = true;
    return false;
  }
  response_.body.append(bytes);
  return true;
}

NetEvent Transfer::finish(CURLcode code) {
  if (code == CURLE_OK) return TransferDone{id_, std::move(response_)};
  const Sent sent = handed_over_ ? Sent::kMaybe : Sent::kNot;
  if (too_large_) {
    return TransferFailed{
        id_,
        make_error(errors::kTooLarge, "the answer of " + setup_.endpoint.base.host_port() + " exceeds " +
                                          std::to_string(request_.max_body) + " bytes"),
        sent};
  }
  CurlFailure failure;
  failure.code = code;
  failure.detail = error_text_.data();
  curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &failure.verify_result);
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &failure.os_errno);
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
  failure.request_begun = handed_over_.has_value();
  failure.server = setup_.endpoint.base.host_port();
  failure.proxy = proxy_host(setup_.endpoint.proxy);
  return TransferFailed{id_, describe(failure), sent};
}

}  // namespace instantexec::net
