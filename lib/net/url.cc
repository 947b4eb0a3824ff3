#include "net/url.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "net/errors.h"

namespace instantexec::net {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string escape(std::string_view text, std::string_view also_kept) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || also_kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(errors::kUrl, "URL \"" + sanitise_line(text, 200) + "\": " + std::string(why));
}

bool has_forbidden_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '<' ||
           c == '>';
  });
}

}  // namespace

std::string bracketed(std::string_view host) {
  if (host.find(':') == std::string_view::npos) return std::string(host);
  return "[" + std::string(host) + "]";
}

std::string Url::host_port() const {
  return bracketed(host) + ":" + std::to_string(port);
}

std::string Url::to_string() const {
  return scheme + "://" + (explicit_port ? host_port() : bracketed(host)) + path;
}

Result<Url> parse_url(std::string_view text) {
  if (has_forbidden_byte(text)) return bad(text, "holds white space, quotes or control characters");
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad(text, "has no scheme");
  Url url;
  url.scheme = to_lower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") return bad(text, "only http and https are served");
  std::string_view rest = text.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  if (authority.find('@') != std::string_view::npos) {
    return fail(errors::kUrl, "a server URL must not hold a user name or password");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad(text, "has an unclosed bracket");
    url.host = to_lower(authority.substr(1, end - 1));
    authority.remove_prefix(end + 1);
    if (!authority.empty() && !authority.starts_with(':')) return bad(text, "has text after the address");
    if (!authority.empty()) port = authority.substr(1);
  } else {
    const auto colon = authority.find(':');
    url.host = to_lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return bad(text, "has no host");
  url.port = url.scheme == "https" ? 443 : 80;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0) {
      return bad(text, "has a bad port");
    }
    url.explicit_port = true;
  }
  return url;
}

std::string escape_path_segment(std::string_view segment) {
  return escape(segment, "!$&'()*+,;=:@");
}

std::string escape_query(std::string_view value) {
  return escape(value, "/:,!()");
}

std::string escape_all(std::string_view text) {
  return escape(text, "");
}

}  // namespace instantexec::net
