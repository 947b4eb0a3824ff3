#include "os/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace instantexec::os {
namespace {

// Only lock-free atomics and write() may be used in a handler.
std::atomic<int> write_end{-1};
std::atomic<int> read_end{-1};
std::array<std::atomic<bool>, NSIG> seen{};
std::atomic<int> first{0};
std::atomic<void (*)() noexcept> continued{nullptr};
static_assert(std::atomic<void (*)() noexcept>::is_always_lock_free);
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int signal) {
  const int saved = errno;
  if (seen[static_cast<std::size_t>(signal)].exchange(true)) ::_exit(128 + signal);
  int none = 0;
  first.compare_exchange_strong(none, signal);
  const auto byte = static_cast<unsigned char>(signal);
  static_cast<void>(!::write(write_end.load(), &byte, 1));
  errno = saved;
}

extern "C" void on_sigcont(int /*signal*/) {
  if (auto* call = continued.load()) call();
}

void handle(int signal, void (*handler)(int) = on_signal) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Status install_signal_handlers(void (*on_continue)() noexcept) {
  if (read_end.load() < 0) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      return fail(errors::kInternal, "no pipe for signals");
    }
    read_end = ends[0];
    write_end = ends[1];
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);
  handle(SIGINT);
  handle(SIGTERM);
  if (!is_ignored(SIGHUP)) handle(SIGHUP);
  continued = on_continue;
  if (on_continue != nullptr) handle(SIGCONT, on_sigcont);
  return {};
}

int signal_fd() {
  return read_end.load();
}

std::optional<int> take_signal() {
  unsigned char byte = 0;
  if (read_end.load() < 0 || ::read(read_end.load(), &byte, 1) != 1) return std::nullopt;
  return byte;
}

std::optional<int> received_signal() {
  const int signal = first.load();
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

void exit_for_signal(int signal) {
  std::exit(128 + signal);
}

}  // namespace instantexec::os
