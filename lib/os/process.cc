#include "os/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/text.h"
#include "os/clock.h"
#include "os/errors.h"
#include "os/fd.h"
#include "os/files.h"

namespace instantexec::os {
namespace {

constexpr Duration kGrace{500};      // between SIGTERM and SIGKILL
constexpr Duration kAfterExit{100};  // for output still in a pipe once the child has gone
constexpr Duration kPollWithoutPidfd{10};

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(errors::kProgramNotStarted,
                fmt::format("no pipe: {}", std::generic_category().message(errno)));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void set_nonblocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// posix_spawn's two option objects, released together.
class SpawnOptions {
 public:
  SpawnOptions() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  // The child starts with default signal dispositions and an empty mask: what this program ignores or catches
  // must not leak into git or a credential plugin.
  void set_signals(bool own_group) {
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGCHLD}) sigaddset(&defaults, signal);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (own_group) flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, flags);
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

class Child {
 public:
  explicit Child(const Command& command) : command_(command) {}
  // A child never outlives its owner: on any early return it is killed and reaped.
  ~Child() {
    if (pid_ <= 0) return;
    send(SIGKILL);
    reap(0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Status start();
  Result<ProcessResult> run();

 private:
  void send(int signal) const { ::kill(own_group_ ? -pid_ : pid_, signal); }
  bool reap(int flags);
  Status spawn(SpawnOptions& options);
  Status step();
  void pump_input();
  Status pump_output();
  void pump_errors();
  [[nodiscard]] int poll_timeout() const;
  void end_group();
  Status check_limits();

  const Command& command_;
  pid_t pid_ = -1;
  bool own_group_ = true;
  Fd pidfd_;
  Fd input_;
  Fd output_;
  Fd errors_;
  std::string_view pending_input_;
  std::optional<Instant> deadline_;
  std::optional<Instant> drain_until_;  // set once the child has ended
  bool exited_ = false;
  ProcessResult result_;
};

bool Child::reap(int flags) {
  int status = 0;
  pid_t got = -1;
  do {
    got = ::waitpid(pid_, &status, flags);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  if (got == pid_) {
    if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  } else {
    result_.exit_code = 255;  // somebody else reaped it; nothing is known
  }
  pid_ = -1;
  exited_ = true;
  return true;
}

Status Child::start() {
  SpawnOptions options;
  const bool inherit = std::holds_alternative<InheritInput>(command_.input);
  own_group_ = !inherit;
  options.set_signals(own_group_);

  Pipe in;
  if (const auto* bytes = std::get_if<InputBytes>(&command_.input)) {
    IE_TRY_ASSIGN(in, make_pipe());
    posix_spawn_file_actions_adddup2(&options.actions, in.read_end.get(), STDIN_FILENO);
    pending_input_ = bytes->bytes;
  } else if (!inherit) {
    posix_spawn_file_actions_addopen(&options.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  IE_TRY_ASSIGN(Pipe out, make_pipe());
  posix_spawn_file_actions_adddup2(&options.actions, out.write_end.get(), STDOUT_FILENO);
  Pipe err;
  if (command_.error_output == ErrorOutput::kCapture) {
    IE_TRY_ASSIGN(err, make_pipe());
    posix_spawn_file_actions_adddup2(&options.actions, err.write_end.get(), STDERR_FILENO);
  } else if (command_.error_output == ErrorOutput::kDiscard) {
    posix_spawn_file_actions_addopen(&options.actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  if (!command_.cwd.empty()) posix_spawn_file_actions_addchdir_np(&options.actions, command_.cwd.c_str());
  IE_TRY(spawn(options));

  input_ = std::move(in.write_end);
  output_ = std::move(out.read_end);
  errors_ = std::move(err.read_end);
  for (const Fd* fd : {&input_, &output_, &errors_}) {
    if (fd->valid()) set_nonblocking(*fd);
  }
  if (pending_input_.empty()) input_.reset();
#ifdef SYS_pidfd_open
  pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
#endif
  if (command_.timeout > Duration{0}) deadline_ = monotonic_now() + command_.timeout;
  return {};
}

Status Child::spawn(SpawnOptions& options) {
  std::vector<std::string> args{command_.program};
  args.insert(args.end(), command_.args.begin(), command_.args.end());
  std::vector<std::string> env;
  const Environment variables = command_.env ? *command_.env : read_environment();
  for (const auto& [name, value] : variables) env.push_back(name + "=" + value);
  std::vector<char*> arg_pointers = pointers(args);
  std::vector<char*> env_pointers = pointers(env);
  const int failed = posix_spawn(&pid_, command_.program.c_str(), &options.actions, &options.attributes,
                                 arg_pointers.data(), env_pointers.data());
  if (failed == 0) return {};
  pid_ = -1;
  const std::string why =
      fmt::format("{}: {}", sanitise_line(command_.program), std::generic_category().message(failed));
  return failed == ENOENT ? fail(errors::kProgramMissing, why) : fail(errors::kProgramNotStarted, why);
}

void Child::pump_input() {
  const ssize_t written = ::write(input_.get(), pending_input_.data(), pending_input_.size());
  if (written > 0) pending_input_.remove_prefix(static_cast<std::size_t>(written));
  // A child that does not want the rest of its input is no failure.
  const bool refused = written < 0 && errno != EAGAIN && errno != EINTR;
  if (refused || pending_input_.empty()) input_.reset();
}

Status Child::pump_output() {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
  if (got > 0) {
    result_.out.append(buffer.data(), static_cast<std::size_t>(got));
    if (result_.out.size() > command_.max_output) {
      end_group();
      return fail(errors::kProgramOutput, fmt::format("{} wrote more than {} bytes",
                                                      sanitise_line(command_.program), command_.max_output));
    }
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    output_.reset();
  }
  return {};
}

void Child::pump_errors() {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(errors_.get(), buffer.data(), buffer.size());
  if (got > 0) {
    const std::size_t room =
        command_.max_error_output - std::min(command_.max_error_output, result_.err.size());
    result_.err.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    errors_.reset();
  }
}

int Child::poll_timeout() const {
  const Instant now = monotonic_now();
  Duration wait{-1};
  const auto sooner = [&](Duration length) {
    length = std::max(length, Duration{0});
    if (wait < Duration{0} || length < wait) wait = length;
  };
  if (deadline_) sooner(*deadline_ - now);
  if (drain_until_) sooner(*drain_until_ - now);
  if (!exited_ && !pidfd_.valid()) sooner(kPollWithoutPidfd);
  return static_cast<int>(std::min<Duration::rep>(wait.count(), 60'000));
}

Status Child::step() {
  // A negative descriptor makes poll skip its entry.
  std::array<pollfd, 5> entries{{{output_.get(), POLLIN, 0},
                                 {errors_.get(), POLLIN, 0},
                                 {input_.get(), POLLOUT, 0},
                                 {exited_ ? -1 : pidfd_.get(), POLLIN, 0},
                                 {exited_ ? -1 : command_.interrupt_fd, POLLIN, 0}}};
  if (::poll(entries.data(), entries.size(), poll_timeout()) < 0 && errno != EINTR) {
    return fail(errors::kProgramNotStarted, std::generic_category().message(errno));
  }
  if (entries[0].revents != 0) IE_TRY(pump_output());
  if (entries[1].revents != 0) pump_errors();
  if (entries[2].revents != 0) pump_input();
  if (!exited_ && reap(WNOHANG)) drain_until_ = monotonic_now() + kAfterExit;
  if (!exited_ && entries[4].revents != 0) {
    end_group();
    return fail(errors::kProgramInterrupted,
                fmt::format("{} was ended by an interruption", sanitise_line(command_.program)));
  }
  return check_limits();
}

Status Child::check_limits() {
  if (exited_ || !deadline_ || monotonic_now() < *deadline_) return {};
  end_group();
  return fail(errors::kProgramTimeout,
              fmt::format("{} did not end within {}", sanitise_line(command_.program),
                          format_duration(command_.timeout)));
}

void Child::end_group() {
  if (pid_ <= 0) return;
  send(SIGTERM);
  const Instant until = monotonic_now() + kGrace;
  while (monotonic_now() < until && !reap(WNOHANG)) {
    pollfd entry{pidfd_.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(pidfd_.valid() ? kGrace.count() : kPollWithoutPidfd.count()));
  }
}

Result<ProcessResult> Child::run() {
  const auto open = [&] { return output_.valid() || errors_.valid(); };
  while (!exited_ || (open() && (!drain_until_ || monotonic_now() < *drain_until_))) IE_TRY(step());
  return std::move(result_);
}

}  // namespace

std::string ProcessResult::describe() const {
  return signal != 0 ? fmt::format("signal {}", signal) : fmt::format("exit code {}", exit_code);
}

Result<ProcessResult> run_process(const Command& command) {
  Child child(command);
  IE_TRY(child.start());
  return child.run();
}

}  // namespace instantexec::os
