#include "kube/kubeconfig_url.h"

#include <algorithm>

#include "base/text.h"
#include "net/proxy.h"
#include "net/url.h"

namespace instantexec::kube {

Result<std::string> normalise_server(std::string_view server) {
  const bool has_scheme = server.find("://") != std::string_view::npos;
  if (!has_scheme && server.find('/') != std::string_view::npos) {
    return fail(instantexec::errors::kInvalidInput, "must be a URL or a host:port pair");
  }
  IE_TRY_ASSIGN(const net::Url url,
                net::parse_url(has_scheme ? std::string(server) : "http://" + std::string(server)));
  return url.to_string();
}

Status check_proxy_url(std::string_view url) {
  const std::string scheme = to_lower(url.substr(0, url.find("://")));
  if (scheme != "http" && scheme != "https" && scheme != "socks5") {
    return fail(instantexec::errors::kInvalidInput, "must begin with http://, https:// or socks5://");
  }
  IE_TRY(net::normalise_proxy(url));
  return {};
}

bool fits_header(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

}  // namespace instantexec::kube
