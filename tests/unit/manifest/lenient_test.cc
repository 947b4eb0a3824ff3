#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "manifest/errors.h"
#include "manifest/yaml.h"

namespace instantexec::manifest {
namespace {

struct Row {
  const char* name;
  std::string text;
  std::vector<std::string> values;    // of the documents, as JSON
  std::vector<std::string> flaws;     // "line pointer rule"
  std::vector<std::string> problems;  // "line rule"
};

class Lenient : public testing::TestWithParam<Row> {};

TEST_P(Lenient, ReadsTheRest) {
  const Row& row = GetParam();
  const LenientStream stream = read_leniently(row.text, "t.yaml");
  std::vector<std::string> values;
  std::vector<std::string> flaws;
  for (const Document& document : stream.documents) {
    values.push_back(document.value.dump());
    for (const Flaw& flaw : document.flaws)
      flaws.push_back(std::to_string(flaw.finding.at.begin.line) + " " + flaw.pointer + " " +
                      flaw.finding.rule);
  }
  std::vector<std::string> problems;
  for (const model::Finding& problem : stream.problems)
    problems.push_back(std::to_string(problem.at.begin.line) + " " + problem.rule);
  EXPECT_EQ(values, row.values);
  EXPECT_EQ(flaws, row.flaws);
  EXPECT_EQ(problems, row.problems);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows{
      {"NothingWrong", "a: 1\n---\nb: 2\n", {R"({"a":1})", R"({"b":2})"}, {}, {}},
      {"ADoubledKey",
       "a: 1\nb: {x: 1, k: 2, x: 3}\nc: 4\n---\nd: 5\n",
       {R"({"a":1,"b":{"k":2,"x":1},"c":4})", R"({"d":5})"},
       {"2 /b/x yaml.duplicate-key"},
       {}},
      {"ADoubledKeyOfAList",
       "items:\n- a: 1\n  a: 2\n- b: 3\n",
       {R"({"items":[{"a":1},{"b":3}]})"},
       {"3 /items/0/a yaml.duplicate-key"},
       {}},
      {"ADoubledKeyWithMistakesInWhatIsDropped",
       "a: {k: 1}\na: {k: 1, k: 2, n: .nan, l: [{m: 1, m: 2}]}\nb: {c: 1, c: 2}\n",
       {R"({"a":{"k":1},"b":{"c":1}})"},
       {"2 /a yaml.duplicate-key", "3 /b/c yaml.duplicate-key"},
       {}},
      {"ADoubledKeyInJson",
       "{\"items\":[\n{\"a\":1,\"a\":{\"b\":[2]}},\n{\"c\":3}]}",
       {R"({"items":[{"a":1},{"c":3}]})"},
       {"2 /items/0/a yaml.duplicate-key"},
       {}},
      {"ThreeOfOneKey",
       "a: 1\na: 2\na: 3\n",
       {R"({"a":1})"},
       {"2 /a yaml.duplicate-key", "3 /a yaml.duplicate-key"},
       {}},
      {"ANumberJsonLacks",
       "- {a: .inf, b: 1}\n- 2\n",
       {R"([{"a":null,"b":1},2])"},
       {"1 /0/a yaml.unsupported-value"},
       {}},
      {"AnAliasInWhatIsDropped",
       "a: 1\na: &x {b: 2}\nc: *x\n",
       {R"({"a":1,"c":{"b":2}})"},
       {"2 /a yaml.duplicate-key"},
       {}},
      {"SyntaxOfOneDocument",
       "a: 1\n---\nb: [\n---\nc: 3\n--- # more\nd: 4\n",
       {R"({"a":1})", R"({"c":3})", R"({"d":4})"},
       {},
       {"4 yaml.syntax"}},
      {"BytesThatAreNoText",
       "a: 1\n---\nb: \x80\n---\nc: 3\n",
       {R"({"a":1})", R"({"c":3})"},
       {},
       {"3 yaml.encoding"}},
      {"OneJsonOfManyLines",
       "{\"a\":1}\n{\"b\":]\n{\"c\":3,\n \"d\":4}\n",
       {R"({"a":1})", R"({"c":3,"d":4})"},
       {},
       {"2 yaml.syntax"}},
      {"BehindAByteOrderMark",
       "\xEF\xBB\xBF{\"a\":1}\n{\"b\":]\n{\"c\":3}\n",
       {R"({"a":1})", R"({"c":3})"},
       {},
       {"2 yaml.syntax"}},
      {"TwoOfThem", "a: b: c\n---\n\"x\n---\nd: 4\n", {R"({"d":4})"}, {}, {"1 yaml.syntax", "3 yaml.syntax"}},
      {"NothingAtAll", "", {}, {}, {}},
  };
  return kRows;
}

INSTANTIATE_TEST_SUITE_P(All, Lenient, testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(LenientStream, HasTheLimitsOfTheTextAsAWhole) {
  Limits limits;
  limits.nodes = 100;
  std::string text = "a: [\n";  // so that the parts are read one by one
  for (int i = 0; i < 1000; ++i) text += "---\nb: 1\n";
  const LenientStream stream = read_leniently(text, "t.yaml", limits);
  EXPECT_LT(stream.documents.size(), 100U);
  ASSERT_EQ(stream.problems.size(), 2U);
  EXPECT_EQ(stream.problems.back().rule, errors::kTooLarge.name);
  limits.bytes = 100;
  EXPECT_TRUE(read_leniently(text, "t.yaml", limits).documents.empty());
}

TEST(LenientStream, TheOtherReadersStillRefuse) {
  const Stream stream = read_stream("a: 1\na: 2\n", "t.yaml");
  EXPECT_TRUE(stream.documents.empty());
  ASSERT_TRUE(stream.problem);
  EXPECT_EQ(stream.problem->rule, errors::kDuplicateKey.name);
}

}  // namespace
}  // namespace instantexec::manifest
