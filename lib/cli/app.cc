#include "cli/app.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/action/session.h"
#include "cli/connection.h"
#include "cli/explain.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "net/transport.h"
#include "os/errors.h"
#include "os/files.h"
#include "os/log.h"
#include "os/signals.h"
#include "report/json.h"
#include "report/text.h"

namespace instantexec::cli {
namespace {

// How usage calls the program: kubectl starts plugins with their full path, so a name on PATH means kubectl
// or a user who can type the same.
std::string program_name(const char* argv0) {
  const std::string path = argv0 == nullptr ? "" : argv0;
  const std::string name = path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
  return name == "kubectl-instantexec" || name.empty() ? "kubectl instantexec" : name;
}

void print_error(const Error& error, const OutputFlags& flags, const os::Environment& environment) {
  report::Style style;
  style.colour = os::use_color(flags.color, environment, STDERR_FILENO);
  static_cast<void>(os::write_all(STDERR_FILENO, report::error_text(error, style)));
}

// Prints a text that is the whole result.
int print(const std::string& text, const Options& options, const os::Environment& environment) {
  const Status written = os::write_all(STDOUT_FILENO, text);
  if (written) return static_cast<int>(ExitCode::kDone);
  print_error(written.error(), options.output, environment);
  return static_cast<int>(written.error().code->exit);
}

Status start_log(const OutputFlags& flags, const os::Environment& environment) {
  os::LogConfig config;
  if (flags.verbosity >= 0) {
    config.level = os::log_level_of_verbosity(flags.verbosity);
  } else {
    IE_TRY_ASSIGN(config.level, os::log_level_of_environment(environment));
  }
  config.json = flags.log_json;
  config.file = flags.log_file;
  return os::init_logging(config);
}

int run_explain(const Options& options, const os::Environment& environment) {
  const auto text = explain(options.topic);
  if (text) return print(*text, options, environment);
  print_error(text.error(), options.output, environment);
  return static_cast<int>(text.error().code->exit);
}

int run_version(const Options& options, const os::Environment& environment) {
  if (!machine_output(options.output))
    return print(fmt::format("kubectl-instantexec v{}\n", kVersion), options, environment);
  Outcome outcome;
  outcome.document = model::Json{{"version", kVersion}};
  const Format format = options.output.destinations.front().format;
  return print(render(outcome, format, {}), options, environment);
}

// A report nobody can be given is worth nothing, so this is found out before the work is done and not after.
Status check_outputs(const OutputFlags& flags) {
  for (const Destination& destination : flags.destinations) {
    if (destination.file.empty() || os::is_directory(os::parent_path(destination.file))) continue;
    return fail(os::errors::kFileNotWritten,
                fmt::format("{}: its folder does not exist", sanitise_line(destination.file)),
                "make the folder, or name another file; nothing was done yet");
  }
  return {};
}

// Hands the outcome to the workflow step around the run, if there is one.
void finish_action(const action::Session* action, const model::RunReport& report, const OutputFlags& flags,
                   const os::Environment& environment) {
  if (action == nullptr) return;
  const auto last = action->finish(report);
  if (last) static_cast<void>(os::write_all(STDOUT_FILENO, *last));
  if (!last) print_error(last.error(), flags, environment);
}

// Runs a verb and shows what came of it. `action` is the workflow step around it, if any.
int run_and_show(const Options& options, const os::Environment& environment, const action::Session* action) {
  Progress progress(options.output, environment);
  SystemClock clock;
  const Timestamp started = clock.wall();
  const Instant begun = clock.now();
  Outcome outcome = run_verb({options, environment, progress});
  progress.finish();
  // Who has a clock of its own, such as a simulation, has said so.
  if (outcome.report.started == Timestamp{}) outcome.report.started = started;
  if (outcome.report.elapsed == Duration{}) outcome.report.elapsed = clock.now() - begun;
  int exit = model::exit_status(outcome.report);
  for (const Error& mistake : outcome.mistakes) print_error(mistake, options.output, environment);
  if (outcome.report.error) print_error(*outcome.report.error, options.output, environment);
  // A text result would only repeat the error.
  const bool only_error =
      outcome.report.error && outcome.report.stages.empty() && !machine_output(options.output);
  if (!only_error || !options.output.destinations.empty()) {
    const Status written = write_outputs(outcome, options.output, environment);
    if (!written) {
      print_error(written.error(), options.output, environment);
      if (exit == 0) exit = static_cast<int>(written.error().code->exit);
    }
  }
  finish_action(action, outcome.report, options.output, environment);
  return exit;
}

// Ends a workflow step whose command never came to run a verb.
int end_early(int exit, std::optional<Error> error, const os::Environment& environment,
              const action::Session* action) {
  model::RunReport report;
  report.tool_version = std::string(kVersion);
  report.exit = static_cast<ExitCode>(exit);
  report.error = std::move(error);
  finish_action(action, report, {}, environment);
  return exit;
}

int run_command(const std::vector<std::string>& args, const std::string& program,
                const action::Session* action) {
  const os::Environment environment = os::read_environment();
  const auto refuse = [&](const Error& error, const OutputFlags& flags) {
    print_error(error, flags, environment);
    return end_early(static_cast<int>(error.code->exit), error, environment, action);
  };
  auto parsed = parse_command_line(args, program, environment);
  if (!parsed) return refuse(parsed.error(), {});
  const Options& options = parsed->options;
  const auto end = [&](int exit) { return end_early(exit, std::nullopt, environment, action); };
  if (!parsed->help.empty()) return end(print(parsed->help, options, environment));
  if (options.verb == Verb::kVersion) return end(run_version(options, environment));
  if (options.verb == Verb::kExplain) return end(run_explain(options, environment));
  if (const Status log = start_log(options.output, environment); !log)
    return refuse(log.error(), options.output);
  if (const Status outputs = check_outputs(options.output); !outputs)
    return refuse(outputs.error(), options.output);
  return run_and_show(options, environment, action);
}

int run_action(const std::string& program) {
  const auto session = action::Session::open(action::process_variables());
  if (!session) {
    print_error(session.error(), {}, os::read_environment());
    return static_cast<int>(session.error().code->exit);
  }
  if (session->arguments().empty()) return 0;
  static_cast<void>(os::write_all(STDOUT_FILENO, session->prologue()));
  return run_command(session->arguments(), program, &*session);
}

}  // namespace

int run_program(int argc, char** argv) {
  const std::string program = program_name(argc > 0 ? argv[0] : nullptr);
  if (const Status handlers = os::install_signal_handlers(&net::shut_down_connections); !handlers) {
    print_error(handlers.error(), {}, os::read_environment());
    return static_cast<int>(handlers.error().code->exit);
  }
  const std::vector<std::string> args(argc > 0 ? argv + 1 : argv, argv + argc);
  if (action::is_action(program, args.size(), action::process_variables())) return run_action(program);
  return run_command(args, program, nullptr);
}

}  // namespace instantexec::cli
