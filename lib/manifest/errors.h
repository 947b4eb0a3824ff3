#pragma once

#include "base/error.h"

// Error codes of reading YAML and JSON. Each is also the rule id of the Finding made from it.
namespace instantexec::manifest::errors {

inline constexpr ErrorCode kSyntax{"yaml.syntax", ExitCode::kUsage, "A file is not well-formed YAML or JSON.",
                                   "correct the file at the place named"};
inline constexpr ErrorCode kEncoding{
    "yaml.encoding", ExitCode::kUsage,
    "A file holds bytes that are not UTF-8 text or that YAML does not allow.",
    "save the file as UTF-8 without control characters"};
inline constexpr ErrorCode kTooLarge{
    "yaml.too-large", ExitCode::kUsage,
    "A file is larger, deeper or expands to more than the bounds that protect this program.",
    "split the file, or write repeated parts out instead of using aliases"};
inline constexpr ErrorCode kDuplicateKey{"yaml.duplicate-key", ExitCode::kUsage,
                                         "A mapping holds the same key twice; a reader would keep only one.",
                                         "remove one of the two"};
inline constexpr ErrorCode kUnsupported{"yaml.unsupported-value", ExitCode::kUsage,
                                        "A file holds a value that JSON, and so Kubernetes, cannot express.",
                                        "quote the value or remove it"};

}  // namespace instantexec::manifest::errors
