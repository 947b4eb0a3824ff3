#pragma once

#include <optional>

#include "base/result.h"

// Signals as values: the handler only writes to a pipe, and the program's one wait point reads it.
namespace instantexec::os {

// Installs the handlers, once at start-up. SIGINT, SIGTERM and SIGHUP are queued for take_signal(); the
// second signal of the same number ends the process at once with 128 + number (GitHub sends SIGINT and 7.5 s
// later SIGTERM, which must not cut the safe path short). A SIGHUP that was ignored before (nohup) stays
// ignored. SIGPIPE is ignored, so that writing gives EPIPE; SIGCHLD is reset to its default, since a parent
// may have left it ignored, which would hide children's exit codes. `on_continue` is called when the process
// goes on after it was stopped (SIGCONT), before anything else in it runs; it must be safe in a signal
// handler. Null: nothing is called. Error internal when the pipe cannot be made.
[[nodiscard]] Status install_signal_handlers(void (*on_continue)() noexcept = nullptr);

// Readable while a signal waits; for poll(). -1 before install_signal_handlers().
[[nodiscard]] int signal_fd();

// The next queued signal's number, or nothing. Never blocks.
[[nodiscard]] std::optional<int> take_signal();

// The first of them that came, taken or not; nothing while none has come. For what is told at the end.
[[nodiscard]] std::optional<int> received_signal();

// Ends the process the way a signal would have: exit status 128 + number. For 130 and 143.
[[noreturn]] void exit_for_signal(int signal);

}  // namespace instantexec::os
