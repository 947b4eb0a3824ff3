#pragma once

#include "cli/settings.h"
#include "engine/repository.h"
#include "manifest/load.h"
#include "validate/test_suites.h"

namespace instantexec::cli {

// Reads what the test suites of stage 2 look at: the configuration file and those it asks for, the YAML files
// of the release, and the names of the repository's files (without one: of the folder's, hidden ones left
// out). Never fails: a file that cannot be read is a failed test. `manifests` are the release's, for their
// files and reading problems; `repository` may be null.
[[nodiscard]] validate::SuiteInputs suite_inputs(const LoadedConfig& config,
                                                 const manifest::Manifests& manifests,
                                                 engine::Repository* repository);

}  // namespace instantexec::cli
