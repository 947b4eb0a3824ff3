#pragma once

#include "base/error.h"

namespace instantexec::pipeline::errors {

inline constexpr ErrorCode kStageTimeout{
    "stage.timeout", ExitCode::kValidationFailed,
    "A stage did not end within its limit; nothing was written.",
    "raise `timeout` of the stage in config/instant-execution-pipeline.yaml"};
inline constexpr ErrorCode kInterrupted{"stage.interrupted", ExitCode::kInterrupted,
                                        "The run was interrupted before anything was written.",
                                        "run the same command again"};

inline constexpr ErrorCode kDeclined{"declined", ExitCode::kRejected,
                                     "The question was not answered with yes.",
                                     "pass --yes to go on without being asked"};

}  // namespace instantexec::pipeline::errors
