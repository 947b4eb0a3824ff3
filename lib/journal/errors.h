#pragma once

#include "base/error.h"

namespace instantexec::journal::errors {

inline constexpr ErrorCode kNewer{"record.newer", ExitCode::kUsage,
                                  "The record of the release was written by a newer version of this program.",
                                  "update kubectl-instantexec"};
inline constexpr ErrorCode kBroken{
    "record.broken", ExitCode::kRollbackFailed,
    "A record of the release is missing, damaged or does not match its digest.",
    "kubectl get secret -l instantexec.dev/record -n NAMESPACE; see docs/formats/journal.md, When a record "
    "cannot be used"};
inline constexpr ErrorCode kScope{"record.scope", ExitCode::kRollbackFailed,
                                  "The record would change objects that the release did not declare, so it "
                                  "may be forged; nothing was written.",
                                  "kubectl get secret -l instantexec.dev/record -n NAMESPACE; see "
                                  "docs/formats/journal.md, When a record cannot be used"};
inline constexpr ErrorCode kTooLarge{"record.too-large", ExitCode::kValidationFailed,
                                     "The release is too large to be recorded; nothing was written.",
                                     "split it into several releases"};
inline constexpr ErrorCode kKeyInvalid{
    "record.key-invalid", ExitCode::kUsage, "The key of the records cannot be used.",
    "put at least 32 random bytes, as text, into INSTANTEXEC_JOURNAL_KEY or "
    "the file of --journal-key-file: openssl rand -base64 32"};
inline constexpr ErrorCode kKeyMissing{
    "record.key-missing", ExitCode::kUsage, "The record of the release is sealed, and no key was given.",
    "set INSTANTEXEC_JOURNAL_KEY or --journal-key-file as for the last deploy"};
inline constexpr ErrorCode kKeyWrong{
    "record.key-wrong", ExitCode::kUsage, "The record of the release was sealed with another key.",
    "set INSTANTEXEC_JOURNAL_KEY or --journal-key-file as for the last deploy"};
inline constexpr ErrorCode kTampered{
    "record.tampered", ExitCode::kRollbackFailed,
    "A sealed record of the release was altered by somebody without the key; "
    "nothing was written.",
    "kubectl get secret -l instantexec.dev/record -n NAMESPACE --show-managed-fields -o yaml; see "
    "docs/formats/journal.md, When a record cannot be used"};
inline constexpr ErrorCode kUnsealed{
    "record.unsealed", ExitCode::kUsage, "A key was given, and the record of the release is not sealed.",
    "if the record was written before there was a key, repeat the command once "
    "with --seal-existing"};

}  // namespace instantexec::journal::errors
