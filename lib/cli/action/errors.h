#pragma once

#include "base/error.h"

namespace instantexec::cli::action::errors {

inline constexpr ErrorCode kInput{"action.input", ExitCode::kUsage,
                                  "An input of the GitHub Action has a value it cannot have.",
                                  "correct the `with:` of the step; action/action.yml lists the inputs"};
inline constexpr ErrorCode kRunnerFile{
    "action.runner-file", ExitCode::kInternal,
    "A file the runner of the GitHub Action offers for outputs could not be written.",
    "check that the disk of the runner is not full"};

}  // namespace instantexec::cli::action::errors
