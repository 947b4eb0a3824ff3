#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"

namespace instantexec::cli {
namespace {

#define IE_OUTPUT "o output color log-format log-file v "
#define IE_RELEASE "config release journal-key-file seal-existing "
#define IE_INPUT "filename kustomize chart values no-git "
#define IE_CHANGE "prune force-conflicts adopt accept-irreversible drill field-manager "
#define IE_WRITES "dry-run yes wait no-rollback timeout lock-timeout evidence warnings-as-errors " IE_CHANGE

constexpr std::array kVerbs{
    VerbRow{Verb::kRun, "run", "Analyze, validate and deploy a change; put everything back if it fails",
            "stage max-risk min-confidence " IE_INPUT IE_RELEASE IE_WRITES IE_OUTPUT, true,
            "run -n synergymesh-system\nrun -f config/baselines --stage 1,2 -o sarif=findings.sarif"},
    VerbRow{Verb::kPlan, "plan", "Show what a deploy would change, in which order, and what can be undone",
            "out detailed-exitcode " IE_INPUT IE_RELEASE IE_CHANGE IE_OUTPUT, true,
            "plan -f config/baselines\nplan -f config/baselines --out change.plan"},
    VerbRow{Verb::kDeploy, "deploy", "Deploy without the gates of the earlier stages",
            "plan " IE_INPUT IE_RELEASE IE_WRITES IE_OUTPUT, true,
            "deploy -k overlays/prod --timeout 10m\ndeploy --plan change.plan"},
    VerbRow{Verb::kRollback, "rollback",
            "Go back to the last good revision before the one in force, or to the one given",
            IE_RELEASE IE_WRITES IE_OUTPUT, true, "rollback -n synergymesh-system\nrollback 3"},
    VerbRow{
        Verb::kRecover, "recover",
        "Undo what an interrupted run left, or finish it when it is past its commit point; safe to repeat",
        "resume wait timeout lock-timeout evidence " IE_RELEASE IE_OUTPUT, true,
        "recover -n synergymesh-system\nrecover --resume"},
    VerbRow{Verb::kStatus, "status", "Show the release and the health of its objects", IE_RELEASE IE_OUTPUT,
            true, "status -n synergymesh-system"},
    VerbRow{Verb::kHistory, "history", "List the recorded revisions", IE_RELEASE IE_OUTPUT, true,
            "history -n synergymesh-system"},
    VerbRow{Verb::kAnalyze, "analyze",
            "Score the change and decide: approve, conditional_approve, review, reject",
            "max-risk min-confidence dry-run config release " IE_INPUT IE_CHANGE IE_OUTPUT, true,
            "analyze -f config/baselines"},
    VerbRow{Verb::kValidate, "validate", "Check files, rules and the server's verdict; write nothing",
            "dry-run config release warnings-as-errors " IE_INPUT IE_CHANGE IE_OUTPUT, true,
            "validate -f config/baselines\nvalidate -f config/baselines --dry-run"},
    VerbRow{Verb::kBaseline, "baseline", "Report the health and hygiene of the live namespace",
            "config release " IE_OUTPUT, true, "baseline -n synergymesh-system"},
    VerbRow{Verb::kHealth, "health", "Say which objects are ready, live or in files (-f), and why not",
            "selector rules watch timeout filename " IE_RELEASE IE_OUTPUT, true,
            "health -n synergymesh-system\nhealth -l app=web --watch --timeout 5m\n"
            "health -f objects.yaml --rules rules.yaml -o json"},
    VerbRow{Verb::kRbac, "rbac", "Print the least Role that deploying and rolling back this release takes",
            "service-account dry-run " IE_INPUT IE_RELEASE IE_OUTPUT, true,
            "rbac -f config/baselines --service-account ci/deployer"},
    VerbRow{Verb::kExplain, "explain", "Explain an error code, a finding or the exit codes", "color", false,
            "explain exit-codes"},
    VerbRow{Verb::kVersion, "version", "Print the version", "o", false, "version -o json"},
    VerbRow{Verb::kHelp, "help", "Show help, or that of a verb", "", false, "help health"},
};

#undef IE_OUTPUT
#undef IE_RELEASE
#undef IE_INPUT
#undef IE_CHANGE
#undef IE_WRITES

constexpr const char* kClusterGroup = "Cluster";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The flags that mean something to the verb, beside those that say which cluster.
std::set<std::string, std::less<>> flags_of(const VerbRow& verb) {
  std::set<std::string, std::less<>> out{"help"};
  for (const std::string_view flag : split(verb.flags, ' ')) out.emplace(flag);
  return out;
}

bool means_something(const CLI::Option& option, const VerbRow& verb,
                     const std::set<std::string, std::less<>>& flags) {
  const auto& names = option.get_lnames().empty() ? option.get_snames() : option.get_lnames();
  return (verb.cluster && option.get_group() == kClusterGroup) ||
         std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return flags.contains(name); });
}

std::string examples_of(const VerbRow& verb, const std::string& program) {
  std::string out = "\nExamples:\n";
  for (const std::string_view line : split(verb.examples, '\n'))
    out += fmt::format("  {} {}\n", program, line);
  if (verb.cluster) out += fmt::format("\nExit codes: {} explain exit-codes\n", program);
  return out;
}

}  // namespace

std::span<const VerbRow> verb_rows() {
  return kVerbs;
}

const VerbRow* find_verb(std::string_view name) {
  const auto* const row =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const VerbRow& one) { return name == one.name; });
  return row == kVerbs.end() ? nullptr : row;
}

void declare_arguments(CLI::App& app, Verb verb, RawOptions& raw) {
  // Nothing and "-1" would mean the revision before.
  const auto is_number = [](const std::string& text) {
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    return digits ? std::string() : "is the number of a revision, not \"" + sanitise_line(text, 60) + "\"";
  };
  if (verb == Verb::kRollback)
    app.add_option("revision", raw.options.deploy.revision, "Revision to go back to")->check(is_number, "");
  if (verb == Verb::kExplain) app.add_option("topic", raw.options.topic, "What to explain");
  if (verb == Verb::kHelp) app.add_option("verb", raw.options.topic, "Whose help");
}

std::string plain_flags(std::string help) {
  static constexpr std::array kFlags{std::pair{"--dry-run{client}", "--dry-run[=client|server]"},
                                     std::pair{"--prune{true}", "--prune[=false]"},
                                     std::pair{"--wait{true}", "--wait[=false]"}};
  for (const auto& [declared, plain] : kFlags) {
    const std::size_t at = help.find(declared);
    if (at == std::string::npos) continue;
    const std::string_view old = declared;
    const std::string_view wanted = plain;
    const std::size_t end = at + old.size();
    std::size_t spaces = 0;
    while (help.substr(end + spaces, 1) == " ") ++spaces;
    const std::size_t width = old.size() + spaces;
    std::string padded(wanted);
    padded.resize(std::max(width, wanted.size() + 1), ' ');
    help.replace(at, width, padded);
  }
  return help;
}

std::string verb_help(const VerbRow& verb, const std::string& program) {
  CLI::App app{verb.description, fmt::format("{} {}", program, verb.name)};
  app.set_help_flag("-h,--help", "Show help");
  RawOptions raw;
  declare_flags(app, raw);
  const auto wanted = flags_of(verb);
  for (CLI::Option* option : app.get_options()) {
    if (!means_something(*option, verb, wanted)) option->group("");  // hides it
    const std::string prefix = std::string(verb.name) + ": ";
    const std::string text = option->get_description();
    if (text.starts_with(prefix)) option->description(text.substr(prefix.size()));
  }
  declare_arguments(app, verb.verb, raw);
  app.footer(examples_of(verb, program));
  return plain_flags(app.help());
}

std::optional<std::string> foreign_flag(const CLI::App& app, const VerbRow& verb) {
  const auto wanted = flags_of(verb);
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0 && !means_something(*option, verb, wanted)) return option->get_name();
  }
  return std::nullopt;
}

std::string program_footer(const std::string& program) {
  return fmt::format(
      "\nExamples:\n"
      "  {0} run -n synergymesh-system\n"
      "  {0} plan -f config/baselines\n"
      "  {0} deploy -k overlays/prod --timeout 10m\n"
      "  {0} rollback -n synergymesh-system\n\n"
      "Help of a verb, with the flags it takes: {0} VERB --help\n"
      "Flags go after the plugin's name: kubectl instantexec -n demo, not kubectl -n demo instantexec.\n"
      "Exit codes: {0} explain exit-codes\n",
      program);
}

}  // namespace instantexec::cli
