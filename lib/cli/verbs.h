#pragma once

#include <string>

#include "cli/options.h"
#include "cli/outcome.h"
#include "engine/ports.h"
#include "os/env.h"

namespace instantexec::cli {

// What a verb runs in.
struct VerbContext {
  const Options& options;
  const os::Environment& environment;
  engine::EventSink& events;  // progress
};

// Runs the verb and says how it ended; errors are in the report, with the exit code. Not for help, version
// and explain.
[[nodiscard]] Outcome run_verb(const VerbContext& context);

}  // namespace instantexec::cli
