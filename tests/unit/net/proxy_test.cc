#include "net/proxy.h"

#include <gtest/gtest.h>

namespace instantexec::net {
namespace {

struct ProxyRow {
  const char* name;
  const char* url;
  const char* no_proxy;
  bool proxied;
};
class NoProxy : public ::testing::TestWithParam<ProxyRow> {};

TEST_P(NoProxy, FollowsGo) {
  ProxyEnvironment environment;
  environment.https_proxy = "http://proxy.example:3128";
  environment.no_proxy = GetParam().no_proxy;
  const auto proxy = proxy_for(parse_url(GetParam().url).value(), environment);
  ASSERT_TRUE(proxy);
  EXPECT_EQ(*proxy, GetParam().proxied ? "http://proxy.example:3128" : "");
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NoProxy,
    ::testing::Values(ProxyRow{"unset", "https://api.example", "", true},
                      ProxyRow{"localhost", "https://localhost:6443", "", false},
                      ProxyRow{"loopback", "https://127.0.0.9:6443", "", false},
                      ProxyRow{"loopback6", "https://[::1]:6443", "", false},
                      ProxyRow{"star", "https://api.example", "*", false},
                      ProxyRow{"host", "https://api.example", "api.example", false},
                      ProxyRow{"case", "https://api.example", "API.Example", false},
                      ProxyRow{"subdomain", "https://a.api.example", "api.example", false},
                      ProxyRow{"not_a_suffix_of_a_word", "https://myapi.example", "api.example", true},
                      ProxyRow{"dot_matches_subdomain", "https://a.api.example", ".api.example", false},
                      ProxyRow{"dot_spares_the_domain", "https://api.example", ".api.example", true},
                      ProxyRow{"star_dot", "https://a.api.example", "*.api.example", false},
                      ProxyRow{"port_same", "https://api.example:6443", "api.example:6443", false},
                      ProxyRow{"port_other", "https://api.example:6443", "api.example:443", true},
                      ProxyRow{"port_default", "https://api.example", "api.example:443", false},
                      ProxyRow{"list", "https://b.example", "a.example , b.example", false},
                      ProxyRow{"address", "https://10.1.2.3", "10.1.2.3", false},
                      ProxyRow{"address_other", "https://10.1.2.3", "10.1.2.4", true},
                      ProxyRow{"address_port", "https://10.1.2.3:6443", "10.1.2.3:6443", false},
                      ProxyRow{"block", "https://10.1.2.3", "10.0.0.0/8", false},
                      ProxyRow{"block_odd_width", "https://10.1.2.3", "10.1.2.0/23", false},
                      ProxyRow{"block_outside", "https://11.1.2.3", "10.0.0.0/8", true},
                      ProxyRow{"block_is_not_for_names", "https://ten.example", "0.0.0.0/0", true},
                      ProxyRow{"block_v6", "https://[2001:db8::5]", "2001:db8::/32", false},
                      ProxyRow{"block_v4_is_not_v6", "https://[2001:db8::5]", "0.0.0.0/0", true},
                      ProxyRow{"v6", "https://[2001:db8::5]", "2001:db8::5", false},
                      ProxyRow{"v6_brackets", "https://[2001:db8::5]:1", "[2001:db8::5]:1", false},
                      ProxyRow{"bad_block", "https://10.1.2.3", "10.0.0.0/99", true}),
    [](const auto& row) { return row.param.name; });

TEST(ProxyFor, ChoosesByScheme) {
  ProxyEnvironment environment;
  environment.http_proxy = "plain.example:8080";
  environment.https_proxy = "https://tls.example:8443";
  EXPECT_EQ(proxy_for(*parse_url("http://api.example"), environment), "http://plain.example:8080");
  EXPECT_EQ(proxy_for(*parse_url("https://api.example"), environment), "https://tls.example:8443");
  environment.in_cgi = true;
  EXPECT_EQ(proxy_for(*parse_url("http://api.example"), environment), "");
}

TEST(NormaliseProxy, LetsTheSocksProxyResolveNames) {
  EXPECT_EQ(normalise_proxy("socks5://u:p@h:1080"), "socks5h://u:p@h:1080");
  EXPECT_EQ(normalise_proxy("h:3128"), "http://h:3128");
  EXPECT_EQ(normalise_proxy(""), "");
}

TEST(NormaliseProxy, RefusesOtherSchemesWithoutRepeatingTheUser) {
  for (const char* text : {"socks4://h:1", "ftp://me:hunter2@h", "http://me:hunter2@h:x", "http://"}) {
    const auto proxy = normalise_proxy(text);
    ASSERT_FALSE(proxy) << text;
    EXPECT_EQ(proxy.error().code->name, "net.proxy-url");
    EXPECT_EQ(proxy.error().to_string().find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace instantexec::net
