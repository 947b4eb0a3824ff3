#pragma once

#include <string>

#include "base/result.h"
#include "net/url.h"

namespace instantexec::net {

// The environment variables that choose a proxy, already read: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, each with
// its lower-case name as second choice.
struct ProxyEnvironment {
  std::string https_proxy;
  std::string http_proxy;
  std::string no_proxy;
  bool in_cgi = false;  // REQUEST_METHOD is set: HTTP_PROXY could come from a request header and is not used
};

// Reads them from the process's environment.
[[nodiscard]] ProxyEnvironment read_proxy_environment();

// The proxy for requests to `url` by the rules of Go's net/http and golang.org/x/net/http/httpproxy, which
// kubectl follows: NO_PROXY holds "*", host names (matching subdomains too), ".domain" (subdomains only), IP
// addresses and CIDR blocks, each optionally with a port; localhost and loopback addresses are never proxied.
// The result is a normalised proxy URL as normalise_proxy gives it, "" for a direct connection. Errors
// net.proxy-url.
[[nodiscard]] Result<std::string> proxy_for(const Url& url, const ProxyEnvironment& environment);

// Checks an explicit proxy URL: http, https, socks5 and socks5h are served; no scheme means http. socks5
// becomes socks5h, because Go lets the proxy resolve names. The error never repeats the user information.
[[nodiscard]] Result<std::string> normalise_proxy(std::string_view proxy_url);

}  // namespace instantexec::net
