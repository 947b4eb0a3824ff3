#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace instantexec::net {

// What libcurl knew when a transfer failed.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string detail;          // its error buffer, not sanitised
  long verify_result = 0;      // X509_V_* of OpenSSL
  long os_errno = 0;           // of the last failed connect
  long proxy_status = 0;       // of the CONNECT request; 0: none
  bool request_begun = false;  // the connection was ready and the request handed to it
  std::string server;          // host:port
  std::string proxy;           // host:port without user information; empty: direct
};

// One Error for one kind of failure, naming host and port and what to check.
[[nodiscard]] Error describe(const CurlFailure& failure);

// "host:port" of a proxy URL, without scheme and user information.
[[nodiscard]] std::string proxy_host(std::string_view proxy_url);

}  // namespace instantexec::net
