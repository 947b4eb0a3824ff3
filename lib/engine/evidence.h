#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/health.h"
#include "engine/operation.h"
#include "engine/redactor.h"
#include "engine/session.h"
#include "model/deploy_report.h"

namespace instantexec::engine {

// Why the object is not ready, with the last log lines of the few containers that tell most. To be collected
// before anything is put back. Values that the redactor knows are left out.
[[nodiscard]] model::FailureCause collect_cause(Session& session, const HealthMonitor& health,
                                                const model::ObjectRef& object, const Redactor& redactor);

// Why the wait ended without a verdict: which time was up.
[[nodiscard]] std::string words_of_timeout(const HealthMonitor& health, Duration timeout);

// A cause that is a refused write.
[[nodiscard]] model::FailureCause refused_write(const model::ObjectRef& object, const std::string& message);
// The same of a record or the lock of the release.
[[nodiscard]] model::FailureCause refused_record(const model::ObjectRef& object, const Error& error);

// What there is of an operation that is about to be undone: its objects as they are now, what they own, the
// events about them and the logs of containers that fail, all redacted. Reads for at most a quarter of a
// minute and leaves out what was not answered; every file is bounded.
[[nodiscard]] std::vector<EvidenceFile> collect_evidence(Operation& operation,
                                                         std::span<const journal::SavedObject> saved,
                                                         const std::optional<model::FailureCause>& cause,
                                                         Redactor redactor);

// collect_evidence, stored by Environment::files and named in the operation's report; nothing without files
// or after an interruption. When it cannot be stored that is a warning, and no more.
void keep_evidence(Operation& operation, std::span<const journal::SavedObject> saved,
                   const std::optional<model::FailureCause>& cause, Redactor redactor);

}  // namespace instantexec::engine
