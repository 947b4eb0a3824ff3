#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/text.h"
#include "os/errors.h"
#include "os/fd.h"
#include "os/files.h"
#include "os/random.h"

namespace instantexec::os {
namespace {

Error write_error(int error_number, std::string_view path) {
  return make_error(errors::kFileNotWritten, fmt::format("{}: {}", sanitise_line(path),
                                                         std::generic_category().message(error_number)));
}

// The rename itself must survive a power cut, or the journal could go back in time. Best effort: some file
// systems refuse to flush a folder.
void flush_folder(const std::string& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) static_cast<void>(::fsync(fd.get()));
}

Status write_aside(const std::string& aside, std::string_view bytes, FileMode mode) {
  const auto permissions = static_cast<mode_t>(mode);
  const Fd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail(write_error(errno, aside));
  if (::fchmod(fd.get(), permissions) != 0) return fail(write_error(errno, aside));
  IE_TRY(write_all(fd.get(), bytes));
  if (::fsync(fd.get()) != 0) return fail(write_error(errno, aside));
  return {};
}

}  // namespace

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      pollfd entry{fd, POLLOUT, 0};
      static_cast<void>(::poll(&entry, 1, -1));
      continue;
    }
    if (errno == EPIPE) return fail(errors::kOutputClosed, "the output was closed while writing");
    return fail(write_error(errno, "output"));
  }
  return {};
}

Status write_file_atomic(const std::string& path, std::string_view bytes, FileMode mode) {
  const std::string aside = fmt::format("{}.{}.tmp", path, random_hex(6));
  if (auto written = write_aside(aside, bytes, mode); !written) {
    ::unlink(aside.c_str());
    return written;
  }
  if (std::rename(aside.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(aside.c_str());
    return fail(write_error(error_number, path));
  }
  flush_folder(parent_path(path));
  return {};
}

Status make_private_directories(const std::string& path) {
  if (path.empty() || is_directory(path)) return {};
  const std::string above = parent_path(path);
  if (above != path) IE_TRY(make_private_directories(above));
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  // Somebody else may have created it meanwhile.
  if (errno == EEXIST && is_directory(path)) return {};
  return fail(write_error(errno, path));
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(write_error(errno, path));
}

}  // namespace instantexec::os
