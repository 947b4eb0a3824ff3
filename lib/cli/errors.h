#pragma once

#include "base/error.h"

namespace instantexec::cli::errors {

inline constexpr ErrorCode kNothingToDeploy{
    "input.none", ExitCode::kUsage, "No manifest was named, and the configuration names none either.",
    "pass -f FILE, -k FOLDER, or list `manifests:` in config/instant-execution-pipeline.yaml"};
inline constexpr ErrorCode kToolFailed{"input.tool-failed", ExitCode::kUsage,
                                       "A program that renders manifests failed.",
                                       "run the same command by hand to see its whole output"};
inline constexpr ErrorCode kNotAvailable{"cluster.needed", ExitCode::kUsage,
                                         "This command needs a cluster and cannot run with --dry-run=client.",
                                         "use --dry-run=server, or --simulate"};
inline constexpr ErrorCode kUnknownTopic{"explain.unknown", ExitCode::kUsage,
                                         "There is no such code or finding.", "kubectl instantexec explain"};

}  // namespace instantexec::cli::errors
