#pragma once

#include "base/error.h"

// What can go wrong between this program and the operating system.
namespace instantexec::os::errors {

inline constexpr ErrorCode kFileMissing{"file.missing", ExitCode::kUsage, "A file or folder does not exist.",
                                        "check the path"};
inline constexpr ErrorCode kFileUnreadable{"file.unreadable", ExitCode::kUsage,
                                           "A file or folder exists but could not be read.",
                                           "check its permissions and those of the folders above it"};
inline constexpr ErrorCode kFileNotRegular{
    "file.not-regular", ExitCode::kUsage, "Something else than a regular file stands where a file is needed.",
    "name a regular file"};
inline constexpr ErrorCode kFileTooLarge{"file.too-large", ExitCode::kUsage,
                                         "An input is larger than this program reads.",
                                         "name a smaller input"};
inline constexpr ErrorCode kFileUnsafePath{"file.unsafe-path", ExitCode::kUsage,
                                           "A path leaves the folder it must stay in, or goes through a "
                                           "symbolic link.",
                                           "name a file below the folder, without links"};
inline constexpr ErrorCode kFileNotWritten{"file.not-written", ExitCode::kUsage,
                                           "A file could not be written; the old one, if any, is unchanged.",
                                           "check free space and permissions"};
inline constexpr ErrorCode kOutputClosed{"output.closed", ExitCode::kInternal,
                                         "Whoever read the output of this program has gone.", ""};
inline constexpr ErrorCode kProgramMissing{"program.missing", ExitCode::kUsage,
                                           "A program this run needs is not installed.",
                                           "install it or put its folder into PATH"};
inline constexpr ErrorCode kProgramUnsafe{"program.unsafe-path", ExitCode::kUsage,
                                          "A program was found through a relative entry of PATH, which "
                                          "whoever owns the working directory could have planted.",
                                          "remove relative and empty entries from PATH"};
inline constexpr ErrorCode kProgramNotStarted{"program.not-started", ExitCode::kUsage,
                                              "A program could not be started.",
                                              "check that it is executable and made for this machine"};
inline constexpr ErrorCode kProgramTimeout{"program.timeout", ExitCode::kInternal,
                                           "A program took too long and was ended.", ""};
inline constexpr ErrorCode kProgramInterrupted{"program.interrupted", ExitCode::kInterrupted,
                                               "A program was ended because this run was interrupted.", ""};
inline constexpr ErrorCode kProgramOutput{"program.output-too-large", ExitCode::kInternal,
                                          "A program wrote more than this program reads and was ended.", ""};
inline constexpr ErrorCode kNoTerminal{"terminal.none", ExitCode::kUsage,
                                       "A question must be answered, and there is no terminal to ask on.",
                                       "repeat the command with --yes"};

}  // namespace instantexec::os::errors
