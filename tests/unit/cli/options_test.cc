#include "cli/options.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "cli/error_catalog.h"

namespace instantexec::cli {
namespace {

using Args = std::vector<std::string>;

Result<ParsedCommand> parse(const Args& args, const os::Environment& environment = {}) {
  return parse_command_line(args, "kubectl instantexec", environment);
}

Options options(const Args& args, const os::Environment& environment = {}) {
  const auto parsed = parse(args, environment);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().to_string());
  return parsed ? parsed->options : Options{};
}

TEST(CommandLine, FlagsBeforeAndAfterTheVerb) {
  for (const Args& args :
       {Args{"-n", "demo", "run"}, Args{"run", "-n", "demo"}, Args{"run", "--namespace=demo"}}) {
    const auto result = options(args);
    EXPECT_EQ(result.verb, Verb::kRun);
    EXPECT_EQ(result.cluster.config.ns, "demo");
  }
}

TEST(CommandLine, BareDryRunIsClientAndSwallowsNothing) {
  EXPECT_EQ(options({"--dry-run", "run"}).deploy.dry_run, DryRun::kClient);
  EXPECT_EQ(options({"--dry-run", "run"}).verb, Verb::kRun);
  EXPECT_EQ(options({"run", "--dry-run=server"}).deploy.dry_run, DryRun::kServer);
  EXPECT_EQ(options({"run", "--dry-run=none"}).deploy.dry_run, DryRun::kNone);
  EXPECT_FALSE(parse({"run", "--dry-run=maybe"}).has_value());
}

TEST(CommandLine, TheKeyOfTheRecords) {
  const auto both =
      options({"deploy", "--journal-key-file", "key", "--seal-existing"}, {{"INSTANTEXEC_JOURNAL_KEY", "k"}});
  EXPECT_EQ(both.deploy.journal_key_file, "key");
  EXPECT_EQ(both.deploy.journal_key.reveal(), "k");
  EXPECT_TRUE(both.deploy.seal_existing);
  EXPECT_TRUE(options({"deploy"}).deploy.journal_key.empty());
  EXPECT_FALSE(options({"deploy"}).deploy.seal_existing);
}

TEST(CommandLine, EnvironmentYieldsToFlags) {
  const os::Environment environment{{"SYNERGYMESH_NAMESPACE", "mesh"}, {"SYNERGYMESH_DRY_RUN", "true"}};
  EXPECT_EQ(options({"run"}, environment).cluster.config.ns, "mesh");
  EXPECT_EQ(options({"run"}, environment).cluster.config.ns_source, "SYNERGYMESH_NAMESPACE");
  EXPECT_EQ(options({"run"}, environment).deploy.dry_run, DryRun::kClient);
  EXPECT_EQ(options({"run", "-n", "x", "--dry-run=none"}, environment).cluster.config.ns, "x");
  EXPECT_EQ(options({"run", "-n", "x", "--dry-run=none"}, environment).deploy.dry_run, DryRun::kNone);
  const os::Environment both{{"SYNERGYMESH_NAMESPACE", "mesh"}, {"INSTANTEXEC_NAMESPACE", "own"}};
  EXPECT_EQ(options({"run"}, both).cluster.config.ns, "own");
}

TEST(CommandLine, OutputsTellFormatsFromFiles) {
  const auto result = options({"run", "-o", "json", "-o", "markdown=out.md", "--output", "results.json"});
  ASSERT_EQ(result.output.destinations.size(), 3U);
  EXPECT_EQ(result.output.destinations[0].format, Format::kJson);
  EXPECT_EQ(result.output.destinations[0].file, "");
  EXPECT_EQ(result.output.destinations[1].format, Format::kMarkdown);
  EXPECT_EQ(result.output.destinations[1].file, "out.md");
  EXPECT_EQ(result.output.destinations[2].file, "results.json");
  const auto habit = options({"plan", "--output", "yaml"});
  EXPECT_EQ(habit.output.destinations.at(0).format, Format::kYaml);
}

TEST(CommandLine, OnlyWhatIsCheckedOrDeployedMakesATestReport) {
  for (const char* format : {"junit", "sarif", "github", "markdown", "junit=out.xml"}) {
    for (const char* verb : {"run", "deploy", "rollback", "recover", "analyze", "validate"}) {
      EXPECT_TRUE(parse({verb, "-o", format}).has_value()) << verb << format;
    }
    for (const char* verb : {"plan", "status", "history", "baseline", "health", "rbac", "version"}) {
      const auto parsed = parse({verb, "-o", format});
      ASSERT_FALSE(parsed.has_value()) << verb << format;
      EXPECT_EQ(parsed.error().code->name, "usage");
    }
  }
}

TEST(CommandLine, ValuesThatCannotBeMeant) {
  const struct {
    Args args;
    const char* said;
  } rows[] = {{{"deploy", "--dry-run", "server"}, "write --dry-run=server"},
              {{"run", "--prune", "false"}, "write --prune=false"},
              {{"deploy", "--wait", "true"}, "write --wait=true"},
              {{"deploy", "-f", "x", "--values", "v.yaml"}, "--values belongs to --chart"},
              {{"--version"}, "did you mean \"version\"?"}};
  for (const auto& row : rows) {
    const auto parsed = parse(row.args);
    ASSERT_FALSE(parsed.has_value()) << row.said;
    EXPECT_NE((parsed.error().message + "\n" + parsed.error().hint).find(row.said), std::string::npos)
        << parsed.error().to_string();
  }
  EXPECT_TRUE(parse({"deploy", "--chart", "c", "--values", "v.yaml"}).has_value());
}

TEST(CommandLine, StagesByNumberNameAndId) {
  EXPECT_EQ(options({"run", "--stage", "1,2"}).gates.stages.size(), 2U);
  EXPECT_EQ(options({"run", "--stage", "deploy"}).gates.stages,
            std::set<model::StageId>{model::StageId::kDeployment});
  EXPECT_EQ(options({"run", "--stage", "ai-analysis, 3"}).gates.stages.size(), 2U);
  EXPECT_FALSE(parse({"run", "--stage", "4"}).has_value());
}

struct ErrorRow {
  Args args;
  const char* hint;
};

TEST(CommandLine, MistakesGetASuggestion) {
  const ErrorRow rows[] = {{{"depoly"}, "deploy"},
                           {{"run", "--namespce", "x"}, "--namespace"},
                           {{"run", "--stage", "one"}, "1, 2, 3"},
                           {{"run", "-o", "jsn"}, "json"},
                           {{"status", "-A"}, "-n"},
                           {{"history", "--all-namespaces"}, "-n"},
                           {{"run", "--prune=maybe"}, ""},
                           {{"run", "--timeout", "soon"}, "1m30s"},
                           {{"run", "--max-risk", "400"}, ""},
                           {{"run", "-f", "a", "-k", "b"}, ""},
                           {{"rollback", "first"}, ""},
                           {{"run", "extra"}, ""}};
  for (const auto& row : rows) {
    const auto parsed = parse(row.args);
    ASSERT_FALSE(parsed.has_value()) << row.args.back();
    EXPECT_EQ(parsed.error().code->exit, ExitCode::kUsage) << row.args.back();
    EXPECT_NE(std::string(parsed.error().next_step()).find(row.hint), std::string::npos)
        << parsed.error().next_step();
  }
}

TEST(CommandLine, RollbackTakesARevision) {
  EXPECT_EQ(options({"rollback", "3", "-n", "x"}).deploy.revision, 3);
  for (const Args& flag : std::vector<Args>{{"-o", "json"},
                                            {"-o", "json", "-o", "text=a"},
                                            {"--output", "r.json"},
                                            {"--as", "x", "--as-group", "g"},
                                            {"-n", "x"},
                                            {"--yes"},
                                            {"-v", "3"}}) {
    Args args{"rollback"};
    args.insert(args.end(), flag.begin(), flag.end());
    args.emplace_back("3");
    EXPECT_EQ(options(args).deploy.revision, 3) << flag.front();
  }
  EXPECT_EQ(options({"rollback"}).deploy.revision, 0);
  for (const char* wrong : {"-1", "1.5", "1e2", "99999999999", ""})
    EXPECT_FALSE(parse({"rollback", wrong}).has_value()) << wrong;
}

// A script's empty variable must not widen what a command does: all stages, the configured manifests instead
// of a plan, records without a key.
TEST(CommandLine, AnEmptyValueIsNoValue) {
  for (const char* flag : {"--stage", "--plan", "--out", "--filename", "--kustomize", "--chart", "--values",
                           "--config", "--release", "--journal-key-file", "--timeout", "--lock-timeout",
                           "--output", "--rules", "--field-manager", "--log-file", "--evidence"}) {
    for (const Args& args : {Args{"run", flag, ""}, Args{flag, "", "run"}}) {
      const auto parsed = parse(args);
      ASSERT_FALSE(parsed.has_value()) << flag;
      EXPECT_EQ(parsed.error().code->exit, ExitCode::kUsage) << flag;
      EXPECT_NE(parsed.error().message.find(flag), std::string::npos) << parsed.error().message;
    }
  }
  // As kubectl takes them: not given.
  EXPECT_EQ(options({"run", "--context", "", "-n", ""}).cluster.config.context, "");
}

TEST(CommandLine, AVerbThatWritesRefusesFlagsThatMeanNothingToIt) {
  const std::pair<Args, const char*> rows[] = {
      {{"deploy", "--stage", "1"}, "deploy takes no --stage"},
      {{"--max-risk", "20", "deploy"}, "deploy takes no --max-risk"},
      {{"run", "--plan", "change.plan"}, "run takes no --plan"},
      {{"run", "-l", "app=web"}, "run takes no --selector"},
      {{"recover", "--dry-run=server"}, "recover takes no --dry-run"},
      {{"rollback", "-f", "old.yaml"}, "rollback takes no --filename"},
      {{"deploy", "--resume"}, "deploy takes no --resume"},
  };
  for (const auto& [args, message] : rows) {
    const auto parsed = parse(args);
    ASSERT_FALSE(parsed.has_value()) << message;
    EXPECT_EQ(parsed.error().message, message);
    EXPECT_EQ(parsed.error().code->exit, ExitCode::kUsage);
  }
  EXPECT_TRUE(parse({"deploy", "--context", "c", "--cache-dir", "d", "-v", "6", "--wait=false"}).has_value());
  EXPECT_TRUE(parse({"status", "--yes"}).has_value());  // it writes nothing
  for (const char* mode : {"true", "server"}) {
    const auto parsed = parse({"recover"}, {{"SYNERGYMESH_DRY_RUN", mode}});
    ASSERT_FALSE(parsed.has_value()) << mode;
    EXPECT_EQ(parsed.error().message, "recover has no dry run, and SYNERGYMESH_DRY_RUN asks for one");
  }
  EXPECT_TRUE(parse({"recover"}, {{"SYNERGYMESH_DRY_RUN", "false"}}).has_value());
}

TEST(CommandLine, HelpNamesEveryVerb) {
  for (const Args& args : {Args{}, Args{"help"}, Args{"--help"}, Args{"help", "-n", "x"}}) {
    const auto parsed = parse(args);
    ASSERT_TRUE(parsed.has_value());
    for (const char* verb :
         {"run", "plan", "deploy", "rollback", "status", "history", "analyze", "validate", "rbac"}) {
      EXPECT_NE(parsed->help.find(verb), std::string::npos) << verb;
    }
  }
}

// The long flags a help names.
std::set<std::string> flags_of(const std::string& help) {
  std::set<std::string> out;
  for (std::size_t at = help.find("--"); at != std::string::npos; at = help.find("--", at + 2)) {
    const std::size_t end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
    if (at > 0 && help[at - 1] != '-') out.insert(help.substr(at, end - at));
  }
  return out;
}

TEST(CommandLine, TheHelpOfAVerbIsAboutThatVerb) {
  struct Row {
    const char* verb;
    std::vector<std::string> has, lacks;
  };
  const Row rows[] = {
      {"run",
       {"--stage", "--max-risk", "--prune", "--namespace", "--filename"},
       {"--rules", "--out", "--resume"}},
      {"plan", {"--out", "--detailed-exitcode", "--filename"}, {"--yes", "--rules", "--timeout"}},
      {"deploy", {"--plan", "--timeout", "--no-rollback"}, {"--watch", "--max-risk", "--out"}},
      {"rollback", {"revision", "--timeout"}, {"--filename", "--rules"}},
      {"recover", {"--resume"}, {"--filename", "--plan"}},
      {"status", {"--release"}, {"--filename", "--timeout"}},
      {"history", {"--release"}, {"--filename", "--timeout"}},
      {"analyze", {"--filename", "--max-risk"}, {"--timeout", "--rules"}},
      {"validate", {"--filename", "--dry-run"}, {"--timeout", "--rules"}},
      {"baseline", {"--namespace"}, {"--filename", "--prune"}},
      {"health",
       {"--rules", "--watch", "-l,--selector", "--filename", "--timeout"},
       {"--adopt", "--prune", "--kustomize"}},
      {"rbac", {"--service-account", "--filename"}, {"--prune", "--rules"}},
      {"explain", {"topic"}, {"--namespace", "--filename"}},
      {"version", {"-o"}, {"--namespace", "--filename"}},
  };
  for (const Row& row : rows) {
    for (const Args& args : {Args{row.verb, "--help"}, Args{row.verb, "-h"}, Args{"-h", row.verb},
                             Args{"help", row.verb}, Args{row.verb, "-n", "x", "--help"}}) {
      const auto parsed = parse(args);
      ASSERT_TRUE(parsed.has_value()) << row.verb;
      const std::string& help = parsed->help;
      EXPECT_NE(help.find(std::string("Usage: kubectl instantexec ") + row.verb + " "), std::string::npos)
          << help;
      EXPECT_EQ(help.find("Subcommands"), std::string::npos) << help;
      for (const std::string& word : row.has)
        EXPECT_NE(help.find(word), std::string::npos) << row.verb << word;
      for (const std::string& word : row.lacks)
        EXPECT_FALSE(flags_of(help).contains(word)) << row.verb << word;
    }
  }
}

TEST(CommandLine, FlagsWithAValueAreWrittenAsTheyAreTyped) {
  for (const Args& args : {Args{"help"}, Args{"deploy", "--help"}}) {
    const std::string help = parse(args)->help;
    EXPECT_NE(help.find("\n  --dry-run[=client|server]   none, client"), std::string::npos) << help;
    EXPECT_NE(help.find("\n  --wait[=false]              Wait"), std::string::npos) << help;
    EXPECT_EQ(help.find("{"), std::string::npos) << help;
  }
}

TEST(CommandLine, EveryFlagIsInTheHelpOfSomeVerb) {
  const std::set<std::string> all = flags_of(parse({"help"})->help);
  ASSERT_TRUE(all.contains("--prune")) << "the flags of the whole program";
  std::set<std::string> told{"--help"};
  for (const char* verb : {"run", "plan", "deploy", "rollback", "recover", "status", "history", "analyze",
                           "validate", "baseline", "health", "rbac", "explain", "version"}) {
    told.merge(flags_of(parse({verb, "--help"})->help));
  }
  EXPECT_EQ(told, all);
}

TEST(CommandLine, HelpOfAMisspeltVerbSuggestsOne) {
  const auto parsed = parse({"help", "helth"});
  ASSERT_FALSE(parsed.has_value());
  EXPECT_NE(parsed.error().hint.find("\"health\""), std::string::npos);
}

// What an error says to type next can be typed.
TEST(CommandLine, TheNextStepsOfErrorsAreCommands) {
  const std::string program = "kubectl instantexec ";
  int seen = 0;
  for (const ErrorCode* code : all_error_codes()) {
    const std::string next(code->next);
    const auto at = next.find(program);
    if (at == std::string::npos) continue;
    std::istringstream words(next.substr(at + program.size()));
    const Args args{std::istream_iterator<std::string>(words), {}};
    const auto parsed = parse(args);
    EXPECT_TRUE(parsed.has_value()) << code->name << ": " << next;
    ++seen;
  }
  EXPECT_GT(seen, 5);
}

TEST(CommandLine, FlagsOfSafety) {
  const Options all = options({"rbac", "--service-account", "ci/deployer", "--evidence", "out", "--drill"});
  EXPECT_EQ(all.verb, Verb::kRbac);
  EXPECT_EQ(all.service_account, "ci/deployer");
  EXPECT_EQ(all.output.evidence, "out");
  EXPECT_TRUE(all.deploy.drill);
  EXPECT_FALSE(options({"deploy"}).deploy.drill);
}

TEST(CommandLine, BooleansAsKubectlWritesThem) {
  EXPECT_EQ(options({"deploy", "--prune=false"}).deploy.prune, false);
  EXPECT_EQ(options({"deploy", "--prune"}).deploy.prune, true);
  EXPECT_EQ(options({"deploy"}).deploy.prune, std::nullopt);
  EXPECT_FALSE(options({"deploy", "--no-rollback"}).deploy.rollback_on_failure);
  EXPECT_EQ(options({"deploy", "--timeout", "90"}).deploy.timeout, Duration{90'000});
}

}  // namespace
}  // namespace instantexec::cli
