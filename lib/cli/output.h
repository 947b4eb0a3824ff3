#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "cli/outcome.h"
#include "os/env.h"

namespace instantexec::cli {

// The outcome in one format. Formats that show a run (sarif, junit, markdown, github) show the report in
// them.
[[nodiscard]] std::string render(const Outcome& outcome, Format format, const report::TextOptions& text);

// Writes the outcome to every destination; text on standard output when none is named. A failed destination
// does not keep the others from being written; the first error is returned. Errors output.closed,
// file.*.
[[nodiscard]] Status write_outputs(const Outcome& outcome, const OutputFlags& flags,
                                   const os::Environment& environment);

// A machine format goes to standard output, so nothing else may.
[[nodiscard]] bool machine_output(const OutputFlags& flags);

}  // namespace instantexec::cli
