#pragma once

#include "cli/outcome.h"
#include "cli/verbs.h"

namespace instantexec::cli {

// run, deploy, analyze, validate: the pipeline with all stages or one.
[[nodiscard]] Outcome run_pipeline_verb(const VerbContext& context);

// baseline: the live namespace alone.
[[nodiscard]] Outcome run_baseline(const VerbContext& context);

}  // namespace instantexec::cli
