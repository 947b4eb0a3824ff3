#include "cli/action/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "os/files.h"
#include "support/temp_dir.h"

namespace instantexec::cli::action {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    for (const std::string name : {"GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"}) {
      variables_[name] = folder_.write(name, "");
    }
  }

  instantexec::testing::TempDir folder_;
  Variables variables_;
};

TEST_F(SessionTest, SavesTheStateBeforeAnythingElse) {
  variables_["INPUT_COMMAND"] = "deploy";
  const auto session = Session::open(variables_);
  ASSERT_TRUE(session);
  EXPECT_THAT(session->arguments(), ElementsAre("deploy"));
  EXPECT_THAT(folder_.read("GITHUB_STATE"),
              MatchesRegex("instantexec_may_leave_work<<([0-9a-f]+)\ntrue\n[0-9a-f]+\n"));
}

TEST_F(SessionTest, AfterAWrongInputThePostStepHasNothingToDo) {
  variables_["INPUT_COMMAND"] = "destroy";
  ASSERT_FALSE(Session::open(variables_));
  EXPECT_THAT(folder_.read("GITHUB_STATE"), HasSubstr("\nfalse\n"));
  variables_["STATE_instantexec_may_leave_work"] = "false";
  const auto post = Session::open(variables_);
  ASSERT_TRUE(post);
  EXPECT_THAT(post->arguments(), IsEmpty());
}

TEST_F(SessionTest, ThePostStepSavesNoState) {
  variables_["STATE_instantexec_may_leave_work"] = "true";
  const auto post = Session::open(variables_);
  ASSERT_TRUE(post);
  EXPECT_THAT(post->arguments(), ElementsAre("recover"));
  EXPECT_EQ(folder_.read("GITHUB_STATE"), "");
}

TEST_F(SessionTest, AKubeconfigGivenAsTextIsReadableButOnNoDisk) {
  const std::string content = "apiVersion: v1\nkind: Config\n# canary";
  variables_["INPUT_KUBECONFIG"] = content;
  const auto session = Session::open(variables_);
  ASSERT_TRUE(session);
  ASSERT_EQ(session->arguments().size(), 2U);
  const std::string flag = "--kubeconfig=";
  ASSERT_THAT(session->arguments()[1], StartsWith(flag + "/proc/self/fd/"));
  for (int i = 0; i < 2; ++i) {  // it can be read more than once
    const auto read = os::read_file(session->arguments()[1].substr(flag.size()));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(*read, content);
  }
}

TEST_F(SessionTest, WritesOutputsAndSummaryAfterWhatIsThere) {
  folder_.write("GITHUB_OUTPUT", "earlier=1\n");
  const auto session = Session::open(variables_);
  ASSERT_TRUE(session);
  model::RunReport report;
  report.verb = "run";
  const auto epilogue = session->finish(report);
  ASSERT_TRUE(epilogue) << epilogue.error().to_string();
  EXPECT_THAT(folder_.read("GITHUB_OUTPUT"), StartsWith("earlier=1\nresult<<"));
  EXPECT_THAT(folder_.read("GITHUB_STEP_SUMMARY"), StartsWith("## instantexec: run succeeded\n"));
}

TEST_F(SessionTest, TokensAreLongAndNeverTheSame) {
  const auto one = Session::open(variables_);
  const auto two = Session::open(variables_);
  ASSERT_TRUE(one && two);
  EXPECT_THAT(one->prologue(), MatchesRegex("::stop-commands::[0-9a-f]+\n"));
  EXPECT_GE(one->prologue().size(), std::string("::stop-commands::\n").size() + 32);
  EXPECT_NE(one->prologue(), two->prologue());
}

TEST_F(SessionTest, ListensAgainBeforeTheAnnotations) {
  const auto session = Session::open(variables_);
  ASSERT_TRUE(session);
  model::RunReport report;
  report.error = make_error(instantexec::errors::kUsage, "no such flag");
  const auto epilogue = session->finish(report);
  ASSERT_TRUE(epilogue);
  std::smatch token;
  const std::string prologue = session->prologue();
  ASSERT_TRUE(std::regex_search(prologue, token, std::regex("::stop-commands::(.*)\n")));
  EXPECT_EQ(*epilogue,
            "\n::" + token[1].str() + "::\n::error title=usage::no such flag%0Akubectl instantexec help\n");
}

TEST_F(SessionTest, WithoutFilesOfTheRunnerNothingIsWritten) {
  const auto session = Session::open({});
  ASSERT_TRUE(session);
  EXPECT_TRUE(session->finish({}));
}

TEST_F(SessionTest, AFileThatCannotBeWrittenIsAnError) {
  variables_["GITHUB_OUTPUT"] = folder_.path("no/such/folder");
  const auto session = Session::open(variables_);
  ASSERT_TRUE(session);
  const auto epilogue = session->finish({});
  ASSERT_FALSE(epilogue);
  EXPECT_EQ(epilogue.error().code->name, "action.runner-file");
  EXPECT_THAT(epilogue.error().message, HasSubstr("GITHUB_OUTPUT"));
}

TEST(ProcessVariables, HoldTheEnvironment) {
  ASSERT_EQ(setenv("INSTANTEXEC_TEST_VARIABLE", "a=b", 1), 0);
  EXPECT_EQ(process_variables().at("INSTANTEXEC_TEST_VARIABLE"), "a=b");
}

}  // namespace
}  // namespace instantexec::cli::action
