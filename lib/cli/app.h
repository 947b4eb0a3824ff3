#pragma once

namespace instantexec::cli {

// The whole program: command line, environment, verbs, exit code (base/error.h). Started as
// `kubectl-instantexec` it is the plugin; as a step of the GitHub Action (cli/action/inputs.h)
// its inputs come from INPUT_*.
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace instantexec::cli
