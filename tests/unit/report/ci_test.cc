#include "report/ci.h"

#include <gtest/gtest.h>

#include "report/json.h"

namespace instantexec::report {
namespace {

model::RunReport with_findings(std::size_t count, const std::string& message) {
  model::RunReport report;
  report.verb = "validate";
  report.exit = ExitCode::kValidationFailed;
  report.validation.emplace();
  for (std::size_t i = 0; i < count; ++i) {
    model::Finding finding;
    finding.rule = "rule";
    finding.message = message;
    report.validation->findings.push_back(finding);
  }
  return report;
}

TEST(Markdown, FencesAreLongerThanWhatTheyHold) {
  EXPECT_EQ(code_span("plain"), "`plain`");
  EXPECT_EQ(code_span("a`b"), "``a`b``");
  EXPECT_EQ(code_span("`a``"), "``` `a`` ```");
  EXPECT_EQ(code_span("two\nlines"), "`two\\nlines`");
  EXPECT_EQ(code_span(""), "");
  EXPECT_EQ(code_block("a\n"), "```text\na\n```\n");
  EXPECT_EQ(code_block("````\nforged"), "`````text\n````\nforged\n`````\n");
}

TEST(Markdown, NothingFromOutsideStartsALine) {
  model::RunReport report = with_findings(1, "x\n## instantexec: validate succeeded");
  report.release = "a|b\n# heading";
  report.warnings = {"# warning", "<script>"};
  const std::string text = markdown(report);
  EXPECT_EQ(text.find("## instantexec: validate validation_failed"), 0U);
  EXPECT_EQ(text.find("\n## "), std::string::npos) << text;
  EXPECT_EQ(text.find("\n# "), std::string::npos) << text;
  EXPECT_NE(text.find("`a\\|b\\n# heading`"), std::string::npos) << text;
}

TEST(Markdown, StaysBelowTheLimitAndSaysWhatIsMissing) {
  model::RunReport report = with_findings(300, std::string(2000, 'x'));
  EXPECT_LE(markdown(report).size(), kMaxSummary);
  report.deployment.emplace();
  report.deployment->cause.emplace();
  report.deployment->cause->summary = "the cause";
  const std::string small = markdown(report, 3000);
  EXPECT_LE(small.size(), 3000U);
  EXPECT_NE(small.find("the cause"), std::string::npos) << "what explains the failure stays";
  EXPECT_NE(small.find("Left out for length: Validation."), std::string::npos) << small;
}

TEST(Annotations, OneCommandPerLineWhateverTheTextHolds) {
  model::RunReport report = with_findings(1, "a\r\n::set-output name=x::%0Ay");
  report.validation->findings[0].at.file = "dir,with:odd%name.yaml";
  const std::string text = github_annotations(report);
  EXPECT_EQ(text,
            "::error file=dir%2Cwith%3Aodd%25name.yaml,title=rule::a\\x0d%0A::set-output name=x::%250Ay\n");
  EXPECT_EQ(without_commands("::error::x", "t0k"), "::stop-commands::t0k\n::error::x\n::t0k::\n");
}

TEST(Sarif, GivesFindingsTheSameFingerprintWhenOnlyTheirLineMoves) {
  model::RunReport report = with_findings(2, "same");
  for (auto& finding : report.validation->findings) finding.at.file = "a dir/é.yaml";
  report.validation->findings[0].at.begin = {3, 1};
  report.validation->findings[1].at.begin = {9, 1};
  const auto parsed = model::parse_json(sarif(report));
  ASSERT_TRUE(parsed.has_value());
  const auto& results = model::get_array(*parsed, "/runs/0/results");
  ASSERT_EQ(results.size(), 2U);
  const auto print = [&](int i) {
    return model::get_string(results[static_cast<std::size_t>(i)], "/partialFingerprints/instantexec~1v1");
  };
  EXPECT_EQ(print(0).size(), 64U);
  EXPECT_EQ(print(0), print(1));
  EXPECT_EQ(model::get_string(results[0], "/locations/0/physicalLocation/artifactLocation/uri"),
            "a%20dir/%C3%A9.yaml");
  EXPECT_EQ(model::get_array(*parsed, "/runs/0/tool/driver/rules").size(), 1U) << "each rule once";
}

TEST(Sarif, FindingsWithoutAPlaceAreNotifications) {
  const auto parsed = model::parse_json(sarif(with_findings(1, "live object")));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(model::get_array(*parsed, "/runs/0/results").empty());
  EXPECT_EQ(model::get_string(*parsed, "/runs/0/invocations/0/toolExecutionNotifications/0/message/text"),
            "live object");
}

TEST(Junit, EscapesAndCounts) {
  model::RunReport report;
  report.validation.emplace();
  report.validation->suites.push_back(
      {"s<1>",
       {{"a&b", false, false, "\"x\"\x01 ]]>", Duration{1500}}, {"ok", true, false, "", Duration{0}}}});
  const std::string text = junit(report);
  EXPECT_NE(
      text.find("<testsuite name=\"s&lt;1&gt;\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("name=\"a&amp;b\" time=\"1.500\"><failure message=\"&quot;x&quot;\\x01 ]]&gt;\"/>"),
            std::string::npos)
      << text;
}

TEST(Json, AnyBytesGiveValidJson) {
  model::RunReport report = with_findings(1, "bad \xff\xc3 utf8 \x1b[31m \u202e");
  report.release = "\xed\xa0\x80";
  const std::string text = pretty(to_json(report));
  EXPECT_TRUE(model::parse_json(text).has_value()) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\\\xff"), std::string::npos) << text;
}

TEST(Json, RawStringsAreReplacedRatherThanThrown) {
  EXPECT_EQ(compact(model::Json{{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}\n");
}

}  // namespace
}  // namespace instantexec::report
