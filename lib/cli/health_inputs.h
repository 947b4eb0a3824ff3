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

// What stands in a file where an object is expected.
struct SnapshotItem {
  model::Object object;
  std::string mistake;  // with its place: why it cannot be judged; empty: it can
};

struct Snapshot {
  // In the order of the files, lists taken apart. What has a mistake is here when it has a kind or a name.
  std::vector<SnapshotItem> items;
  // file.*, yaml.*, and input.invalid for what is no Kubernetes object.
  std::vector<Error> mistakes;
  std::vector<std::string> warnings;  // files that were passed over, sanitised
};

// The objects in the files of -f. A mistake in one place does not keep the rest from being read. Error
// input.none.
[[nodiscard]] Result<Snapshot> load_snapshot(const std::vector<std::string>& paths,
                                             const os::Environment& environment);

}  // namespace instantexec::cli
