#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.h"
#include "cli/flags.h"
#include "cli/help.h"

namespace instantexec::cli {
namespace {

// The nearest known verb or flag to the first word that is neither.
std::string suggestion_for(CLI::App& app, const std::vector<std::string>& args) {
  std::vector<std::string> verbs;
  for (const VerbRow& row : verb_rows()) verbs.emplace_back(row.name);
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  }
  for (const auto& arg : args) {
    if (arg == "--version") return "version";
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
  for (const std::string& arg : args) {
    if (arg != "-A" && arg != "--all-namespaces") continue;
    return make_error(errors::kUsage, "there is no " + arg + ": a release lives in one namespace",
                      "name the namespace with -n");
  }
  // After a space it would be the verb, or its argument.
  for (std::size_t i = 1; i < args.size(); ++i) {
    static constexpr std::array kWithEquals{"--dry-run", "--prune", "--wait"};
    static constexpr std::array kValues{"none", "client", "server", "true", "false"};
    const bool takes_equals =
        std::find(kWithEquals.begin(), kWithEquals.end(), args[i - 1]) != kWithEquals.end();
    if (!takes_equals || std::find(kValues.begin(), kValues.end(), args[i]) == kValues.end()) continue;
    return make_error(errors::kUsage, fmt::format("{} takes its value after an equals sign", args[i - 1]),
                      fmt::format("write {}={}", args[i - 1], args[i]));
  }
  return make_error(errors::kUsage, sanitise_line(error.what(), 300),
                    suggestion.empty()
                        ? program + " help"
                        : fmt::format("did you mean \"{}\"? See {} help", suggestion, program));
}

using Commands = std::map<Verb, CLI::App*>;

Commands declare_program(CLI::App& app, RawOptions& raw, const std::string& program) {
  app.description("Takes a change from commit to healthy in a Kubernetes cluster, or puts everything back.");
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "Show help");
  app.footer(program_footer(program));
  declare_flags(app, raw);
  Commands commands;
  for (const VerbRow& row : verb_rows()) {
    CLI::App* command = app.add_subcommand(row.name, row.description);
    command->set_help_flag("-h,--help", "Show help");
    declare_arguments(*command, row.verb, raw);
    commands[row.verb] = command;
  }
  return commands;
}

// Help of a program that has parsed a verb covers that verb only, and our flags belong to all; so a fresh one
// is asked.
std::string program_help(const std::string& program) {
  CLI::App app{"", program};
  RawOptions raw;
  declare_program(app, raw, program);
  return plain_flags(app.help());
}

// `topic` is the word after "help".
Result<std::string> help_text(Verb verb, const std::string& topic, const std::string& program) {
  const VerbRow* row = nullptr;
  for (const VerbRow& one : verb_rows()) {
    if (one.verb == verb && verb != Verb::kHelp) row = &one;
  }
  if (!topic.empty() && verb == Verb::kHelp) {
    row = find_verb(topic);
    std::vector<std::string> names;
    for (const VerbRow& one : verb_rows()) names.emplace_back(one.name);
    const auto suggestion = nearest(topic, names);
    if (row == nullptr) {
      return fail(errors::kUsage, fmt::format("there is no verb \"{}\"", sanitise_line(topic, 60)),
                  suggestion ? fmt::format("did you mean \"{}\"?", *suggestion) : program + " help");
    }
  }
  return row == nullptr ? program_help(program) : verb_help(*row, program);
}

bool writes(Verb verb) {
  return verb == Verb::kRun || verb == Verb::kDeploy || verb == Verb::kRollback || verb == Verb::kRecover;
}

// A file for a test report or a code scanner that names nothing would look as if all were well.
Status check_formats(const Options& options) {
  static constexpr std::array kReporting{Verb::kRun,     Verb::kDeploy,  Verb::kRollback,
                                         Verb::kRecover, Verb::kAnalyze, Verb::kValidate};
  if (std::find(kReporting.begin(), kReporting.end(), options.verb) != kReporting.end()) return {};
  for (const Destination& one : options.output.destinations) {
    if (one.format == Format::kText || one.format == Format::kJson || one.format == Format::kYaml) continue;
    return fail(errors::kUsage, "what this verb says is written as text, json or yaml",
                "use -o json, -o yaml or no -o");
  }
  return {};
}

// Who gives a flag means to limit or direct what is written, so one that would be ignored is an error.
Status check_flags(const CLI::App& app, Verb verb, const std::string& program) {
  if (!writes(verb)) return {};
  for (const VerbRow& row : verb_rows()) {
    if (row.verb != verb) continue;
    if (const auto flag = foreign_flag(app, row)) {
      return fail(errors::kUsage, fmt::format("{} takes no {}", row.name, *flag),
                  fmt::format("{} {} --help lists what it takes", program, row.name));
    }
  }
  return {};
}

// The verb typed.
Verb verb_of(const Commands& commands) {
  for (const auto& [verb, command] : commands) {
    if (command->parsed()) return verb;
  }
  return Verb::kHelp;
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
    IE_TRY_ASSIGN(std::string help, help_text(verb_of(commands), "", program));
    return ParsedCommand{{}, std::move(help)};
  } catch (const CLI::ParseError& error) {
    return fail(usage_error(error, app, args, program));
  }
  raw.options.verb = verb_of(commands);
  IE_TRY(check_flags(app, raw.options.verb, program));
  IE_TRY_ASSIGN(Options options, finish_options(std::move(raw), environment));
  IE_TRY(check_formats(options));
  if (options.verb != Verb::kHelp) return ParsedCommand{std::move(options), {}};
  IE_TRY_ASSIGN(std::string help, help_text(Verb::kHelp, options.topic, program));
  return ParsedCommand{std::move(options), std::move(help)};
}

}  // namespace instantexec::cli
