#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "engine/deploy.h"
#include "journal/record.h"
#include "model/finding.h"

namespace instantexec::engine {

// Letters in the id of an operation.
inline constexpr std::size_t kOperationId = 16;

// What an operation saves before it touches anything: the plan, what is applied, and every object that is
// written as it was and as it will be. References into `planned`.
[[nodiscard]] journal::PayloadView make_payload(const PlanResult& planned, const std::string& operation);

// Finding record.too-large, when the release cannot be recorded: its payload would have more than `limit`
// bytes, or its list of objects more than journal::kMaxMembers. Counted by writing both to nowhere. Until the
// lock is held nobody knows what is broken before the release, so PlanResult::former may be missing from it;
// ReleaseStore::save_payload counts that too.
[[nodiscard]] std::optional<model::Finding> too_large(const PlanResult& planned, std::size_t limit);

}  // namespace instantexec::engine
