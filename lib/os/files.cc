#include "os/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "os/errors.h"
#include "os/fd.h"

namespace instantexec::os {
namespace {

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

Error open_error(int error_number, std::string_view path) {
  const std::string shown = sanitise_line(path);
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return make_error(errors::kFileMissing, fmt::format("{} does not exist", shown));
    case ELOOP:
      return make_error(errors::kFileUnsafePath, fmt::format("{} is a symbolic link", shown));
    default:
      return make_error(errors::kFileUnreadable, fmt::format("{}: {}", shown, reason(error_number)));
  }
}

// Checks what was opened, then reads it. The check is on the descriptor, so nobody can swap the file between.
Result<std::string> read_opened(const Fd& fd, std::string_view path, const ReadOptions& options) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail(open_error(errno, path));
  const std::string shown = sanitise_line(path);
  if (S_ISDIR(info.st_mode)) return fail(errors::kFileNotRegular, fmt::format("{} is a folder", shown));
  if (!S_ISREG(info.st_mode) && options.kind == FileKind::kRegularOnly) {
    return fail(errors::kFileNotRegular, fmt::format("{} is not a regular file", shown));
  }
  return read_all(fd.get(), path, options.max_bytes);
}

bool wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

Result<std::string> read_file(const std::string& path, const ReadOptions& options) {
  // O_NONBLOCK keeps open() from waiting for the other end of a pipe before we know that it is one.
  int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
  if (options.kind == FileKind::kRegularOnly) flags |= O_NONBLOCK;
  if (options.symlinks == Symlinks::kRefuse) flags |= O_NOFOLLOW;
  const Fd fd(::open(path.c_str(), flags));
  if (!fd.valid()) return fail(open_error(errno, path));
  return read_opened(fd, path, options);
}

Result<std::string> read_file_beneath(const std::string& root, std::string_view relative,
                                      std::size_t max_bytes) {
  const auto unsafe = [&](std::string_view why) {
    return fail(errors::kFileUnsafePath, fmt::format("{} {}", sanitise_line(relative), why));
  };
  if (relative.empty() || relative.front() == '/') return unsafe("is not a relative path");
  if (relative.find('\0') != std::string_view::npos) return unsafe("holds a NUL byte");
  Fd folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return fail(open_error(errno, root));

  std::vector<std::string> parts;
  for (const std::string_view part : split(relative, '/')) {
    if (part == "..") return unsafe("leaves its folder");
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  if (parts.empty()) return unsafe("is a folder");
  // One part at a time, each refusing links: no part can be exchanged for a link while we walk.
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    Fd next(::openat(folder.get(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) {
      const int error_number = errno;
      struct stat info {};
      const bool link =
          ::fstatat(folder.get(), parts[i].c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
      if (link) return unsafe("goes through a symbolic link");
      return fail(open_error(error_number, relative));
    }
    folder = std::move(next);
  }
  const Fd file(::openat(folder.get(), parts.back().c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return fail(open_error(errno, relative));
  return read_opened(file, relative, ReadOptions{.max_bytes = max_bytes});
}

Result<std::string> read_all(int fd, std::string_view name, std::size_t max_bytes) {
  std::string out;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return out;
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN && wait_for(fd, POLLIN)) continue;
      return fail(errors::kFileUnreadable, fmt::format("{}: {}", sanitise_line(name), reason(errno)));
    }
    out.append(buffer.data(), static_cast<std::size_t>(got));
    if (out.size() > max_bytes) {
      return fail(errors::kFileTooLarge,
                  fmt::format("{} is larger than {} bytes", sanitise_line(name), max_bytes));
    }
  }
}

bool file_exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<std::string> working_directory() {
  std::error_code code;
  const auto path = std::filesystem::current_path(code);
  if (code) return fail(errors::kFileUnreadable, fmt::format("the working directory: {}", code.message()));
  return path.string();
}

std::string resolve_path(std::string_view base, std::string_view path) {
  const std::filesystem::path joined = std::filesystem::path(base) / std::filesystem::path(path);
  std::string out = joined.lexically_normal().string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

std::string parent_path(std::string_view path) {
  std::string out = std::filesystem::path(path).parent_path().string();
  return out.empty() ? "." : out;
}

}  // namespace instantexec::os
