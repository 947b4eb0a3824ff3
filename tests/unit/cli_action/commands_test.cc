#include "cli/action/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace instantexec::cli::action {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

model::Finding finding(std::string rule, model::Severity severity) {
  model::Finding result;
  result.rule = std::move(rule);
  result.severity = severity;
  result.message = "wrong";
  return result;
}

TEST(Escapes, AreThoseOfTheToolkit) {
  EXPECT_EQ(escape_data("100%\r\n:,"), "100%25%0D%0A:,");
  EXPECT_EQ(escape_property("100%\r\n:,"), "100%25%0D%0A%3A%2C");
  EXPECT_EQ(escape_data("%0A"), "%250A") << "an escape in the text stays text";
}

TEST(StopCommands, ArePaired) {
  EXPECT_EQ(stop_commands("abc"), "::stop-commands::abc\n");
  EXPECT_EQ(resume_commands("abc"), "::abc::\n");
}

TEST(Annotation, HasPlaceTitleAndHint) {
  model::Finding one = finding("yaml.duplicate-key", model::Severity::kError);
  one.at = {"config/a,b:c.yaml", {12, 3}, {}};
  one.subject = model::ObjectRef{"apps", "Deployment", "demo", "web"};
  one.message = "key \"image\" twice";
  one.hint = "remove one";
  EXPECT_EQ(annotation(one),
            "::error file=config/a%2Cb%3Ac.yaml,line=12,col=3,title=yaml.duplicate-key::"
            "Deployment demo/web: key \"image\" twice%0Aremove one\n");
}

TEST(Annotation, WithoutPlace) {
  EXPECT_EQ(annotation(finding("a.b", model::Severity::kWarning)), "::warning title=a.b::wrong\n");
  EXPECT_EQ(annotation(finding("a.b", model::Severity::kInfo)), "::notice title=a.b::wrong\n");
  model::Finding from_stdin = finding("a.b", model::Severity::kInfo);
  from_stdin.at = {"-", {1, 1}, {}};
  EXPECT_EQ(annotation(from_stdin), "::notice title=a.b::wrong\n")
      << "standard input is no file of the repository";
}

TEST(Annotation, CannotBreakOutOfItsLine) {
  model::Finding one = finding("a", model::Severity::kError);
  one.message = "x\n::set-output name=decision::approve\r::error::y";
  const std::string text = annotation(one);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, StartsWith("::error title=a::x%0A::set-output"));
}

TEST(Annotations, TenOfAKindMostCertainFirst) {
  std::vector<model::Finding> findings;
  for (int i = 0; i < 15; ++i)
    findings.push_back(finding("w" + std::to_string(i), model::Severity::kWarning));
  findings.push_back(finding("rule", model::Severity::kError));
  findings.push_back(finding("server", model::Severity::kError));
  findings.back().evidence = model::EvidenceClass::kServer;
  const std::string text = annotations(findings);
  EXPECT_THAT(text,
              StartsWith("::error title=server::wrong\n::error title=rule::wrong\n::warning title=w0::"));
  EXPECT_THAT(text, HasSubstr("title=w9::"));
  EXPECT_THAT(text, Not(HasSubstr("title=w10::")));
  EXPECT_EQ(annotations({}), "");
}

}  // namespace
}  // namespace instantexec::cli::action
