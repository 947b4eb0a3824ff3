#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "cli/flags.h"

namespace instantexec::cli {
namespace {

struct VerbRow {
  Verb verb;
  const char* name;
  const char* description;
};

constexpr std::array kVerbs{
    VerbRow{Verb::kRun, "run", "Analyze, validate and deploy a change; put everything back if it fails"},
    VerbRow{Verb::kPlan, "plan", "Show what a deploy would change, in which order, and what can be undone"},
    VerbRow{Verb::kDeploy, "deploy", "Deploy without the gates of the earlier stages"},
    VerbRow{Verb::kRollback, "rollback", "Go back to the previous revision, or to the one given"},
    VerbRow{Verb::kRecover, "recover", "Undo (or --resume) what an interrupted run left; safe to repeat"},
    VerbRow{Verb::kStatus, "status", "Show the release and the health of its objects"},
    VerbRow{Verb::kHistory, "history", "List the recorded revisions"},
    VerbRow{Verb::kAnalyze, "analyze",
            "Score the change and decide: approve, conditional_approve, review, reject"},
    VerbRow{Verb::kValidate, "validate", "Check files, rules and the server's verdict; write nothing"},
    VerbRow{Verb::kBaseline, "baseline", "Report the health and hygiene of the live namespace"},
    VerbRow{Verb::kHealth, "health", "Say which objects are ready, live or in files (-f), and why not"},
    VerbRow{Verb::kRbac, "rbac", "Print the least Role that deploying and rolling back this release takes"},
    VerbRow{Verb::kExplain, "explain", "Explain an error code or the exit codes"},
    VerbRow{Verb::kVersion, "version", "Print the version"},
    VerbRow{Verb::kHelp, "help", "Show help"},
};

// The nearest known verb or flag to the first word that is neither.
std::string suggestion_for(CLI::App& app, const std::vector<std::string>& args) {
  std::vector<std::string> verbs;
  for (const auto& row : kVerbs) verbs.emplace_back(row.name);
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  }
  for (const auto& arg : args) {
    const auto& known = arg.starts_with("-") ? flags : verbs;
    const std::string word = arg.substr(0, arg.find('='));
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    if (const auto suggestion = nearest(word, known)) return *suggestion;
  }
  return {};
}

Error usage_error(const CLI::ParseError& error, CLI::App& app, const std::vector<std::string>& args,
                  const std::string& program) {
  const std::string suggestion = suggestion_for(app, args);
  return make_error(errors::kUsage, sanitise_line(error.what(), 300),
                    suggestion.empty()
                        ? program + " help"
                        : fmt::format("did you mean \"{}\"? See {} help", suggestion, program));
}

std::string footer(const std::string& program) {
  return fmt::format(
      "\nExamples:\n"
      "  {0} run -n synergymesh-system\n"
      "  {0} plan -f config/baselines\n"
      "  {0} deploy -k overlays/prod --timeout 10m\n"
      "  {0} rollback -n synergymesh-system\n\n"
      "Flags go after the plugin's name: kubectl instantexec -n demo, not kubectl -n demo instantexec.\n"
      "Exit codes: {0} explain exit-codes\n",
      program);
}

using Commands = std::array<CLI::App*, kVerbs.size()>;

Commands declare_program(CLI::App& app, RawOptions& raw, const std::string& program) {
  app.description("Takes a change from commit to healthy in a Kubernetes cluster, or puts everything back.");
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "Show help");
  app.footer(footer(program));
  declare_flags(app, raw);
  Commands commands{};
  for (std::size_t i = 0; i < kVerbs.size(); ++i) {
    commands[i] = app.add_subcommand(kVerbs[i].name, kVerbs[i].description);
    commands[i]->set_help_flag("-h,--help", "Show help");
    if (kVerbs[i].verb == Verb::kRollback) {
      commands[i]->add_option("revision", raw.options.deploy.revision, "Revision to go back to");
    }
    if (kVerbs[i].verb == Verb::kExplain || kVerbs[i].verb == Verb::kHelp) {
      commands[i]->add_option("topic", raw.options.topic, "What to explain");
    }
  }
  return commands;
}

// Help of a program that has parsed a verb covers that verb only, and our flags belong to all; so a fresh one
// is asked.
std::string help_text(const std::string& program) {
  CLI::App app{"", program};
  RawOptions raw;
  declare_program(app, raw, program);
  return app.help();
}

}  // namespace

Result<std::set<model::StageId>> parse_stages(const std::string& text) {
  using model::StageId;
  static constexpr std::array kNames{std::pair{"1", StageId::kAnalysis},
                                     std::pair{"analyze", StageId::kAnalysis},
                                     std::pair{"ai-analysis", StageId::kAnalysis},
                                     std::pair{"2", StageId::kValidation},
                                     std::pair{"validate", StageId::kValidation},
                                     std::pair{"synthetic-validation", StageId::kValidation},
                                     std::pair{"3", StageId::kDeployment},
                                     std::pair{"deploy", StageId::kDeployment},
                                     std::pair{"automated-deployment", StageId::kDeployment}};
  std::set<StageId> stages;
  for (const auto part : split(text, ',')) {
    const std::string word = to_lower(trim(part));
    const auto* const it =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return word == row.first; });
    if (it == kNames.end()) {
      return fail(errors::kUsage, fmt::format("\"{}\" is no stage", sanitise_line(part, 60)),
                  "use 1, 2, 3 or analyze, validate, deploy, separated by commas");
    }
    stages.insert(it->second);
  }
  return stages;
}

Result<Destination> parse_destination(const std::string& text) {
  static constexpr std::array kFormats{
      std::pair{"text", Format::kText},    std::pair{"json", Format::kJson},
      std::pair{"yaml", Format::kYaml},    std::pair{"sarif", Format::kSarif},
      std::pair{"junit", Format::kJunit},  std::pair{"markdown", Format::kMarkdown},
      std::pair{"github", Format::kGithub}};
  const auto equals = text.find('=');
  const std::string word = to_lower(text.substr(0, equals));
  std::vector<std::string> known;
  for (const auto& [name, format] : kFormats) {
    if (word == name) return Destination{format, equals == std::string::npos ? "" : text.substr(equals + 1)};
    known.emplace_back(name);
  }
  const auto suggestion = nearest(word, known);
  return fail(errors::kUsage, fmt::format("\"{}\" is no output format", sanitise_line(text, 60)),
              suggestion ? fmt::format("did you mean \"{}\"?", *suggestion) : "use " + join(known, ", "));
}

Result<ParsedCommand> parse_command_line(const std::vector<std::string>& args, const std::string& program,
                                         const os::Environment& environment) {
  CLI::App app{"", program};
  RawOptions raw;
  const Commands commands = declare_program(app, raw, program);
  try {
    // CLI11 takes its arguments from the back.
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    return ParsedCommand{{}, help_text(program)};
  } catch (const CLI::ParseError& error) {
    return fail(usage_error(error, app, args, program));
  }
  for (std::size_t i = 0; i < kVerbs.size(); ++i) {
    if (commands[i]->parsed()) raw.options.verb = kVerbs[i].verb;
  }
  const bool help = raw.options.verb == Verb::kHelp;
  IE_TRY_ASSIGN(Options options, finish_options(std::move(raw), environment));
  return ParsedCommand{std::move(options), help ? help_text(program) : std::string{}};
}

}  // namespace instantexec::cli
