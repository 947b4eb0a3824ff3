#pragma once

#include "base/error.h"

namespace instantexec::journal::errors {

inline constexpr ErrorCode kNewer{"record.newer", ExitCode::kUsage,
                                  "The record of the release was written by a newer version of this program.",
                                  "update kubectl-instantexec"};
inline constexpr ErrorCode kBroken{
    "record.broken", ExitCode::kRollbackFailed,
    "A record of the release is missing, damaged or does not match its digest.",
    "kubectl get secret -l instantexec.dev/record -n NAMESPACE"};
inline constexpr ErrorCode kScope{"record.scope", ExitCode::kRollbackFailed,
                                  "The record would change objects that the release did not declare, so it "
                                  "may be forged; nothing was written.",
                                  "kubectl get secret -l instantexec.dev/record -n NAMESPACE"};
inline constexpr ErrorCode kTooLarge{"record.too-large", ExitCode::kValidationFailed,
                                     "The release is too large to be recorded.",
                                     "split it into several releases"};

}  // namespace instantexec::journal::errors
