#pragma once

#include "cli/outcome.h"
#include "cli/verbs.h"

namespace instantexec::cli {

// Verbs that work on plans and on recorded releases.
[[nodiscard]] Outcome run_plan(const VerbContext& context);
// deploy --plan FILE.
[[nodiscard]] Outcome run_saved_plan(const VerbContext& context);
[[nodiscard]] Outcome run_rollback(const VerbContext& context);
[[nodiscard]] Outcome run_recover(const VerbContext& context);
[[nodiscard]] Outcome run_status(const VerbContext& context);
[[nodiscard]] Outcome run_history(const VerbContext& context);

// A failed outcome: the report of `verb` with the error and its exit code. Interruptions before anything was
// written end with the signal's own status.
[[nodiscard]] Outcome failed(model::RunReport report, Error error, std::optional<int> signal);

// Asks the user about a change to the cluster when somebody can answer and --yes was not given; true
// otherwise.
[[nodiscard]] Result<bool> confirm(const VerbContext& context, const std::string& question);

}  // namespace instantexec::cli
