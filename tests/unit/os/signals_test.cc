#include "os/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace instantexec::os {
namespace {

// Runs the body in a child process and gives what waitpid says; signal state is global to a process.
template <typename Body>
int in_child(Body body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(Signals, AreQueuedAsValues) {
  const int status = in_child([] {
    if (signal_fd() != -1 || take_signal()) ::_exit(10);
    if (!install_signal_handlers()) ::_exit(11);
    if (readable(signal_fd())) ::_exit(12);
    ::raise(SIGINT);
    if (!readable(signal_fd())) ::_exit(13);
    ::raise(SIGTERM);
    if (take_signal() != SIGINT || take_signal() != SIGTERM || take_signal()) ::_exit(14);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Signals, TheSecondOfAKindEndsTheProcess) {
  struct Row {
    int signal;
    int exit_code;
  };
  for (const Row row : {Row{SIGINT, 130}, Row{SIGTERM, 143}}) {
    const int status = in_child([row] {
      if (!install_signal_handlers()) ::_exit(11);
      ::raise(row.signal);
      ::raise(row.signal);
    });
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), row.exit_code);
  }
}

TEST(Signals, TheFirstIsRemembered) {
  const int status = in_child([] {
    if (!install_signal_handlers() || received_signal()) ::_exit(11);
    ::raise(SIGTERM);
    ::raise(SIGINT);
    if (received_signal() != SIGTERM || take_signal() != SIGTERM) ::_exit(12);
    if (received_signal() != SIGTERM) ::_exit(13);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Signals, NohupIsRespectedAndPipeIsIgnored) {
  const int status = in_child([] {
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGCHLD, SIG_IGN);
    if (!install_signal_handlers()) ::_exit(11);
    ::raise(SIGHUP);
    ::raise(SIGPIPE);
    if (take_signal()) ::_exit(12);
    if (::signal(SIGCHLD, SIG_DFL) != SIG_DFL) ::_exit(13);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Signals, GoingOnAfterAStopIsToldFirst) {
  static volatile sig_atomic_t told = 0;
  const pid_t child = ::fork();
  if (child == 0) {
    if (!install_signal_handlers([]() noexcept { told = 1; })) ::_exit(11);
    ::raise(SIGSTOP);
    ::_exit(told != 0 && !take_signal() ? 0 : 12);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status));
  ASSERT_EQ(::kill(child, SIGCONT), 0);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}
TEST(Signals, ExitForSignal) {
  const int status = in_child([] { exit_for_signal(SIGTERM); });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 143);
}

}  // namespace
}  // namespace instantexec::os
