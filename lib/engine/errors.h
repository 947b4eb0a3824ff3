#pragma once

#include "base/error.h"

namespace instantexec::engine::errors {

inline constexpr ErrorCode kLocked{
    "release.locked", ExitCode::kLocked, "Another run holds the lock of this release.",
    "wait for it, or end it (cancel its CI job, or SIGTERM); a dead one is taken over once its Lease was "
    "seen unchanged for 30 s; who holds it: kubectl instantexec status"};
inline constexpr ErrorCode kLockLost{
    "release.lock-lost", ExitCode::kInterrupted,
    "The lock could not be renewed in time, so writing stopped; another run may have taken over.",
    "kubectl instantexec recover"};
inline constexpr ErrorCode kInterrupted{"interrupted", ExitCode::kInterrupted,
                                        "The run was interrupted before it changed anything.", ""};
inline constexpr ErrorCode kUnfinished{
    "unfinished", ExitCode::kInterrupted,
    "The run ended before its work was done; its record says what is left.", "kubectl instantexec recover"};
inline constexpr ErrorCode kAccessMissing{
    "access.missing", ExitCode::kUnreachable,
    "The identity of this run may not do what the release or its rollback needs; nothing was written.",
    "kubectl instantexec rbac"};
inline constexpr ErrorCode kReleaseName{
    "release.name", ExitCode::kUsage,
    "A release name is a DNS label: lower-case letters, digits and dashes, at most 53 characters.",
    "name the release with --release"};
inline constexpr ErrorCode kReleaseNotFound{
    "release.not-found", ExitCode::kUsage, "No record of this release exists in the namespace.",
    "kubectl get secrets -A -l instantexec.dev/record -L instantexec.dev/release"};
inline constexpr ErrorCode kRevisionNotFound{"revision.not-found", ExitCode::kUsage,
                                             "The release has no such revision to go back to.",
                                             "kubectl instantexec history"};
inline constexpr ErrorCode kRecordChanged{
    "record.changed", ExitCode::kLocked,
    "The record of the release changed while this run held a copy; another run worked on it.",
    "run the same command again"};
inline constexpr ErrorCode kRecordRefused{
    "record.refused", ExitCode::kUnreachable,
    "The API server refuses to store the record or the lock of the release: a right is missing, or an "
    "admission policy or webhook forbids it.",
    "let Secrets and Leases with the label instantexec.dev/release pass"};
inline constexpr ErrorCode kContested{"plan.contested", ExitCode::kLocked,
                                      "Somebody else changes an object of the release again and again, so no "
                                      "plan fits it; nothing was written.",
                                      "run the same command again"};
inline constexpr ErrorCode kReadFailed{"cluster.read-failed", ExitCode::kUnreachable,
                                       "The API server did not answer a read.", "kubectl get --raw /readyz"};
inline constexpr ErrorCode kWriteFailed{"cluster.write-failed", ExitCode::kUnreachable,
                                        "The API server did not accept a write of a record.",
                                        "kubectl get --raw /readyz"};

}  // namespace instantexec::engine::errors
