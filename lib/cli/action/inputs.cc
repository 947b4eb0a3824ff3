#include "cli/action/inputs.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cli/action/errors.h"

namespace instantexec::cli::action {
namespace {

constexpr std::string_view kProgramName = "instantexec-action";

struct Verb {
  std::string_view name;
  bool writes;
};

constexpr std::array kVerbs{
    Verb{"run", true},      Verb{"deploy", true},    Verb{"rollback", true},  Verb{"recover", true},
    Verb{"plan", false},    Verb{"analyze", false},  Verb{"validate", false}, Verb{"status", false},
    Verb{"history", false}, Verb{"baseline", false}, Verb{"version", false},
};

enum class Kind {
  kValue,   // --flag=value
  kLines,   // --flag=line for every line
  kSwitch,  // true: --flag; false: nothing
  kUnless,  // false: --flag; true: nothing
  kTruth,   // --flag=true or --flag=false
  kDryRun,  // a switch or one of the modes
};

struct Input {
  std::string_view name;
  std::string_view flag;
  Kind kind;
  bool recover;  // says where the release is, so the post step needs it too
};

constexpr std::array kInputs{
    Input{"namespace", "namespace", Kind::kValue, true},
    Input{"release", "release", Kind::kValue, true},
    Input{"config", "config", Kind::kValue, true},
    Input{"context", "context", Kind::kValue, true},
    Input{"manifests", "filename", Kind::kLines, false},
    Input{"kustomize", "kustomize", Kind::kValue, false},
    Input{"stage", "stage", Kind::kValue, false},
    Input{"timeout", "timeout", Kind::kValue, false},
    Input{"output", "output", Kind::kValue, false},
    Input{"dry-run", "dry-run", Kind::kDryRun, false},
    Input{"prune", "prune", Kind::kTruth, false},
    Input{"rollback", "no-rollback", Kind::kUnless, false},
    Input{"simulate", "simulate", Kind::kSwitch, false},
};

std::string variable_name(std::string_view input_name, bool underscores) {
  std::string name = "INPUT_";
  for (const char c : input_name) {
    if (c == ' ' || (c == '-' && underscores)) {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

std::string variable(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

tl::unexpected<Error> wrong(std::string_view name, std::string_view value, std::string_view expected) {
  return fail(errors::kInput, "input " + std::string(name) + " is \"" + sanitise_line(value, 60) +
                                  "\"; it must be " + std::string(expected));
}

// The spellings of YAML 1.2's core schema, which the runner's own toolkit accepts too.
Result<bool> truth(std::string_view name, std::string_view value) {
  if (value == "true" || value == "True" || value == "TRUE") return true;
  if (value == "false" || value == "False" || value == "FALSE") return false;
  return wrong(name, value, "true or false");
}

Result<Verb> read_verb(const Variables& variables) {
  const std::string given = input(variables, "command");
  if (given.empty()) return kVerbs.front();
  const auto verb = std::ranges::find(kVerbs, given, &Verb::name);
  if (verb != kVerbs.end()) return *verb;
  std::vector<std::string> names;
  for (const Verb& known : kVerbs) names.emplace_back(known.name);
  return wrong("command", given, "one of " + join(names, ", "));
}

using Arguments = std::vector<std::string>;

Status append_dry_run(Arguments& arguments, std::string_view name, std::string_view value) {
  if (value == "none" || value == "client" || value == "server") {
    arguments.push_back("--dry-run=" + std::string(value));
    return {};
  }
  const auto on = truth(name, value);
  if (!on) return wrong(name, value, "true, false, none, client or server");
  if (*on) arguments.emplace_back("--dry-run");
  return {};
}

void append_lines(Arguments& arguments, const std::string& flag, std::string_view value) {
  for (const std::string_view line : split(value, '\n')) {
    const std::string_view text = trim(line);
    if (!text.empty()) arguments.push_back(flag + "=" + std::string(text));
  }
}

Status append(Arguments& arguments, const Input& known, const std::string& value) {
  const std::string flag = "--" + std::string(known.flag);
  switch (known.kind) {
    case Kind::kLines:
      append_lines(arguments, flag, value);
      return {};
    case Kind::kDryRun:
      return append_dry_run(arguments, known.name, value);
    case Kind::kValue:
      if (value.find_first_of("\r\n") != std::string::npos) return wrong(known.name, value, "one line");
      arguments.push_back(flag + "=" + value);
      return {};
    case Kind::kSwitch:
    case Kind::kUnless:
    case Kind::kTruth:
      break;
  }
  IE_TRY_ASSIGN(const bool on, truth(known.name, value));
  if (known.kind == Kind::kTruth) {
    arguments.push_back(flag + (on ? "=true" : "=false"));
  } else if (on == (known.kind == Kind::kSwitch)) {
    arguments.push_back(flag);
  }
  return {};
}

// A path, or the content of a kubeconfig: only a content has several lines or is a JSON object.
void read_kubeconfig(const Variables& variables, Invocation& invocation) {
  const std::string value = input(variables, "kubeconfig");
  if (value.empty()) return;
  if (value.front() == '{' || value.find('\n') != std::string::npos) {
    invocation.kubeconfig = Secret(value);
  } else {
    invocation.arguments.push_back("--kubeconfig=" + value);
  }
}

Status append_revision(const Variables& variables, const Verb& verb, Arguments& arguments) {
  const std::string revision = input(variables, "revision");
  if (revision.empty()) return {};
  const bool number =
      revision.size() <= 9 && std::ranges::all_of(revision, [](char c) { return c >= '0' && c <= '9'; });
  if (!number) return wrong("revision", revision, "the number of a revision");
  if (verb.name != "rollback") return wrong("revision", revision, "left out unless command is rollback");
  arguments.push_back(revision);
  return {};
}

// A flag with which no verb changes a cluster. Looking for leftovers would do no harm then, but it needs a
// cluster, and such a job may have no credentials.
bool writes_nothing(const std::string& argument) {
  if (argument == "--simulate") return true;
  if (argument.starts_with("--dry-run")) return argument != "--dry-run=none";
  return argument.starts_with("--stage=") && argument.find('3') == std::string::npos &&
         argument.find("deploy") == std::string::npos;
}

Result<Invocation> read_main(const Variables& variables) {
  Invocation invocation;
  IE_TRY_ASSIGN(const Verb verb, read_verb(variables));
  invocation.arguments.emplace_back(verb.name);
  if (verb.name == "version") return invocation;
  IE_TRY(append_revision(variables, verb, invocation.arguments));
  for (const Input& known : kInputs) {
    const std::string value = input(variables, known.name);
    if (!value.empty()) IE_TRY(append(invocation.arguments, known, value));
  }
  read_kubeconfig(variables, invocation);
  invocation.report_path = input(variables, "output");
  invocation.may_leave_work = verb.writes && std::ranges::none_of(invocation.arguments, writes_nothing);
  return invocation;
}

Result<Invocation> read_post(const Variables& variables) {
  Invocation invocation;
  invocation.arguments.emplace_back("recover");
  for (const Input& known : kInputs) {
    const std::string value = input(variables, known.name);
    if (known.recover && !value.empty()) IE_TRY(append(invocation.arguments, known, value));
  }
  read_kubeconfig(variables, invocation);
  return invocation;
}

}  // namespace

std::string input(const Variables& variables, std::string_view name) {
  std::string value(trim(variable(variables, variable_name(name, false))));
  if (value.empty()) value = trim(variable(variables, variable_name(name, true)));
  return value;
}

bool is_action(std::string_view program, std::size_t argument_count, const Variables& variables) {
  if (argument_count != 0) return false;
  const std::string_view name = program.substr(program.rfind('/') + 1);  // npos + 1 is 0
  return name == kProgramName ||
         (variable(variables, "GITHUB_ACTIONS") == "true" && variables.contains("INPUT_COMMAND"));
}

Result<Invocation> read_invocation(const Variables& variables) {
  const std::string phase = variable(variables, "STATE_" + std::string(kStateName));
  if (phase == "true") return read_post(variables);
  if (phase == "false") return Invocation{};
  return read_main(variables);
}

}  // namespace instantexec::cli::action
