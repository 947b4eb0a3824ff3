#include "os/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "os/errors.h"
#include "os/fd.h"
#include "os/files.h"

namespace instantexec::os {
namespace {

bool in_ci(const Environment& environment) {
  const std::string value = to_lower(env_value(environment, "CI"));
  return !value.empty() && value != "0" && value != "false";
}

bool is_dumb(const Environment& environment) {
  return env_value(environment, "TERM") == "dumb";
}

Fd open_terminal() {
  return Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

// One line without its end; what there is at the end of input.
Result<std::string> read_line(const Fd& terminal, int interrupt_fd) {
  std::string line;
  while (true) {
    std::array<pollfd, 2> entries{{{terminal.get(), POLLIN, 0}, {interrupt_fd, POLLIN, 0}}};
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return line;
    if (entries[1].revents != 0) {
      return fail(errors::kProgramInterrupted, "the question was interrupted");
    }
    if (entries[0].revents == 0) continue;
    char c = 0;
    const ssize_t got = ::read(terminal.get(), &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n' || line.size() > 100) return line;
    line += c;
  }
}

}  // namespace

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

int terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool use_color(ColorChoice choice, const Environment& environment, int fd) {
  if (choice != ColorChoice::kAuto) return choice == ColorChoice::kAlways;
  // The convention counts a variable that is set to the empty string as not set.
  if (!env_value(environment, "NO_COLOR").empty()) return false;
  return is_terminal(fd) && !is_dumb(environment);
}

bool use_live_display(const Environment& environment, int fd) {
  return is_terminal(fd) && !is_dumb(environment) && !in_ci(environment);
}

bool can_prompt(const Environment& environment) {
  return !in_ci(environment) && open_terminal().valid();
}

Result<bool> ask_yes_no(std::string_view question, int interrupt_fd) {
  const Fd terminal = open_terminal();
  if (!terminal.valid()) {
    return fail(errors::kNoTerminal, fmt::format("cannot ask \"{}\"", sanitise_line(question)));
  }
  IE_TRY(write_all(terminal.get(), sanitise(question) + " [y/N] "));
  IE_TRY_ASSIGN(const std::string line, read_line(terminal, interrupt_fd));
  const std::string answer = to_lower(trim(line));
  return answer == "y" || answer == "yes";
}

}  // namespace instantexec::os
