#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace instantexec::kube {

// The API server's address as "scheme://host[:port][/prefix]": query, fragment and trailing slashes dropped.
// Without a scheme it is http, as for kubectl, and must be a plain host and port. Errors: net.url.
[[nodiscard]] Result<std::string> normalise_server(std::string_view server);

// A kubeconfig's proxy-url must say http, https or socks5, and have a host. Errors: net.proxy-url,
// input.invalid.
[[nodiscard]] Status check_proxy_url(std::string_view url);

// True when the text can be sent in an HTTP header: no control characters.
[[nodiscard]] bool fits_header(std::string_view text);

}  // namespace instantexec::kube
