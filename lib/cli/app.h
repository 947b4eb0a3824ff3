#pragma once

namespace instantexec::cli {

// The whole program: command line, environment, verbs, exit code (base/error.h). Started as
// `kubectl-instantexec` it is the plugin; with INSTANTEXEC_ACTION=true, as the image of the GitHub Action
// sets it, its inputs come from INPUT_*.
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace instantexec::cli
