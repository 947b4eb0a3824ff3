#pragma once

#include "base/error.h"

// What an API server says no with, and answers that no API server gives.
namespace instantexec::kube::errors {

inline constexpr ErrorCode kUnauthorized{"kube.unauthorized", ExitCode::kUnreachable,
                                         "The API server does not accept the credentials (401).",
                                         "kubectl auth whoami"};
inline constexpr ErrorCode kForbidden{"kube.forbidden", ExitCode::kUnreachable,
                                      "The identity may not do this (403).", "kubectl auth can-i --list"};
inline constexpr ErrorCode kAdmissionDenied{
    "kube.admission-denied", ExitCode::kRejected,
    "Admission refused the object: quota, Pod Security, a policy or a webhook (403).",
    "kubectl get resourcequota,limitrange and the policy named in the message"};
inline constexpr ErrorCode kNamespaceTerminating{"kube.namespace-terminating", ExitCode::kRejected,
                                                 "The namespace is being deleted; nothing can be made in it.",
                                                 "kubectl get namespace"};
inline constexpr ErrorCode kNotFound{"kube.not-found", ExitCode::kUsage, "The object does not exist (404).",
                                     "kubectl get"};
inline constexpr ErrorCode kKindNotServed{"kube.kind-not-served", ExitCode::kValidationFailed,
                                          "The cluster does not serve this kind at this version.",
                                          "kubectl api-resources"};
inline constexpr ErrorCode kAlreadyExists{"kube.already-exists", ExitCode::kRejected,
                                          "An object of this name exists already (409).", "kubectl get"};
inline constexpr ErrorCode kConflict{"kube.conflict", ExitCode::kRejected,
                                     "The object changed since it was read (409).", "try again"};
inline constexpr ErrorCode kOwnershipConflict{
    "kube.ownership-conflict", ExitCode::kRejected, "Another field manager owns a field of the object (409).",
    "kubectl get --show-managed-fields -o yaml, then leave the field out or take it over deliberately"};
inline constexpr ErrorCode kInvalid{"kube.invalid", ExitCode::kValidationFailed,
                                    "The API server refused the object as invalid (400, 422).",
                                    "kubectl explain"};
inline constexpr ErrorCode kTooLarge{"kube.too-large", ExitCode::kValidationFailed,
                                     "The object is larger than the API server takes (413).", ""};
inline constexpr ErrorCode kExpired{"kube.expired", ExitCode::kUnreachable,
                                    "The server no longer holds the state asked for (410).", "try again"};
inline constexpr ErrorCode kTooManyRequests{"kube.too-many-requests", ExitCode::kUnreachable,
                                            "The API server is overloaded and refused the request (429).",
                                            "kubectl get flowschemas,prioritylevelconfigurations"};
inline constexpr ErrorCode kUnavailable{"kube.unavailable", ExitCode::kUnreachable,
                                        "The API server, or something behind it, failed (5xx).",
                                        "kubectl get --raw /readyz?verbose"};
inline constexpr ErrorCode kRejected{"kube.rejected", ExitCode::kRejected,
                                     "The API server refused the request (4xx).", ""};
inline constexpr ErrorCode kBadAnswer{
    "kube.bad-answer", ExitCode::kUnreachable,
    "The answer is not one an API server gives: a redirect, a login page, a cut or foreign object.",
    "check that the server URL points to an API server and not to a login or proxy page"};
inline constexpr ErrorCode kBadRequest{"kube.bad-request", ExitCode::kInternal,
                                       "A request could not be built: a name or namespace is missing.", ""};
inline constexpr ErrorCode kInterrupted{"kube.interrupted", ExitCode::kInterrupted,
                                        "The run was interrupted while it waited for the API server.", ""};

}  // namespace instantexec::kube::errors
