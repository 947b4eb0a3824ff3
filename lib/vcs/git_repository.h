#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "engine/repository.h"

namespace instantexec::vcs {

struct GitOptions {
  std::string git;     // path of the git program
  std::string folder;  // any folder inside the work tree
  // Read the repository although another user owns it, as in a CI container whose checkout was made outside.
  // Only for folders the user named; hooks, external diffs and file-system monitors stay off either way.
  bool trust_owner = false;
  Duration timeout{4000};  // of each git command
  Timestamp now;           // ages are measured from here
};

// Opens the repository around `folder`. Errors vcs.no-repository, vcs.git-failed.
[[nodiscard]] Result<std::unique_ptr<engine::Repository>> open_git_repository(GitOptions options);

// The commit id of HEAD, empty before the first commit. Same errors.
[[nodiscard]] Result<std::string> head_commit(const GitOptions& options);

}  // namespace instantexec::vcs
