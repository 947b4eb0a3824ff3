#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/text.h"
#include "os/errors.h"
#include "os/fd.h"
#include "os/files.h"

namespace instantexec::os {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

class Walk {
 public:
  explicit Walk(const ListOptions& options) : options_(options) {}

  // Lists the folder `name` inside `parent` (AT_FDCWD for the root), whose path is `prefix` with a slash.
  Status folder(int parent, const std::string& name, const std::string& prefix, std::size_t depth) {
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    if (depth > 0) flags |= O_NOFOLLOW;
    const int fd = ::openat(parent, name.c_str(), flags);
    if (fd < 0) return fail(folder_error(errno, depth == 0 ? name : prefix));
    const Dir dir(::fdopendir(fd));
    if (!dir) return fail(folder_error(errno, prefix));
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string child = entry->d_name;
      if (child == "." || child == ".." || (child.front() == '.' && !options_.hidden)) continue;
      IE_TRY(visit(::dirfd(dir.get()), child, prefix + child, depth));
    }
    return {};
  }

  FileListing finish() && {
    std::sort(listing_.files.begin(), listing_.files.end());
    std::sort(listing_.skipped.begin(), listing_.skipped.end());
    return std::move(listing_);
  }

 private:
  static Error folder_error(int error_number, std::string_view path) {
    if (error_number == ENOENT) {
      return make_error(errors::kFileMissing, fmt::format("{} does not exist", sanitise_line(path)));
    }
    return make_error(errors::kFileUnreadable, fmt::format("{}: {}", sanitise_line(path),
                                                           std::generic_category().message(error_number)));
  }

  Status visit(int parent, const std::string& name, const std::string& path, std::size_t depth) {
    struct stat info {};
    // A file that vanished between listing and looking is simply not there.
    if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {};
    if (S_ISREG(info.st_mode)) {
      if (listing_.files.size() >= options_.max_files) {
        return fail(errors::kFileTooLarge, fmt::format("more than {} files", options_.max_files));
      }
      listing_.files.push_back(path);
    } else if (S_ISDIR(info.st_mode)) {
      if (!options_.recursive) return {};
      if (depth >= options_.max_depth) {
        return fail(errors::kFileTooLarge, fmt::format("{} is nested deeper than {} folders",
                                                       sanitise_line(path), options_.max_depth));
      }
      return folder(parent, name, path + "/", depth + 1);
    } else {
      listing_.skipped.push_back({path, S_ISLNK(info.st_mode) ? "symbolic link" : "not a regular file"});
    }
    return {};
  }

  const ListOptions& options_;
  FileListing listing_;
};

}  // namespace

Result<FileListing> list_files(const std::string& root, const ListOptions& options) {
  Walk walk(options);
  IE_TRY(walk.folder(AT_FDCWD, root, "", 0));
  return std::move(walk).finish();
}

}  // namespace instantexec::os
