#include "manifest/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace instantexec::manifest {
namespace {

using model::Json;
using model::SourcePosition;

Json only_value(std::string_view text) {
  const Stream stream = read_stream(text, "t.yaml");
  EXPECT_FALSE(stream.problem.has_value())
      << stream.problem->at.to_string() << " " << stream.problem->message;
  EXPECT_EQ(stream.documents.size(), 1U);
  return stream.documents.empty() ? Json() : stream.documents.front().value;
}

// Names the cases of a table after their rows.
constexpr auto kRowName = [](const auto& row) { return std::string(row.param.name); };

struct Row {
  const char* name;
  std::string yaml;
  std::string json;
};

class Reads : public testing::TestWithParam<Row> {};

TEST_P(Reads, AsKubectlDoes) {
  EXPECT_EQ(only_value(GetParam().yaml).dump(), Json::parse(GetParam().json).dump());
}

INSTANTIATE_TEST_SUITE_P(
    Scalars, Reads,
    testing::Values(
        Row{"Booleans", "[yes, No, on, OFF, y, N, true, False, yEs]",
            R"([true,false,true,false,true,false,true,false,"yEs"])"},
        Row{"Integers", "- 017\n- 0o17\n- 0x1F\n- 0b11\n- 1_000\n- +12\n- -017\n- 08\n- 0o8\n- -0",
            R"([15,15,31,3,1000,12,-15,8,"0o8",0])"},
        Row{"Underscores", "[_1, 1_, 1__0, 0.1_0]", R"(["_1",1,10,0.1])"},
        Row{"Floats", "[1.0, 1e3, .5, 5., 1e-7, 1.5e400, 1e-400, 1.e, 0x1p-2]",
            R"([1,1000,0.5,5,1e-7,"1.5e400",0,"1.e","0x1p-2"])"},
        Row{"IntegersAtTheEdgeOf64Bits",
            "[9223372036854775807, -9223372036854775808, 9223372036854775808, 12345678901234567890]",
            "[9223372036854775807, -9223372036854775808, 9.223372036854775807e18, 1.2345678901234567e19]"},
        Row{"Nulls", "a: ~\nb: null\nc:\nd: NULL\ne: nULL",
            R"({"a":null,"b":null,"c":null,"d":null,"e":"nULL"})"},
        Row{"SexagesimalsAndTimesAreText", "[1:30, 190:20:30, 2001-01-01, 2001-01-01T00:00:00Z]",
            R"(["1:30","190:20:30","2001-01-01","2001-01-01T00:00:00Z"])"},
        Row{"QuotedIsText", R"(["yes", '017', "~", ""])", R"(["yes","017","~",""])"},
        Row{"EscapesOfOneByte", R"({"k\_": "\u202e\_!", a: "\N", b: "\xA0\x85\xe9", c: "é\_é"})",
            R"({"k\u00a0":"\u202e\u00a0!","a":"\u0085","b":"\u00a0\u0085\u00e9","c":"é\u00a0é"})"},
        Row{"Tags",
            "a: !!str 5\nb: !!int \"5\"\nc: !!float 3\nd: !foo 5\ne: ! 5\nf: !!binary aGVsbG8=\ng: !!str "
            "null",
            R"({"a":"5","b":5,"c":3,"d":"5","e":"5","f":"hello","g":"null"})"},
        Row{"Keys", "1: a\nyes: b\n1.5: c\n1234567.5: d\n0x10: e\n1e10: f\n!!str 5: g\n~x: h",
            R"({"1":"a","true":"b","1.5":"c","1.2345675e+06":"d","16":"e","1e+10":"f","5":"g","~x":"h"})"},
        Row{"BlockScalars", "a: |\n  x\n   y\nb: >-\n  x\n  y\n", R"({"a":"x\n y\n","b":"x y"})"}),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Structure, Reads,
    testing::Values(Row{"Aliases", "a: &x {b: [1]}\nc: *x\nd: &k name\n*k : 1\n",
                        R"({"a":{"b":[1]},"c":{"b":[1]},"d":"name","name":1})"},
                    Row{"MergeFirst", "x: &x {a: 1, b: 2}\nd:\n  <<: *x\n  a: 9\n",
                        R"({"x":{"a":1,"b":2},"d":{"a":9,"b":2}})"},
                    Row{"MergeLast", "x: &x {a: 1, b: 2}\nd:\n  a: 9\n  <<: *x\n",
                        R"({"x":{"a":1,"b":2},"d":{"a":1,"b":2}})"},
                    Row{"MergeList", "x: &x {a: 1, b: 2}\nd:\n  <<: [{a: 5}, *x]\n  <<: {c: 9}\n",
                        R"({"x":{"a":1,"b":2},"d":{"a":5,"b":2,"c":9}})"},
                    Row{"QuotedMergeKeyIsText", "d: {\"<<\": {a: 1}}", R"({"d":{"<<":{"a":1}}})"},
                    Row{"ByteOrderMark",
                        "\xEF\xBB\xBF"
                        "a: 1",
                        R"({"a":1})"},
                    Row{"CarriageReturns", "a: 1\r\nb:\r\n- x\r\n", R"({"a":1,"b":["x"]})"},
                    Row{"Json", R"({"a": 1.0, "b": [true, null, "\ud83d\ude00"], "n": 9007199254740993})",
                        R"({"a":1,"b":[true,null,"😀"],"n":9007199254740993})"},
                    Row{"JsonWithTabs", "{\n\t\"a\":\t1\n}", R"({"a":1})"},
                    Row{"FlowYaml", "{a: 1, b: yes}", R"({"a":1,"b":true})"}),
    kRowName);

struct BadRow {
  const char* name;
  std::string yaml;
  std::string rule;
  SourcePosition at;
};

class Refuses : public testing::TestWithParam<BadRow> {};

TEST_P(Refuses, WithRuleAndPlace) {
  const Stream stream = read_stream(GetParam().yaml, "t.yaml");
  ASSERT_TRUE(stream.problem.has_value());
  EXPECT_EQ(stream.problem->rule, GetParam().rule) << stream.problem->message;
  EXPECT_EQ(stream.problem->at.begin, GetParam().at) << stream.problem->at.to_string();
  const auto parsed = parse_yaml(GetParam().yaml, "t.yaml");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code->name, GetParam().rule);
}

INSTANTIATE_TEST_SUITE_P(
    All, Refuses,
    testing::Values(
        BadRow{"DuplicateKey", "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "yaml.duplicate-key", {5, 3}},
        BadRow{"DuplicateSpelling", "yes: 1\n\"true\": 2\n", "yaml.duplicate-key", {2, 1}},
        BadRow{"DuplicateJson", "{\"a\": 1,\n \"a\": 2}", "yaml.duplicate-key", {2, 2}},
        BadRow{"OpenSingleQuote", "a: b\nc: 'd\n", "yaml.syntax", {2, 4}},
        BadRow{"OpenSingleQuoteAfterAnchor", "c: &x 'd''\n", "yaml.syntax", {1, 4}},
        BadRow{"OpenDoubleQuote", "a: \"b\\\"\n", "yaml.syntax", {1, 4}},
        BadRow{"KeyWithoutColon", "a: 1\nb\n", "yaml.syntax", {2, 1}},
        BadRow{"LeftOver", "a: 1\n]\n", "yaml.syntax", {2, 1}},
        BadRow{"LeftOverFlow", "\"a\" \"b\"\n", "yaml.syntax", {1, 5}},
        BadRow{"BrokenJson", "{\"a\": 1,\n \"b\" 2}", "yaml.syntax", {2, 6}},
        BadRow{"Infinity", "a: .inf", "yaml.unsupported-value", {1, 4}},
        BadRow{"NullKey", "a:\n  ~: 1", "yaml.unsupported-value", {2, 3}},
        BadRow{"MapKey", "{[1]: 2}", "yaml.unsupported-value", {1, 2}},
        BadRow{"WrongTag", "a: !!int x", "yaml.unsupported-value", {1, 4}},
        BadRow{"BinaryNotText", "a: !!binary gICA", "yaml.unsupported-value", {1, 4}},
        BadRow{"NotUtf8", "a: \xff", "yaml.encoding", {1, 4}},
        BadRow{"ControlCharacter", "a: 1\nb: \x1b[31m", "yaml.encoding", {2, 4}},
        BadRow{"SelfReference", "a: &a [*a]", "yaml.syntax", {1, 8}},
        BadRow{"UnknownAlias", "a: *b", "yaml.syntax", {1, 4}},
        BadRow{"MergeOfScalar", "a:\n  <<: 5", "yaml.syntax", {2, 7}}),
    kRowName);

TEST(Yaml, DocumentsWithPositions) {
  const Stream stream = read_stream(
      "# only a comment\n---\nkind: A\nspec:\n  list:\n  - x: 1\n  - y\n---\n# nothing\n---\nkind: "
      "B\n...\n---\n",
      "f");
  ASSERT_FALSE(stream.problem.has_value());
  ASSERT_EQ(stream.documents.size(), 2U);
  const auto& table = *stream.documents[0].positions;
  EXPECT_EQ(table.at("/kind"), (SourcePosition{3, 1}));
  EXPECT_EQ(table.at("/spec/list"), (SourcePosition{5, 3}));
  EXPECT_EQ(table.at("/spec/list/0"), (SourcePosition{6, 5}));
  EXPECT_EQ(table.at("/spec/list/0/x"), (SourcePosition{6, 5}));
  EXPECT_EQ(table.at("/spec/list/1"), (SourcePosition{7, 5}));
  EXPECT_EQ(stream.documents[1].positions->at("/kind"), (SourcePosition{11, 1}));
  EXPECT_EQ(stream.documents[1].range.file, "f");
}

TEST(Yaml, JsonPositions) {
  const Stream stream = read_stream("{\n  \"a\": [10, {\"b/c\": -1.5}],\n  \"d\": \"x\"\n}\n{\"e\": 1}", "f");
  ASSERT_FALSE(stream.problem.has_value());
  ASSERT_EQ(stream.documents.size(), 2U);
  const auto& table = *stream.documents[0].positions;
  EXPECT_EQ(table.at("/a"), (SourcePosition{2, 3}));
  EXPECT_EQ(table.at("/a/0"), (SourcePosition{2, 9}));
  EXPECT_EQ(table.at("/a/1"), (SourcePosition{2, 13}));
  EXPECT_EQ(table.at("/a/1/b~1c"), (SourcePosition{2, 14}));
  EXPECT_EQ(table.at("/d"), (SourcePosition{3, 3}));
  EXPECT_EQ(stream.documents[1].positions->at("/e"), (SourcePosition{5, 2}));
}

TEST(Yaml, NothingInNothing) {
  for (const char* text : {"", "\n", "# c\n", "---\n", "---\n# c\n---\n...\n", "\xEF\xBB\xBF"}) {
    const Stream stream = read_stream(text, "f");
    EXPECT_FALSE(stream.problem.has_value()) << text;
    EXPECT_TRUE(stream.documents.empty()) << text;
  }
}

TEST(Yaml, EmptyValuesAreNull) {
  EXPECT_EQ(only_value("? a\n? b\n").dump(), R"({"a":null,"b":null})");
  EXPECT_EQ(only_value("a:\n'b' :\n\"c\":\nd: {e, f: }\n").dump(),
            R"({"a":null,"b":null,"c":null,"d":{"e":null,"f":null}})");
  EXPECT_EQ(only_value("a:\n!!str b: 1\n&x c:\n").dump(), R"({"a":null,"b":1,"c":null})");
}

TEST(Yaml, KeepsDocumentsBeforeTheProblem) {
  const Stream stream = read_stream("a: 1\n---\nb: [\n", "f");
  EXPECT_TRUE(stream.problem.has_value());
  EXPECT_EQ(stream.documents.size(), 1U);
}

TEST(Yaml, MessagesHoldNoValues) {
  for (const char* text :
       {"a: !!int hunter2", "a: !!binary hunter2!", "a: [hunter2, hunter2", "a: 'hunter2"}) {
    const Stream stream = read_stream(text, "f");
    ASSERT_TRUE(stream.problem.has_value()) << text;
    EXPECT_THAT(stream.problem->message + stream.problem->hint, testing::Not(testing::HasSubstr("hunter2")));
  }
}

std::string repeat(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

TEST(Yaml, BombsAreRefused) {
  std::string doubling = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    doubling += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeat(before + ",", 8) +
                before + "]\n";
  }
  std::string merges = "a: &a {" + repeat("k", 900) + ": 1}\nb:\n";
  for (int i = 0; i < 200000; ++i) merges += "- {<<: *a}\n";
  std::string deep_keys;
  for (int i = 0; i < 101; ++i) deep_keys += std::string(static_cast<std::size_t>(i), ' ') + "k:\n";
  const std::vector<std::pair<const char*, std::string>> rows{
      {"CVE-2019-11253", doubling},
      {"flow sequences", repeat("[", 10000)},
      {"flow mappings", repeat("{a: ", 10000) + "1" + repeat("}", 10000)},
      {"block sequences", repeat("- ", 10000)},
      {"json arrays", repeat("[", 10000) + repeat("]", 10000)},
      {"block mappings", deep_keys},
      {"merges", merges},
      {"a long key", "? " + repeat("k", 2000) + "\n: 1"},
      {"aliases that nest",
       "a: &a " + repeat("[", 60) + repeat("]", 60) + "\nb: " + repeat("[", 60) + "*a" + repeat("]", 60)},
  };
  for (const auto& [name, text] : rows) {
    const Stream stream = read_stream(text, "f");
    ASSERT_TRUE(stream.problem.has_value()) << name;
    EXPECT_EQ(stream.problem->rule, "yaml.too-large") << name << ": " << stream.problem->message;
  }
}

TEST(Yaml, EveryLimitIsEnforced) {
  struct LimitRow {
    const char* name;
    Limits limits;
    std::string text;
  };
  const std::vector<LimitRow> rows{
      {"bytes", {.bytes = 3}, "a: 1"},
      {"depth", {.depth = 2}, "[[[1]]]"},
      {"nodes", {.nodes = 3}, "[1,2,3]"},
      {"documents", {.documents = 1}, "a: 1\n---\na: 2"},
      {"scalar", {.scalar_bytes = 3}, "a: long"},
      {"alias nodes", {.alias_nodes = 4}, "a: &a [1,2]\nb: *a"},
      {"alias bytes", {.alias_bytes = 8}, "a: &a longer\nb: *a"},
      {"json nodes", {.nodes = 3}, "[1,2,\n3 ]"},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(read_stream(row.text, "f").problem.has_value()) << row.name;
    const Stream stream = read_stream(row.text, "f", row.limits);
    ASSERT_TRUE(stream.problem.has_value()) << row.name;
    EXPECT_EQ(stream.problem->rule, "yaml.too-large") << row.name;
  }
}

}  // namespace
}  // namespace instantexec::manifest
