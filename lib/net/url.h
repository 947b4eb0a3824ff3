#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace instantexec::net {

// An absolute http or https URL in parts.
struct Url {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower case, IPv6 addresses without brackets
  std::uint16_t port = 0;  // the scheme's own when the text has none
  std::string path;        // as written, without a trailing slash; "" for the root
  bool explicit_port = false;

  // "host:port", "[::1]:6443".
  [[nodiscard]] std::string host_port() const;
  // "https://host:6443/prefix"; the port only when it was written.
  [[nodiscard]] std::string to_string() const;
};

// Reads an http or https URL. Query and fragment are dropped. Errors net.url for another scheme, an empty
// host, user information (credentials do not belong into a server's URL), a bad port or control characters.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// Host with brackets when it is an IPv6 address.
[[nodiscard]] std::string bracketed(std::string_view host);

// Escapes one segment of a path (RFC 3986 pchar is kept).
[[nodiscard]] std::string escape_path_segment(std::string_view segment);

// Escapes a key or value of a query string.
[[nodiscard]] std::string escape_query(std::string_view value);

// Escapes everything but letters, digits, "-", ".", "_" and "~": the result may be part of a header's name.
[[nodiscard]] std::string escape_all(std::string_view text);

}  // namespace instantexec::net
