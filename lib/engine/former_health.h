#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/deploy.h"
#include "engine/health.h"
#include "engine/undo.h"
#include "journal/record.h"
#include "status/former.h"

namespace instantexec::engine {

using FormerHealth = std::map<model::ObjectRef, status::Former>;

// Finds out which of the objects in the plan are not ready as planned.live has them: planned.former and
// planned.under_way. Reads what they own and the events about them, where some are; without the right to do
// so they are judged by their own status.
void note_former_health(Session& session, PlanResult& planned, const HealthOptions& options);

// Everything that was not ready then.
[[nodiscard]] std::set<model::ObjectRef> unready_before(const FormerHealth& former,
                                                        const std::vector<model::ObjectRef>& under_way);
// Workloads that the plan leaves as they are, and that were ready then. Not Jobs, which do not run again.
[[nodiscard]] std::vector<Bystander> bystanders_of(const plan::Plan& plan,
                                                   const std::set<model::ObjectRef>& unready,
                                                   const status::Options& options);

// To and from the records of an operation, for a run that is resumed by another process.
[[nodiscard]] std::vector<journal::Unwell> to_records(const FormerHealth& former);
[[nodiscard]] FormerHealth from_records(const std::vector<journal::Unwell>& unwell);

// The warning about an object that is as broken as before.
[[nodiscard]] std::string words_of_broken(const model::ObjectRef& ref, const model::ObjectStatus& health);

}  // namespace instantexec::engine
