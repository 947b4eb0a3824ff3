#pragma once

#include "cli/outcome.h"
#include "cli/verbs.h"

namespace instantexec::cli {

// health: the release's objects, or selected ones, as a tree of what they are made of; with -f the objects of
// files, judged as a snapshot without a cluster. Exit code 0 when all are ready, 1 when one is not or there
// is none; 2 when a part of the files cannot be judged, whatever is said of the rest.
[[nodiscard]] Outcome run_health(const VerbContext& context);

}  // namespace instantexec::cli
