#pragma once

#include "base/error.h"

namespace instantexec::vcs::errors {

inline constexpr ErrorCode kNoGit{"vcs.no-git", ExitCode::kUsage, "The git program was not found.",
                                  "install git, or pass --no-git to analyse the manifests alone"};
inline constexpr ErrorCode kNoRepository{"vcs.no-repository", ExitCode::kUsage,
                                         "The folder is not in a git repository.",
                                         "git init, or run in the folder of the repository"};
inline constexpr ErrorCode kGitFailed{"vcs.git-failed", ExitCode::kInternal, "A git command failed.",
                                      "git status"};

}  // namespace instantexec::vcs::errors
