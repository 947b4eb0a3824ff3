#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/action/inputs.h"
#include "model/run_report.h"

// One step of a workflow: reads the inputs, and at the end writes the files the runner asked for.
namespace instantexec::cli::action {

// All environment variables of this process.
[[nodiscard]] Variables process_variables();

// The argument `--kubeconfig=…` for a kubeconfig handed over as text. It names a file that exists only in the
// memory of this process, so the credentials never reach a disk and vanish with the process. Error
// action.runner-file.
[[nodiscard]] Result<std::string> kubeconfig_argument(const Secret& content);

class Session {
 public:
  // Reads the inputs and saves the state the post step looks at, before anything else can happen. Errors
  // action.input, action.runner-file.
  [[nodiscard]] static Result<Session> open(Variables variables);

  // For the command line, without argv[0]. Empty: there is nothing to do, end with 0.
  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }

  // Print before the first output: the runner stops looking for commands in it, whatever a cluster or a
  // repository puts there. Ends in a line feed.
  [[nodiscard]] std::string prologue() const;

  // Writes outputs and step summary to the runner's files (those it named; none is no error), and returns
  // what to print last: the runner listens to commands again, and the annotations follow. Error
  // action.runner-file.
  [[nodiscard]] Result<std::string> finish(const model::RunReport& report) const;

 private:
  Session(Variables variables, Invocation invocation, std::vector<std::string> arguments, std::string token);

  Variables variables_;
  Invocation invocation_;
  std::vector<std::string> arguments_;
  std::string token_;  // nobody can guess it
};

}  // namespace instantexec::cli::action
