#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace instantexec {

// Exit codes of the program; frozen, scripts depend on them.
enum class ExitCode : int {
  kDone = 0,              // done, or nothing to do
  kInternal = 1,          // a defect of this program
  kUsage = 2,             // usage or configuration
  kValidationFailed = 3,  // validation failed, cluster untouched
  kRejected = 4,          // rejected or needs review, cluster untouched
  kRolledBack = 5,        // deploy failed, everything put back and healthy
  kRollbackFailed = 6,    // rollback failed or incomplete
  kUnreachable = 7,       // cluster unreachable or not authorised
  kLocked = 8,            // locked by another run
  kInterrupted = 9,       // interrupted with unfinished work recorded
  kDifferences = 10,      // differences found, only with --detailed-exitcode
};

// One kind of failure. Modules define theirs as constants in `<module>/errors.h`; docs/errors.md lists every
// one.
struct ErrorCode {
  std::string_view name;     // stable, lower-case words joined by dots: "kubeconfig.context-missing"
  ExitCode exit;             // what the program exits with when this ends a run
  std::string_view meaning;  // one sentence for `explain`
  std::string_view next;     // what to type or check next; empty when the message itself says it
};

// "We could not do the job." What is wrong with a change is a Finding, never an Error.
struct Error {
  const ErrorCode* code = nullptr;   // never null once made by make_error
  std::string message;               // what happened and where; external text in it is already sanitised
  std::string hint;                  // next command or check; falls back to code->next when empty
  std::vector<std::string> context;  // outermost last: "reading kubeconfig", "planning release demo"
  std::string reason;                // metav1.Status reason ("Forbidden"), empty when none
  int http_status = 0;               // 0 when no answer was involved

  // Adds a frame of context and returns the error, for use while it travels up.
  Error with_context(std::string frame) &&;
  // "context: context: message".
  [[nodiscard]] std::string to_string() const;
  // hint, or the code's own next step.
  [[nodiscard]] std::string_view next_step() const;
};

// An error of the given kind. `message` says what and where.
[[nodiscard]] Error make_error(const ErrorCode& code, std::string message, std::string hint = {});

namespace errors {
inline constexpr ErrorCode kInternal{"internal", ExitCode::kInternal,
                                     "The program met a state it does not handle; this is a defect.",
                                     "report it with the output of the same command with -v=8"};
inline constexpr ErrorCode kUsage{"usage", ExitCode::kUsage, "The command line is not valid.",
                                  "kubectl instantexec help"};
inline constexpr ErrorCode kInvalidInput{"input.invalid", ExitCode::kUsage,
                                         "An input could not be understood.", ""};
}  // namespace errors

}  // namespace instantexec
