#include "net/url.h"

#include <gtest/gtest.h>

namespace instantexec::net {
namespace {

struct UrlRow {
  const char* name;
  const char* text;
  const char* host_port;  // nullptr: refused
  const char* path;
};
class ParseUrl : public ::testing::TestWithParam<UrlRow> {};

TEST_P(ParseUrl, Row) {
  const auto url = parse_url(GetParam().text);
  if (GetParam().host_port == nullptr) {
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().code->name, "net.url");
    return;
  }
  ASSERT_TRUE(url) << url.error().to_string();
  EXPECT_EQ(url->host_port(), GetParam().host_port);
  EXPECT_EQ(url->path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ParseUrl,
    ::testing::Values(
        UrlRow{"plain", "https://api.example:6443", "api.example:6443", ""},
        UrlRow{"default_port", "https://API.example/", "api.example:443", ""},
        UrlRow{"http", "http://localhost", "localhost:80", ""},
        UrlRow{"prefix", "https://h/k8s/clusters/c-1/", "h:443", "/k8s/clusters/c-1"},
        UrlRow{"query_dropped", "https://h:1/p?a=b#c", "h:1", "/p"},
        UrlRow{"v6", "https://[2001:DB8::1]:6443", "[2001:db8::1]:6443", ""},
        UrlRow{"v6_no_port", "https://[::1]", "[::1]:443", ""},
        UrlRow{"no_scheme", "api.example:6443", nullptr, ""}, UrlRow{"other_scheme", "ftp://h", nullptr, ""},
        UrlRow{"no_host", "https:///x", nullptr, ""}, UrlRow{"user", "https://u:p@h", nullptr, ""},
        UrlRow{"port_letters", "https://h:12x", nullptr, ""}, UrlRow{"port_zero", "https://h:0", nullptr, ""},
        UrlRow{"port_too_big", "https://h:65536", nullptr, ""},
        UrlRow{"control", "https://h\r\nX: y", nullptr, ""}, UrlRow{"unclosed", "https://[::1", nullptr, ""}),
    [](const auto& row) { return row.param.name; });

TEST(Url, TextKeepsTheWrittenForm) {
  EXPECT_EQ(parse_url("https://h:6443/p")->to_string(), "https://h:6443/p");
  EXPECT_EQ(parse_url("https://h/p/")->to_string(), "https://h/p");
}

TEST(Url, NeverRepeatsUserInformation) {
  EXPECT_EQ(parse_url("https://me:hunter2@h").error().message.find("hunter2"), std::string::npos);
}

TEST(EscapePathSegment, KeepsWhatAPathMayHold) {
  EXPECT_EQ(escape_path_segment("system:node"), "system:node");
  EXPECT_EQ(escape_path_segment("a/b?c#d%e f"), "a%2Fb%3Fc%23d%25e%20f");
  EXPECT_EQ(escape_path_segment(".."), "..");
}

TEST(EscapeQuery, EscapesSeparators) {
  EXPECT_EQ(escape_query("app=web,tier in (a,b)"), "app%3Dweb,tier%20in%20(a,b)");
  EXPECT_EQ(escape_query("a&b+c"), "a%26b%2Bc");
}

}  // namespace
}  // namespace instantexec::net
