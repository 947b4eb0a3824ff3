#include "cli/action/session.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "cli/action/errors.h"
#include "cli/action/outputs.h"
#include "os/files.h"
#include "os/random.h"
#include "report/ci.h"

namespace instantexec::cli::action {
namespace {

constexpr std::size_t kTokenBytes = 16;

// Appends to the file that the variable names. The runner creates it; earlier steps' text stays.
Status append_to(const Variables& variables, const std::string& variable, const std::string& text) {
  const auto path = variables.find(variable);
  if (path == variables.end() || path->second.empty()) return {};
  const int file = ::open(path->second.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) {
    return fail(errors::kRunnerFile,
                variable + ": " + sanitise_line(path->second) + ": " + std::strerror(errno));
  }
  const auto written = os::write_all(file, text);
  ::close(file);
  if (!written) return fail(errors::kRunnerFile, variable + ": " + written.error().message);
  return {};
}

Status save_state(const Variables& variables, bool may_leave_work) {
  const Output state{std::string(kStateName), may_leave_work ? "true" : "false"};
  return append_to(variables, "GITHUB_STATE", output_text({state}, os::random_hex(kTokenBytes)));
}

}  // namespace

Variables process_variables() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Result<std::string> kubeconfig_argument(const Secret& content) {
  // Not closed on purpose: the path below names it for as long as the process lives. Programs this one starts
  // do not inherit it.
  const int file = ::memfd_create("kubeconfig", MFD_CLOEXEC);
  if (file < 0)
    return fail(errors::kRunnerFile, std::string("kubeconfig in memory: ") + std::strerror(errno));
  IE_TRY(os::write_all(file, content.reveal()));
  return "--kubeconfig=/proc/self/fd/" + std::to_string(file);
}

Session::Session(Variables variables, Invocation invocation, std::vector<std::string> arguments,
                 std::string token)
    : variables_(std::move(variables)),
      invocation_(std::move(invocation)),
      arguments_(std::move(arguments)),
      token_(std::move(token)) {}

Result<Session> Session::open(Variables variables) {
  auto invocation = read_invocation(variables);
  const bool main_step = !variables.contains("STATE_" + std::string(kStateName));
  if (main_step) IE_TRY(save_state(variables, invocation && invocation->may_leave_work));
  if (!invocation) return fail(std::move(invocation.error()));
  std::vector<std::string> arguments = invocation->arguments;
  if (invocation->kubeconfig && !arguments.empty()) {
    IE_TRY_ASSIGN(std::string argument, kubeconfig_argument(*invocation->kubeconfig));
    arguments.push_back(std::move(argument));
  }
  return Session(std::move(variables), std::move(*invocation), std::move(arguments),
                 os::random_hex(kTokenBytes));
}

std::string Session::prologue() const {
  return "::stop-commands::" + token_ + "\n";
}

Result<std::string> Session::finish(const model::RunReport& report) const {
  const std::vector<Output> list = outputs(report, invocation_.report_path);
  IE_TRY(append_to(variables_, "GITHUB_OUTPUT", output_text(list, os::random_hex(kTokenBytes))));
  IE_TRY(append_to(variables_, "GITHUB_STEP_SUMMARY", report::markdown(report)));
  return "\n::" + token_ + "::\n" + report::github_annotations(report);
}

}  // namespace instantexec::cli::action
