#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

// Inputs of the GitHub Action. The runner hands them over as environment variables; here they become the
// arguments a person would have typed. No shell is involved, and a value never becomes a flag: it is joined
// to its flag with "=".
//
// Pure: variables in, values out.
namespace instantexec::cli::action {

// Environment variables by name.
using Variables = std::map<std::string, std::string>;

// What the step asks for.
struct Invocation {
  // For the command line, without argv[0]. Empty: there is nothing to do and the step ends well.
  std::vector<std::string> arguments;
  // Content of a kubeconfig, when the input held that instead of a path. The flag is not in `arguments`.
  std::optional<Secret> kubeconfig;
  // The step can end with unfinished work, so the post step must look for some: see kStateName.
  bool may_leave_work = false;
  // Of the JSON report; empty when none is written.
  std::string report_path;
};

// Name of the state the main step saves for its post step when it may leave work behind. The runner gives it
// back as the variable STATE_<name>. Source: "Sending values to the pre and post actions" in the
// documentation of workflow commands.
inline constexpr std::string_view kStateName = "instantexec_may_leave_work";

// Started without arguments, either under the name instantexec-action or in a step of a workflow that sets
// the input `command`.
[[nodiscard]] bool is_action(std::string_view program, std::size_t argument_count,
                             const Variables& variables);

// Reads the inputs. Unknown inputs and empty ones are ignored. Error action.input names the input and what it
// may be.
[[nodiscard]] Result<Invocation> read_invocation(const Variables& variables);

// The value of an input, without white space around it; "" when it is not set. The runner turns a name into
// INPUT_<NAME>: upper case, spaces as underscores, dashes kept. A variable with underscores in place of
// dashes is accepted too, because a composite action must pass inputs through a shell, which may drop other
// names.
[[nodiscard]] std::string input(const Variables& variables, std::string_view name);

}  // namespace instantexec::cli::action
