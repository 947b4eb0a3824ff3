#pragma once

#include "base/error.h"

namespace instantexec::plan::errors {

inline constexpr ErrorCode kInvalidPlan{"plan.invalid", ExitCode::kUsage, "A saved plan could not be read.",
                                        "make a new one with kubectl instantexec plan --out plan.json"};
inline constexpr ErrorCode kDrifted{
    "plan.drifted", ExitCode::kValidationFailed,
    "The cluster is not any more what the saved plan was made for; nothing of it was written.",
    "make a new plan with kubectl instantexec plan --out plan.json"};
inline constexpr ErrorCode kInvalidManifests{
    "manifests.invalid", ExitCode::kValidationFailed,
    "The manifests cannot be one release: an object without identity, twice, or of an unknown kind.", ""};
inline constexpr ErrorCode kCycle{"plan.cycle", ExitCode::kValidationFailed,
                                  "The objects wait for each other in a circle.",
                                  "remove one of the references named in the message"};

}  // namespace instantexec::plan::errors
