#include "os/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace instantexec::os {
namespace {

// A pseudo terminal: what is written to `master` is typed at `slave`.
struct Pty {
  Pty() {
    master = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return;
    name = ::ptsname(master);
    slave = ::open(name.c_str(), O_RDWR | O_NOCTTY);
  }
  ~Pty() {
    ::close(slave);
    ::close(master);
  }
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;
  int master = -1;
  int slave = -1;
  std::string name;
};

TEST(Terminal, KnowsTerminalsAndTheirWidth) {
  const Pty pty;
  ASSERT_GE(pty.slave, 0);
  winsize size{};
  size.ws_col = 97;
  ASSERT_EQ(::ioctl(pty.slave, TIOCSWINSZ, &size), 0);
  EXPECT_TRUE(is_terminal(pty.slave));
  EXPECT_EQ(terminal_width(pty.slave), 97);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(is_terminal(ends[0]));
  EXPECT_EQ(terminal_width(ends[0]), 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Terminal, ColorAndLiveDisplay) {
  const Pty pty;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  struct Row {
    const char* name;
    ColorChoice choice;
    Environment environment;
    bool terminal;
    bool color;
    bool live;
  };
  const Row rows[] = {
      {"terminal", ColorChoice::kAuto, {}, true, true, true},
      {"pipe", ColorChoice::kAuto, {}, false, false, false},
      {"forced on a pipe", ColorChoice::kAlways, {}, false, true, false},
      {"NO_COLOR", ColorChoice::kAuto, {{"NO_COLOR", "1"}}, true, false, true},
      {"empty NO_COLOR counts as unset", ColorChoice::kAuto, {{"NO_COLOR", ""}}, true, true, true},
      {"always beats NO_COLOR", ColorChoice::kAlways, {{"NO_COLOR", "1"}}, true, true, true},
      {"never", ColorChoice::kNever, {}, true, false, true},
      {"dumb", ColorChoice::kAuto, {{"TERM", "dumb"}}, true, false, false},
      {"CI", ColorChoice::kAuto, {{"CI", "true"}}, true, true, false},
      {"CI=false", ColorChoice::kAuto, {{"CI", "false"}}, true, true, true},
  };
  for (const Row& row : rows) {
    const int fd = row.terminal ? pty.slave : ends[1];
    EXPECT_EQ(use_color(row.choice, row.environment, fd), row.color) << row.name;
    EXPECT_EQ(use_live_display(row.environment, fd), row.live) << row.name;
  }
  EXPECT_FALSE(can_prompt({{"CI", "1"}}));
  ::close(ends[0]);
  ::close(ends[1]);
}

// Asks in a child whose controlling terminal is a new pty (none when `typed` is nothing). 0: no, 1: yes,
// 2: error.
int ask(std::optional<std::string> typed) {
  const Pty pty;
  if (typed && ::write(pty.master, typed->data(), typed->size()) < 0) return -1;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();
    if (typed && ::ioctl(pty.slave, TIOCSCTTY, 0) != 0) ::_exit(3);
    const auto answer = ask_yes_no("delete?");
    ::_exit(!answer ? 2 : *answer ? 1 : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Terminal, AsksOnTheControllingTerminal) {
  const std::pair<std::optional<std::string>, int> rows[] = {{"y\n", 1},  {"YES\n", 1},     {" yes \n", 1},
                                                             {"\n", 0},   {"n\n", 0},       {"yep\n", 0},
                                                             {"\x04", 0}, {std::nullopt, 2}};
  for (const auto& [typed, expected] : rows) {
    EXPECT_EQ(ask(typed), expected) << typed.value_or("no terminal");
  }
}

}  // namespace
}  // namespace instantexec::os
