#include "manifest/emit.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
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

// Values made of what YAML has a meaning for, some of which JSON alone can bring in.
class Values {
 public:
  explicit Values(std::uint32_t seed) : random_(seed) {}

  Json value(int depth) {
    const std::size_t kind = below(depth > 0 ? 12 : 9);
    if (kind < 7) return text();
    if (kind < 9) return pick(kOthers);
    Json out = kind == 9 ? Json::array() : Json::object();
    for (std::size_t i = below(4); i > 0; --i) {
      if (kind == 9) {
        out.push_back(value(depth - 1));
      } else {
        out[text()] = value(depth - 1);
      }
    }
    return out;
  }

 private:
  static constexpr std::array<std::string_view, 52> kPieces{
      " ",      "  ",     "\n",     "\n",  "\t",     "\r",     "\x01",       "\x7f",      ":",  "#",    "-",
      "?",      "\"",     "'",      "|",   ">",      "%",      "@",          "0",         "1",  "_",    ".",
      "e",      "x",      "~",      "<<",  "=",      "!",      "&",          "*",         "{",  "}",    "[",
      "]",      ",",      "\\",     "a",   "null",   "true",   "y",          "---",       "..", ".inf", "0x",
      "\u0085", "\u00a0", "\ufeff", "1:2", "\u2028", "\uffff", "\U0001F600", "2020-01-01"};
  inline static const std::vector<Json> kOthers{
      nullptr, true, 0, -1, 1.5, 1e21, -1e-7, 1e300, INT64_MIN, Json::array(), Json::object()};

  std::size_t below(std::size_t n) { return random_() % n; }
  template <typename List>
  const typename List::value_type& pick(const List& list) {
    return list[below(list.size())];
  }
  std::string text() {
    std::string out;
    for (std::size_t i = below(7); i > 0; --i) out += pick(kPieces);
    return out;
  }

  std::mt19937 random_;
};

TEST(Emit, WhateverIsWrittenReadsTheSame) {
  Values values(1);
  for (int i = 0; i < 4000; ++i) {
    const Json value = Json::array({values.value(3)});
    const std::string yaml = to_yaml(value);
    const auto back = parse_yaml(yaml, "back");
    ASSERT_TRUE(back.has_value()) << back.error().to_string() << "\n" << yaml;
    ASSERT_EQ(back->front().value, value) << yaml;
  }
}

}  // namespace
}  // namespace instantexec::manifest
