#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "model/object.h"
#include "os/env.h"
#include "status/custom_rule.h"

namespace instantexec::cli {

// Rules of kinds in the order in which they are asked: --rules FILE, `health_rules` of the configuration, the
// bundled ones. Errors file.*, yaml.*, health.rule-invalid with the place.
[[nodiscard]] Result<std::vector<status::CustomRule>> load_health_rules(const Options& options,
                                                                        const LoadedConfig& config);

// The objects in the files of -f, lists taken apart. Errors file.*, yaml.*, input.none, input.invalid for
// what is no Kubernetes object.
[[nodiscard]] Result<std::vector<model::Object>> load_snapshot(const std::vector<std::string>& paths,
                                                               const os::Environment& environment);

}  // namespace instantexec::cli
