#pragma once

#include "base/error.h"

// One code per class of refusal, with the exit classes the real adapter gives them.
namespace instantexec::sim::errors {

inline constexpr ErrorCode kForbidden{"simulation.forbidden", ExitCode::kUnreachable,
                                      "The simulated identity may not do this (401, 403).", ""};
inline constexpr ErrorCode kAdmissionDenied{
    "simulation.admission-denied", ExitCode::kRejected,
    "Simulated admission refused the object: quota or namespace (403).", ""};
inline constexpr ErrorCode kNotFound{"simulation.not-found", ExitCode::kUsage,
                                     "The object does not exist in the simulation (404).", ""};
inline constexpr ErrorCode kConflict{"simulation.conflict", ExitCode::kRejected,
                                     "The simulated object changed, exists, or has another owner (409).", ""};
inline constexpr ErrorCode kInvalid{"simulation.invalid", ExitCode::kValidationFailed,
                                    "The simulated API server refused the object as invalid (400, 422).", ""};
inline constexpr ErrorCode kRejected{"simulation.rejected", ExitCode::kRejected,
                                     "The simulated API server refused the request (4xx).", ""};
inline constexpr ErrorCode kUnavailable{"simulation.unavailable", ExitCode::kUnreachable,
                                        "The simulated API server failed or is overloaded (429, 5xx).",
                                        "repeat the command"};
inline constexpr ErrorCode kUnanswered{"simulation.unanswered", ExitCode::kUnreachable,
                                       "The simulated API server gave no answer to a request.",
                                       "repeat the command"};
inline constexpr ErrorCode kUnservable{
    "simulation.unservable", ExitCode::kValidationFailed,
    "A request names a kind that the simulated API server does not serve, or no "
    "namespace.",
    ""};

// The code of a refusal by its HTTP status; 403 by admission is apart from missing rights.
[[nodiscard]] const ErrorCode& code_of(int http_status, bool by_admission);

}  // namespace instantexec::sim::errors
