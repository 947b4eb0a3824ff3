#pragma once

#include "base/error.h"

namespace instantexec::sim::errors {

inline constexpr ErrorCode kRejected{"simulation.rejected", ExitCode::kUnreachable,
                                     "The simulated API server refused a request.", ""};
inline constexpr ErrorCode kUnanswered{"simulation.unanswered", ExitCode::kUnreachable,
                                       "The simulated API server gave no answer to a request.",
                                       "repeat the command"};
inline constexpr ErrorCode kUnservable{"simulation.unservable", ExitCode::kUsage,
                                       "A request names a kind that the simulated API server does not serve.",
                                       ""};

}  // namespace instantexec::sim::errors
