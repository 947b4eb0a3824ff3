#include "kube/kuberc.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "kube/kubeconfig_files.h"
#include "support/temp_dir.h"

namespace instantexec::kube {
namespace {

using instantexec::testing::TempDir;

template <typename T>
std::string code_of(const tl::expected<T, Error>& result) {
  return result ? "none" : std::string(result.error().code->name);
}

std::string kuberc(std::string_view fields) {
  return "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n" + std::string(fields);
}

TEST(KubercPath, FollowsFlagVariableAndHome) {
  struct Row {
    const char* name;
    std::string flag;
    os::Environment environment;
    std::string path;  // "-": no file, "!": error
    bool explicit_path;
  };
  const Row rows[] = {
      {"default", "", {{"HOME", "/h"}}, "/h/.kube/kuberc", false},
      {"variable", "", {{"HOME", "/h"}, {"KUBERC", "/etc/rc"}}, "/etc/rc", true},
      {"flag beats variable", "mine", {{"HOME", "/h"}, {"KUBERC", "/etc/rc"}}, "mine", true},
      {"off", "", {{"HOME", "/h"}, {"KUBERC", "off"}}, "-", false},
      {"feature off", "", {{"HOME", "/h"}, {"KUBECTL_KUBERC", "false"}}, "-", false},
      {"feature on", "", {{"HOME", "/h"}, {"KUBECTL_KUBERC", "true"}}, "/h/.kube/kuberc", false},
      {"off with a flag", "mine", {{"KUBERC", "off"}}, "!", false},
      {"no home", "", {}, "-", false},
      {"relative home", "", {{"HOME", "."}}, "-", false},
  };
  for (const Row& row : rows) {
    const auto path = kuberc_path(row.flag, row.environment);
    if (row.path == "!") {
      EXPECT_EQ(code_of(path), "kuberc.invalid") << row.name;
      continue;
    }
    ASSERT_TRUE(path) << row.name;
    EXPECT_EQ(*path ? (*path)->path : "-", row.path) << row.name;
    EXPECT_EQ(*path && (*path)->explicit_path, row.explicit_path) << row.name;
  }
}

TEST(KubercText, RulesAreReadAndMistakesAreErrors) {
  struct Row {
    const char* name;
    std::string text;
    std::string outcome;  // the policy, or part of the error
  };
  const Row rows[] = {
      {"empty", "", "AllowAll"},
      {"no rules", kuberc("defaults: []\n"), "AllowAll"},
      {"empty policy", kuberc("credentialPluginPolicy: ''\n"), "AllowAll"},
      {"AllowAll", kuberc("credentialPluginPolicy: AllowAll\n"), "AllowAll"},
      {"DenyAll", kuberc("credentialPluginPolicy: DenyAll\n"), "DenyAll"},
      {"null allowlist counts as none",
       kuberc("credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: ~\n"), "DenyAll"},
      {"Allowlist",
       kuberc("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: aws}]\n"),
       "Allowlist aws"},
      {"deprecated name",
       kuberc("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: /bin/x}]\n"),
       "Allowlist /bin/x"},
      {"both spellings alike",
       kuberc("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: x, command: x}]\n"),
       "Allowlist x"},
      {"both spellings differ",
       kuberc("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: x, command: z}]\n"),
       "they differ"},
      {"unknown policy", kuberc("credentialPluginPolicy: allowall\n"),
       "is not AllowAll, DenyAll or Allowlist"},
      {"Allowlist without list", kuberc("credentialPluginPolicy: Allowlist\n"), "needs entries"},
      {"Allowlist with empty list",
       kuberc("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []\n"), "needs entries"},
      {"list without Allowlist", kuberc("credentialPluginAllowlist: [{command: aws}]\n"),
       "only allowed with"},
      {"empty list without Allowlist",
       kuberc("credentialPluginPolicy: AllowAll\ncredentialPluginAllowlist: []\n"), "only allowed with"},
      {"empty entry", kuberc("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}]\n"),
       "names no command"},
      {"unclean path",
       kuberc("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: /bin/../aws}]\n"),
       "must be written as \"/aws\""},
      {"misspelt list", kuberc("credentialPluginAllowList: [{command: aws}]\n"), "unknown field"},
      {"misspelt policy", kuberc("credentialpluginpolicy: DenyAll\n"), "unknown field"},
      {"policy of another type", kuberc("credentialPluginPolicy: [DenyAll]\n"), "must be a string"},
      {"not a kuberc", "apiVersion: v1\nkind: Config\n", "apiVersion must be"},
      {"malformed", "a: [\n", "line"},
      {"a list", "- a\n", "a map is needed"},
  };
  for (const Row& row : rows) {
    const auto rules = parse_kuberc(row.text, "rc", parse_config_text);
    std::string outcome = rules ? "" : rules.error().to_string();
    if (rules) {
      outcome = rules->policy == PluginPolicy::kAllowAll  ? "AllowAll"
                : rules->policy == PluginPolicy::kDenyAll ? "DenyAll"
                                                          : "Allowlist " + rules->allowlist.at(0);
      EXPECT_EQ(outcome, row.outcome) << row.name;
    } else {
      EXPECT_NE(outcome.find(row.outcome), std::string::npos) << row.name << ": " << outcome;
      EXPECT_EQ(code_of(rules), "kuberc.invalid") << row.name;
    }
  }
}

TEST(KubercFile, MayBeMissingUnlessAskedFor) {
  const TempDir dir;
  const auto missing = read_kuberc({dir.path("none"), false}, "/", parse_config_text);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->policy, PluginPolicy::kAllowAll);
  EXPECT_EQ(code_of(read_kuberc({dir.path("none"), true}, "/", parse_config_text)), "kuberc.invalid");
  EXPECT_EQ(code_of(read_kuberc({dir.path(), false}, "/", parse_config_text)), "kuberc.invalid");
  dir.write("rc", kuberc("credentialPluginPolicy: DenyAll\n"));
  const auto relative = read_kuberc({"rc", true}, dir.path(), parse_config_text);
  ASSERT_TRUE(relative);
  EXPECT_EQ(relative->policy, PluginPolicy::kDenyAll);
}

TEST(PluginRules, DecideByCommandAndByTheFileFound) {
  const TempDir dir;
  const std::string aws = dir.write_program("bin/aws", "#!/bin/sh\n");
  const std::string other = dir.write_program("other/aws", "#!/bin/sh\n");
  const std::string path = dir.path("bin") + ":" + dir.path("other");
  struct Row {
    const char* name;
    PluginPolicy policy;
    std::vector<std::string> allowlist;
    std::string command;
    std::string outcome;  // the program or the error's code
  };
  const Row rows[] = {
      {"AllowAll", PluginPolicy::kAllowAll, {}, "aws", aws},
      {"AllowAll, missing", PluginPolicy::kAllowAll, {}, "gcloud", "program.missing"},
      {"DenyAll", PluginPolicy::kDenyAll, {}, "aws", "auth.exec-denied"},
      {"DenyAll speaks before the search", PluginPolicy::kDenyAll, {}, "gcloud", "auth.exec-denied"},
      {"name for name", PluginPolicy::kAllowlist, {"aws"}, "aws", aws},
      {"path for path", PluginPolicy::kAllowlist, {other}, other, other},
      {"entry is the path found", PluginPolicy::kAllowlist, {"x", aws}, "aws", aws},
      {"command is the path the entry finds", PluginPolicy::kAllowlist, {"aws"}, aws, aws},
      {"another file of that name", PluginPolicy::kAllowlist, {other}, "aws", "auth.exec-denied"},
      {"the entry finds another file", PluginPolicy::kAllowlist, {"aws"}, other, "auth.exec-denied"},
      {"the command is cleaned", PluginPolicy::kAllowlist, {aws}, dir.path("bin") + "/../bin/aws", aws},
      {"not listed", PluginPolicy::kAllowlist, {"gcloud"}, "aws", "auth.exec-denied"},
      {"part of a name", PluginPolicy::kAllowlist, {"aw"}, "aws", "auth.exec-denied"},
  };
  for (const Row& row : rows) {
    const auto program = find_allowed_plugin({row.policy, row.allowlist, "rc"}, row.command, path);
    EXPECT_EQ(program ? *program : code_of(program), row.outcome) << row.name;
  }
}

}  // namespace
}  // namespace instantexec::kube
