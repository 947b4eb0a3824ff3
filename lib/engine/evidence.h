#pragma once

#include <string>

#include "engine/health.h"
#include "engine/session.h"
#include "model/deploy_report.h"

namespace instantexec::engine {

// Why the object is not ready, with the last log lines of the few containers that tell most. To be collected
// before anything is put back.
[[nodiscard]] model::FailureCause collect_cause(Session& session, const HealthMonitor& health,
                                                const model::ObjectRef& object);

// A cause that is a refused write.
[[nodiscard]] model::FailureCause refused_write(const model::ObjectRef& object, const std::string& message);

}  // namespace instantexec::engine
