#pragma once

#include <string>

#include "base/result.h"
#include "engine/ports.h"
#include "validate/baseline.h"

namespace instantexec::pipeline {

// Reads one namespace for the baseline and for rules that look references up, by one list per kind, all in
// flight together. Kinds that may not be read are noted in `unreadable`. Workloads are judged by lib/status.
// Errors stage.interrupted and those of Cluster::catalog().
[[nodiscard]] Result<validate::NamespaceSnapshot> read_namespace(engine::Cluster& cluster,
                                                                 engine::Clock& clock, const std::string& ns);

}  // namespace instantexec::pipeline
