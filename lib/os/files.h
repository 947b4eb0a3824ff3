#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Files, read and written whole. Paths are bytes as the system has them; they are sanitised in messages.
namespace instantexec::os {

// What to do where a path's last part is a symbolic link.
enum class Symlinks { kFollow, kRefuse };

// What may stand at a path that is read. A pipe as in `--kubeconfig <(command)` is read only with
// kAnythingReadable, and may block.
enum class FileKind { kRegularOnly, kAnythingReadable };

inline constexpr std::size_t kDefaultMaxFileBytes = std::size_t{16} * 1024 * 1024;

struct ReadOptions {
  std::size_t max_bytes = kDefaultMaxFileBytes;
  Symlinks symlinks = Symlinks::kFollow;
  FileKind kind = FileKind::kRegularOnly;
};

// The whole content. Errors: file.missing, file.unreadable, file.not-regular (never blocks on a pipe or
// device then), file.too-large, file.unsafe-path for a refused link.
[[nodiscard]] Result<std::string> read_file(const std::string& path, const ReadOptions& options = {});

// Reads `relative` below the folder `root` without ever leaving it: "..", absolute paths and symbolic links
// in any part of `relative` give file.unsafe-path. For paths that come from a repository.
[[nodiscard]] Result<std::string> read_file_beneath(const std::string& root, std::string_view relative,
                                                    std::size_t max_bytes = kDefaultMaxFileBytes);

// Everything up to the end of an open file, pipe or terminal (standard input for `-f -`). `name` appears in
// errors.
[[nodiscard]] Result<std::string> read_all(int fd, std::string_view name, std::size_t max_bytes);

// Writes all bytes to a descriptor. Error output.closed when the reader has gone.
[[nodiscard]] Status write_all(int fd, std::string_view bytes);

// Permissions of what is created, whatever the umask.
enum class FileMode : std::uint16_t { kPrivate = 0600, kShared = 0644, kExecutable = 0755 };

// Replaces a file in one step: the bytes are written aside, flushed to the disk and renamed, so a reader sees
// the old content or the new. A symbolic link at `path` is replaced, not followed. Error file.not-written.
[[nodiscard]] Status write_file_atomic(const std::string& path, std::string_view bytes,
                                       FileMode mode = FileMode::kPrivate);

// Creates a folder and those above it, each 0700. One that exists is left as it is. Error file.not-written.
[[nodiscard]] Status make_private_directories(const std::string& path);

// Removes a file; a missing one is success. Error file.not-written.
[[nodiscard]] Status remove_file(const std::string& path);

[[nodiscard]] bool file_exists(const std::string& path);
[[nodiscard]] bool is_directory(const std::string& path);

// The folder relative paths start from. Error file.unreadable when it has been removed.
[[nodiscard]] Result<std::string> working_directory();

// Path arithmetic without looking at the disk: `path` as seen from the folder `base`, with "." and ".."
// folded. An absolute `path` ignores `base`.
[[nodiscard]] std::string resolve_path(std::string_view base, std::string_view path);
// The folder of a path: "/a" for "/a/b", "." for "b", "/" for "/b".
[[nodiscard]] std::string parent_path(std::string_view path);

struct ListOptions {
  bool recursive = true;
  std::size_t max_files = 10'000;
  std::size_t max_depth = 32;
  bool hidden = false;  // also names that begin with a dot
};

// A link, a pipe or another special file.
struct SkippedFile {
  std::string path;  // relative to the root
  std::string why;   // "symbolic link"
  friend auto operator<=>(const SkippedFile&, const SkippedFile&) = default;
};

struct FileListing {
  std::vector<std::string> files;    // regular files, paths relative to the root, sorted by bytes
  std::vector<SkippedFile> skipped;  // sorted by path
};

// The regular files below a folder. Symbolic links are never followed; they are reported as skipped. Errors:
// file.missing, file.unreadable, file.too-large when a limit is passed.
[[nodiscard]] Result<FileListing> list_files(const std::string& root, const ListOptions& options = {});

}  // namespace instantexec::os
