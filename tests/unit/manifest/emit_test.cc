#include "manifest/emit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "manifest/yaml.h"

namespace instantexec::manifest {
namespace {

using model::Json;

struct Row {
  Json value;
  std::string yaml;
};

TEST(Emit, QuotesWhatWouldReadAsAnotherType) {
  const std::vector<Row> rows{
      {"text", "text"},
      {"", R"("")"},
      {"yes", R"("yes")"},
      {"n", R"("n")"},
      {"null", R"("null")"},
      {"~", R"("~")"},
      {"017", R"("017")"},
      {"1e3", R"("1e3")"},
      {"1_000", R"("1_000")"},
      {"1:30", R"("1:30")"},
      {"2001-01-01T00:00:00Z", R"("2001-01-01T00:00:00Z")"},
      {".inf", R"(".inf")"},
      {"<<", R"("<<")"},
      {"100m", "100m"},
      {"1.2.3", "1.2.3"},
      {"a: b", "'a: b'"},
      {"a:b", "a:b"},
      {"a #b", "'a #b'"},
      {"- a", "'- a'"},
      {"-a", "-a"},
      {"*a", "'*a'"},
      {"'q'", "'''q'''"},
      {" a", "' a'"},
      {"---", "'---'"},
      {"a\tb", R"("a\tb")"},
      {"\x1b[31m", R"("\x1B[31m")"},
      {"日本語", "日本語"},
      {"😀", R"("\U0001F600")"},
      {"a \nb", R"("a \nb")"},
      {"a\nb", "|-\n  a\n  b"},
      {true, "true"},
      {nullptr, "null"},
      {-5, "-5"},
      {1.5, "1.5"},
      {1234567.5, "1.2345675e+06"},
      {Json::object(), "{}"},
      {Json::array(), "[]"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_yaml(row.value), row.yaml + "\n");
    const auto back = parse_yaml(to_yaml(Json::array({row.value})), "back");
    ASSERT_TRUE(back.has_value()) << row.yaml;
    EXPECT_EQ(back->front().value.at(0), row.value) << row.yaml;
  }
}

TEST(Emit, LiteralBlocks) {
  const std::vector<Row> rows{
      {"a\n", "k: |\n  a\n"},           {"a\nb", "k: |-\n  a\n  b\n"}, {"a\n\n", "k: |+\n  a\n\n"},
      {" a\nb", "k: |2-\n   a\n  b\n"}, {"\na", "k: |2-\n\n  a\n"},    {"a\n\nb\n", "k: |\n  a\n\n  b\n"},
  };
  for (const Row& row : rows) {
    const Json value{{"k", row.value}};
    EXPECT_EQ(to_yaml(value), row.yaml);
    const auto back = parse_yaml(row.yaml, "back");
    ASSERT_TRUE(back.has_value()) << row.yaml;
    EXPECT_EQ(back->front().value, value) << row.yaml;
  }
}

TEST(Emit, NestsAsKubectlDoes) {
  const Json value = Json::parse(
      R"({"kind":"A","list":[[1,[2,3]],{"a":[{}],"b":{}},[],{"c":{"d":[{"e":1,"f":[1]}]}}],"yes":{"x":"y"}})");
  EXPECT_EQ(to_yaml(value), R"(kind: A
list:
- - 1
  - - 2
    - 3
- a:
  - {}
  b: {}
- []
- c:
    d:
    - e: 1
      f:
      - 1
"yes":
  x: "y"
)");
}

}  // namespace
}  // namespace instantexec::manifest
