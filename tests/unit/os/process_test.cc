#include "os/process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "os/clock.h"
#include "os/errors.h"
#include "support/temp_dir.h"

namespace instantexec::os {
namespace {

using instantexec::testing::TempDir;

Command shell(std::string script) {
  Command command;
  command.program = "/bin/sh";
  command.args = {"-c", std::move(script)};
  return command;
}

// Waits until the process has ended; who has to reap it may take a moment more.
bool ends(pid_t pid) {
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (descriptor < 0) return errno == ESRCH;
  pollfd wait{descriptor, POLLIN, 0};
  const bool out = ::poll(&wait, 1, 20'000) == 1;
  ::close(descriptor);
  return out;
}

template <typename T>
std::string_view code_of(const tl::expected<T, Error>& result) {
  return result ? std::string_view("none") : result.error().code->name;
}

TEST(RunProcess, GivesOutputAndExitCode) {
  const auto result = run_process(shell("printf out; printf err >&2; exit 3"));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out, "out");
  EXPECT_EQ(result->err, "err");
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_FALSE(result->ok());
  EXPECT_EQ(result->describe(), "exit code 3");
}

TEST(RunProcess, ASignalIsReported) {
  const auto result = run_process(shell("kill -9 $$"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->signal, SIGKILL);
  EXPECT_FALSE(result->ok());
  EXPECT_EQ(result->describe(), "signal 9");
}

TEST(RunProcess, ArgumentsAreNeverReadByAShell) {
  Command command;
  command.program = "/usr/bin/printf";
  command.args = {"%s|%s|%s", "a b", "$(touch /nowhere); *", ""};
  const auto result = run_process(command);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out, "a b|$(touch /nowhere); *|");
}

TEST(RunProcess, FeedsBytesWhileReadingBack) {
  // More than a pipe holds in both directions: writing everything first would lock up.
  std::string bytes(3'000'000, 'x');
  bytes += std::string("\0end", 4);
  Command command;
  command.program = "/bin/cat";
  command.input = InputBytes{bytes};
  const auto result = run_process(command);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out, bytes);
}

TEST(RunProcess, AChildMayLeaveItsInputUnread) {
  Command command = shell("exec 0<&-; echo done");
  command.input = InputBytes{std::string(1'000'000, 'x')};
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto result = run_process(command);
  ::signal(SIGPIPE, old);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->out, "done\n");
}

TEST(RunProcess, WithoutInputTheChildReadsNothing) {
  const auto result = run_process(shell("cat; echo end"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "end\n");
}

TEST(RunProcess, EnvironmentAndFolderAreTheGivenOnes) {
  const TempDir dir;
  Command command = shell("pwd; echo \"$ONE-$HOME\"");
  command.env = Environment{{"ONE", "1"}};
  command.cwd = dir.path();
  const auto result = run_process(command);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, dir.path() + "\n1-\n");
}

TEST(RunProcess, ChildrenStartWithDefaultSignals) {
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  // With SIGPIPE ignored, yes would report a write error and end with 1.
  const auto result = run_process(shell("kill -PIPE $$; echo alive"));
  ::signal(SIGPIPE, old);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->signal, SIGPIPE);
}

TEST(RunProcess, TooMuchOutputEndsTheChild) {
  Command command = shell("yes");
  command.max_output = 1000;
  EXPECT_EQ(code_of(run_process(command)), "program.output-too-large");
  Command errors = shell("head -c 100000 /dev/zero >&2; echo ok");
  errors.max_error_output = 10;
  const auto result = run_process(errors);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->err.size(), 10U);
  EXPECT_EQ(result->out, "ok\n");
}

TEST(RunProcess, TimeoutEndsTheWholeGroup) {
  const TempDir dir;
  // The inner sleep would survive a kill of the shell alone, and would write the file.
  Command command =
      shell("(sleep 30; touch '" + dir.path("survived") + "') & echo $! > '" + dir.path("pid") + "'; wait");
  command.timeout = Duration{200};
  const Instant start = monotonic_now();
  EXPECT_EQ(code_of(run_process(command)), "program.timeout");
  EXPECT_LT(monotonic_now() - start, Duration{20'000});
  const pid_t inner = std::stoi(dir.read("pid"));
  EXPECT_TRUE(ends(inner)) << "the process that the shell had started";
  EXPECT_FALSE(std::filesystem::exists(dir.path("survived")));
}

TEST(RunProcess, AStubbornChildIsKilled) {
  Command command = shell("trap '' TERM; while :; do sleep 0.05; done");
  command.timeout = Duration{100};
  const Instant start = monotonic_now();
  EXPECT_EQ(code_of(run_process(command)), "program.timeout");
  EXPECT_LT(monotonic_now() - start, Duration{15'000});
}

TEST(RunProcess, AnInterruptionEndsTheChild) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  Command command = shell("sleep 20");
  command.interrupt_fd = ends[0];
  const Instant start = monotonic_now();
  EXPECT_EQ(code_of(run_process(command)), "program.interrupted");
  EXPECT_LT(monotonic_now() - start, Duration{15'000});
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1) << "the descriptor was not read from";
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(RunProcess, AGrandchildHoldingTheOutputIsNotWaitedFor) {
  const Instant start = monotonic_now();
  const auto result = run_process(shell("echo first; sleep 40 & exit 0"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "first\n");
  EXPECT_LT(monotonic_now() - start, Duration{20'000});
}

TEST(RunProcess, AProgramThatCannotStart) {
  const TempDir dir;
  Command command;
  command.program = dir.path("none");
  EXPECT_EQ(code_of(run_process(command)), "program.missing");
  command.program = dir.write_program("garbage", std::string("\x7f\0\0\0", 4));
  EXPECT_EQ(code_of(run_process(command)), "program.not-started");
  command.program = dir.write("plain", "#!/bin/sh\n");
  EXPECT_EQ(code_of(run_process(command)), "program.not-started");
}

TEST(FindProgram, UsesAbsoluteEntriesInOrder) {
  const TempDir dir;
  const std::string first = dir.write_program("one/tool", "#!/bin/sh\n");
  const std::string second = dir.write_program("two/tool", "#!/bin/sh\n");
  dir.write("zero/tool", "not executable");
  std::filesystem::create_directories(dir.path("folder/tool"));
  const std::string path =
      dir.path("folder") + ":" + dir.path("zero") + ":" + dir.path("one") + ":" + dir.path("two");
  EXPECT_EQ(find_program("tool", path), first);
  EXPECT_EQ(find_program(second, ""), second);
  EXPECT_EQ(code_of(find_program("tool", "/nowhere")), "program.missing");
  EXPECT_EQ(code_of(find_program(dir.path("zero/tool"), "")), "program.missing");
  EXPECT_EQ(code_of(find_program("", path)), "program.missing");
}

TEST(FindProgram, RefusesRelativeEntries) {
  const TempDir dir;
  const std::string good = dir.write_program("bin/tool", "#!/bin/sh\n");
  dir.write_program("tool", "#!/bin/sh\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  EXPECT_EQ(code_of(find_program("tool", ".:" + dir.path("bin"))), "program.unsafe-path");
  EXPECT_EQ(code_of(find_program("tool", ":" + dir.path("bin"))), "program.unsafe-path")
      << "empty means here";
  EXPECT_EQ(code_of(find_program("tool", "bin")), "program.unsafe-path");
  EXPECT_EQ(find_program("tool", dir.path("bin") + ":."), good) << "found before the relative entry";
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace instantexec::os
