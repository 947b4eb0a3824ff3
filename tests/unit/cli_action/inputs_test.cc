#include "cli/action/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace instantexec::cli::action {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Row {
  std::string name;
  Variables variables;
  std::vector<std::string> arguments;
  bool may_leave_work = true;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class Inputs : public ::testing::TestWithParam<Row> {};

TEST_P(Inputs, BecomeArguments) {
  const auto invocation = read_invocation(GetParam().variables);
  ASSERT_TRUE(invocation) << invocation.error().to_string();
  EXPECT_EQ(invocation->arguments, GetParam().arguments);
  EXPECT_EQ(invocation->may_leave_work, GetParam().may_leave_work);
  EXPECT_FALSE(invocation->kubeconfig);
}

INSTANTIATE_TEST_SUITE_P(
    , Inputs,
    ::testing::Values(
        Row{"none", {}, {"run"}},
        Row{"the_ones_most_steps_have",
            {{"INPUT_COMMAND", "deploy"}, {"INPUT_NAMESPACE", "demo"}, {"INPUT_RELEASE", "web"}},
            {"deploy", "--namespace=demo", "--release=web"}},
        Row{"empty_ones_do_not_count",
            {{"INPUT_COMMAND", ""}, {"INPUT_NAMESPACE", "  "}, {"INPUT_TIMEOUT", ""}},
            {"run"}},
        Row{"unknown_ones_do_not_count", {{"INPUT_WHO-TO-GREET", "world"}}, {"run"}},
        Row{"white_space_around", {{"INPUT_NAMESPACE", " demo\n"}}, {"run", "--namespace=demo"}},
        Row{"one_flag_per_line",
            {{"INPUT_MANIFESTS", "config/a.yaml\n\n  config/b  \r\nconfig/with space.yaml\n"}},
            {"run", "--filename=config/a.yaml", "--filename=config/b", "--filename=config/with space.yaml"}},
        Row{"a_value_is_never_a_flag",
            {{"INPUT_NAMESPACE", "--context=prod"}, {"INPUT_MANIFESTS", "-f\n; rm -rf /\n$(id)"}},
            {"run", "--namespace=--context=prod", "--filename=-f", "--filename=; rm -rf /",
             "--filename=$(id)"}},
        Row{"underscores_for_dashes", {{"INPUT_DRY_RUN", "server"}}, {"run", "--dry-run=server"}, false},
        Row{"dashes_first",
            {{"INPUT_DRY-RUN", "client"}, {"INPUT_DRY_RUN", "server"}},
            {"run", "--dry-run=client"},
            false},
        Row{"dry_run_true", {{"INPUT_DRY-RUN", "True"}}, {"run", "--dry-run"}, false},
        Row{"dry_run_false", {{"INPUT_DRY-RUN", "false"}}, {"run"}},
        Row{"dry_run_none", {{"INPUT_DRY-RUN", "none"}}, {"run", "--dry-run=none"}},
        Row{"switches_on",
            {{"INPUT_PRUNE", "true"}, {"INPUT_ROLLBACK", "true"}, {"INPUT_SIMULATE", "true"}},
            {"run", "--prune=true", "--simulate"},
            false},
        Row{"switches_off",
            {{"INPUT_PRUNE", "false"}, {"INPUT_ROLLBACK", "false"}, {"INPUT_SIMULATE", "false"}},
            {"run", "--prune=false", "--no-rollback"}},
        Row{"two_stages_without_the_cluster", {{"INPUT_STAGE", "1,2"}}, {"run", "--stage=1,2"}, false},
        Row{"the_third_stage", {{"INPUT_STAGE", "validate,deploy"}}, {"run", "--stage=validate,deploy"}},
        Row{"a_revision", {{"INPUT_COMMAND", "rollback"}, {"INPUT_REVISION", "12"}}, {"rollback", "12"}},
        Row{"a_verb_that_reads", {{"INPUT_COMMAND", "status"}}, {"status"}, false},
        Row{"kubeconfig_path",
            {{"INPUT_KUBECONFIG", "./kube config"}},
            {"run", "--kubeconfig=./kube config"}},
        Row{"post_step_recovers_what_main_may_have_left",
            {{"STATE_instantexec_may_leave_work", "true"},
             {"INPUT_COMMAND", "run"},
             {"INPUT_NAMESPACE", "demo"},
             {"INPUT_TIMEOUT", "5m"},
             {"INPUT_KUBECONFIG", "kube"}},
            {"recover", "--namespace=demo", "--kubeconfig=kube"},
            false},
        Row{"post_step_with_nothing_to_do",
            {{"STATE_instantexec_may_leave_work", "false"}, {"INPUT_COMMAND", "analyze"}},
            {},
            false}),
    [](const auto& test) { return test.param.name; });

struct Wrong {
  std::string name;
  Variables variables;
  std::string words;
};

void PrintTo(const Wrong& row, std::ostream* out) {
  *out << row.name;
}

class WrongInputs : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongInputs, AreNamed) {
  const auto invocation = read_invocation(GetParam().variables);
  ASSERT_FALSE(invocation);
  EXPECT_EQ(invocation.error().code->name, "action.input");
  EXPECT_EQ(invocation.error().code->exit, ExitCode::kUsage);
  EXPECT_THAT(invocation.error().message, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    , WrongInputs,
    ::testing::Values(
        Wrong{"command",
              {{"INPUT_COMMAND", "destroy"}},
              "input command is \"destroy\"; it must be one of run, deploy"},
        Wrong{"switch_", {{"INPUT_PRUNE", "yes"}}, "input prune is \"yes\"; it must be true or false"},
        Wrong{"dry_run", {{"INPUT_DRY-RUN", "maybe"}}, "none, client or server"},
        Wrong{
            "two_lines", {{"INPUT_NAMESPACE", "a\nb"}}, "input namespace is \"a\\nb\"; it must be one line"},
        Wrong{"escape_bytes", {{"INPUT_PRUNE", "\x1b[31mred"}}, "input prune is \"\\x1b[31mred\""},
        Wrong{"revision",
              {{"INPUT_COMMAND", "rollback"}, {"INPUT_REVISION", "-1"}},
              "the number of a revision"},
        Wrong{"revision_of_what",
              {{"INPUT_COMMAND", "run"}, {"INPUT_REVISION", "1"}},
              "unless command is rollback"}),
    [](const auto& test) { return test.param.name; });

TEST(Kubeconfig, ContentOfAKubeconfigIsNotAPath) {
  for (const std::string content : {"apiVersion: v1\nkind: Config\n", R"({"kind":"Config"})"}) {
    const auto invocation = read_invocation({{"INPUT_KUBECONFIG", content}});
    ASSERT_TRUE(invocation);
    EXPECT_THAT(invocation->arguments, ElementsAre("run"));
    ASSERT_TRUE(invocation->kubeconfig);
    EXPECT_FALSE(invocation->kubeconfig->empty());
  }
}

TEST(IsAction, ByNameOrByTheVariablesOfAStep) {
  const Variables step{{"GITHUB_ACTIONS", "true"}, {"INPUT_COMMAND", ""}};
  EXPECT_TRUE(is_action("/usr/local/bin/instantexec-action", 0, {}));
  EXPECT_TRUE(is_action("instantexec-action", 0, {}));
  EXPECT_TRUE(is_action("/usr/bin/kubectl-instantexec", 0, step));
  EXPECT_FALSE(is_action("/usr/bin/kubectl-instantexec", 1, step)) << "somebody typed a command";
  EXPECT_FALSE(is_action("instantexec-action", 1, {})) << "docker run IMAGE version";
  EXPECT_FALSE(is_action("kubectl-instantexec", 0, {{"GITHUB_ACTIONS", "true"}}))
      << "a run: step of a workflow";
  EXPECT_FALSE(is_action("kubectl-instantexec", 0, {{"INPUT_COMMAND", "run"}}));
}

}  // namespace
}  // namespace instantexec::cli::action
