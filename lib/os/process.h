#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "os/env.h"

// Child processes, always from an argument array and never through a shell.
namespace instantexec::os {

struct NoInput {};       // standard input is empty
struct InheritInput {};  // the child reads our standard input (and may ask the user)
struct InputBytes {      // the child reads these bytes
  std::string bytes;
};

enum class ErrorOutput {
  kCapture,      // into ProcessResult::err
  kPassThrough,  // to our standard error
  kDiscard,
};

struct Command {
  std::string program = {};             // absolute, or relative to our working directory; see find_program
  std::vector<std::string> args = {};   // without the program's own name
  std::optional<Environment> env = {};  // nothing: ours
  std::string cwd = {};                 // "": ours
  std::variant<NoInput, InheritInput, InputBytes> input = {};
  ErrorOutput error_output = ErrorOutput::kCapture;
  std::size_t max_output = std::size_t{16} * 1024 * 1024;  // of standard output; more is an error
  std::size_t max_error_output = std::size_t{64} * 1024;   // more is read and dropped
  Duration timeout{0};                                     // zero: none
  int interrupt_fd = -1;  // when this becomes readable the child is ended; it is not read from. -1: none
};

struct ProcessResult {
  int exit_code = 0;  // meaningless when a signal ended the child
  int signal = 0;     // 0: the child ended by itself
  std::string out;
  std::string err;

  [[nodiscard]] bool ok() const { return exit_code == 0 && signal == 0; }
  // "exit code 3" or "signal 9".
  [[nodiscard]] std::string describe() const;
};

// Runs a program to its end. A failing program is a result, not an error. Errors: program.missing,
// program.not-started, program.timeout, program.interrupted and program.output-too-large; in the last three
// cases the child's process group got SIGTERM, then SIGKILL half a second later. A child with InheritInput
// stays in our process group, since only the terminal's foreground group may read from it. Output that a
// background grandchild would still write after the child's end is not waited for.
[[nodiscard]] Result<ProcessResult> run_process(const Command& command);

// Where `name` is, by the rules a shell uses with PATH but refusing what is found through a relative or empty
// entry (error program.unsafe-path), as Go's exec package does. A name with a slash is returned as it is when
// it is executable. Error program.missing.
[[nodiscard]] Result<std::string> find_program(std::string_view name, std::string_view path);

}  // namespace instantexec::os
