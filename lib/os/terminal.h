#pragma once

#include <string_view>

#include "base/result.h"
#include "os/env.h"

namespace instantexec::os {

[[nodiscard]] bool is_terminal(int fd);

// Columns of the terminal behind the descriptor; 0 when it is none or does not say.
[[nodiscard]] int terminal_width(int fd);

enum class ColorChoice { kAuto, kAlways, kNever };

// Whether to colour what is written to the descriptor. kAuto: on a terminal whose TERM is not "dumb", unless
// NO_COLOR is set and not empty (https://no-color.org).
[[nodiscard]] bool use_color(ColorChoice choice, const Environment& environment, int fd);

// Whether a live, redrawn display makes sense on the descriptor: a terminal that is not dumb, and not in CI
// (CI set to anything but "", "0" or "false").
[[nodiscard]] bool use_live_display(const Environment& environment, int fd);

// Whether anybody can be asked: the process has a controlling terminal, and CI does not say otherwise.
[[nodiscard]] bool can_prompt(const Environment& environment);

// Asks on the controlling terminal, whatever standard input is. Only "y" or "yes" is yes; an empty answer,
// the end of input and anything else are no. `interrupt_fd` as in process.h ends the question. The question
// is sanitised. Errors: terminal.none, program.interrupted.
[[nodiscard]] Result<bool> ask_yes_no(std::string_view question, int interrupt_fd = -1);

}  // namespace instantexec::os
