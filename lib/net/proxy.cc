#include "net/proxy.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "net/errors.h"

namespace instantexec::net {
namespace {

// Sixteen bytes; IPv4 addresses as IPv4-mapped ones, so that both compare alike.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  Address out{};
  if (inet_pton(AF_INET6, terminated.c_str(), out.data()) == 1) return out;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) != 1) return std::nullopt;
  out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, v4[0], v4[1], v4[2], v4[3]};
  return out;
}

bool is_v4(const Address& address) {
  for (std::size_t i = 0; i < 10; ++i) {
    if (address[i] != 0) return false;
  }
  return address[10] == 0xff && address[11] == 0xff;
}

bool is_loopback(const Address& address) {
  if (is_v4(address)) return address[12] == 127;
  Address one{};
  one[15] = 1;
  return address == one;
}

bool in_block(const Address& address, std::string_view cidr) {
  const auto slash = cidr.find('/');
  if (slash == std::string_view::npos) return false;
  const auto base = parse_address(cidr.substr(0, slash));
  unsigned bits = 0;
  const std::string_view width = cidr.substr(slash + 1);
  const auto [end, error] = std::from_chars(width.data(), width.data() + width.size(), bits);
  if (!base || error != std::errc{} || end != width.data() + width.size()) return false;
  if (is_v4(*base) != is_v4(address)) return false;
  if (is_v4(*base)) bits += 96;
  if (bits > 128) return false;
  for (std::size_t i = 0; i < 16; ++i) {
    const unsigned here = bits >= 8 * (i + 1) ? 8 : (bits > 8 * i ? bits - static_cast<unsigned>(8 * i) : 0);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> here);
    if ((address[i] & mask) != ((*base)[i] & mask)) return false;
  }
  return true;
}

struct Rule {
  std::string host;  // lower case
  std::string port;  // "": any
};

// "host", "host:port", "[v6]", "[v6]:port", bare "v6".
Rule split_rule(std::string_view text) {
  Rule rule;
  const std::string lower = to_lower(text);
  std::string_view rest = lower;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    rule.host = rest.substr(1, end == std::string_view::npos ? end : end - 1);
    if (end != std::string_view::npos && rest.substr(end + 1).starts_with(':'))
      rule.port = rest.substr(end + 2);
    return rule;
  }
  const auto colon = rest.find(':');
  if (colon != std::string_view::npos && rest.find(':', colon + 1) == std::string_view::npos) {
    rule.port = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  rule.host = rest;
  return rule;
}

bool matches_rule(std::string_view text, const Url& url, const std::optional<Address>& address) {
  if (text == "*") return true;
  if (address && in_block(*address, text)) return true;
  const Rule rule = split_rule(text);
  if (rule.host.empty()) return false;
  if (!rule.port.empty() && rule.port != std::to_string(url.port)) return false;
  if (const auto rule_address = parse_address(rule.host)) return address && *rule_address == *address;
  std::string_view suffix = rule.host;
  if (suffix.starts_with("*.")) suffix.remove_prefix(1);
  const bool subdomains_only = suffix.starts_with('.');
  if (!subdomains_only && url.host == suffix) return true;
  const std::string dotted = subdomains_only ? std::string(suffix) : "." + std::string(suffix);
  return url.host.ends_with(dotted);
}

bool bypassed(const Url& url, std::string_view no_proxy) {
  const auto address = parse_address(url.host);
  if (url.host == "localhost" || (address && is_loopback(*address))) return true;
  for (const std::string_view part : split(no_proxy, ',')) {
    const std::string_view rule = trim(part);
    if (!rule.empty() && matches_rule(rule, url, address)) return true;
  }
  return false;
}

std::string first_of(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace

ProxyEnvironment read_proxy_environment() {
  return {.https_proxy = first_of("HTTPS_PROXY", "https_proxy"),
          .http_proxy = first_of("HTTP_PROXY", "http_proxy"),
          .no_proxy = first_of("NO_PROXY", "no_proxy"),
          .in_cgi = !first_of("REQUEST_METHOD", "REQUEST_METHOD").empty()};
}

Result<std::string> proxy_for(const Url& url, const ProxyEnvironment& environment) {
  std::string chosen = url.scheme == "https" ? environment.https_proxy : environment.http_proxy;
  if (url.scheme == "http" && environment.in_cgi) chosen.clear();
  if (chosen.empty() || bypassed(url, environment.no_proxy)) return std::string{};
  return normalise_proxy(chosen);
}

Result<std::string> normalise_proxy(std::string_view proxy_url) {
  if (proxy_url.empty()) return std::string{};
  const auto end = proxy_url.find("://");
  std::string scheme = end == std::string_view::npos ? "http" : to_lower(proxy_url.substr(0, end));
  const std::string_view rest = end == std::string_view::npos ? proxy_url : proxy_url.substr(end + 3);
  if (scheme != "http" && scheme != "https" && scheme != "socks5" && scheme != "socks5h") {
    return fail(errors::kProxyUrl, "proxy scheme \"" + sanitise_line(scheme, 40) + "\" is not served");
  }
  if (scheme == "socks5") scheme = "socks5h";
  const auto at = rest.rfind('@');
  const std::string_view user = at == std::string_view::npos ? std::string_view{} : rest.substr(0, at + 1);
  // The host part obeys the same rules as a server's URL.
  if (auto host = parse_url("http://" + std::string(rest.substr(user.size()))); !host) {
    return fail(errors::kProxyUrl, "proxy " + host.error().message);
  }
  return scheme + "://" + std::string(rest);
}

}  // namespace instantexec::net
