#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/options.h"

namespace instantexec::cli {

// Option values as CLI11 fills them, before they are checked and typed.
struct RawOptions {
  Options options;
  std::string token, prune, dry_run, timeout, lock_timeout, stage;
  std::string color = "auto", log_format = "text", wait = "true";
  std::vector<std::string> outputs, formats;
  bool no_rollback = false;
  bool no_git = false;
  double max_risk = -1;
  double min_confidence = -1;
};

// Declares every flag on the program; they may stand before or after the verb.
void declare_flags(CLI::App& app, RawOptions& raw);

// Checks and types what CLI11 took as text, and fills in the environment. Error usage.
[[nodiscard]] Result<Options> finish_options(RawOptions raw, const os::Environment& environment);

}  // namespace instantexec::cli
