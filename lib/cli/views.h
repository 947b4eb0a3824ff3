#pragma once

#include <span>
#include <vector>

#include "engine/deploy.h"
#include "model/object.h"
#include "report/views.h"
#include "validate/baseline.h"

namespace instantexec::cli {

// The engine's results in the forms that are printed: views for text, documents for JSON and YAML.

[[nodiscard]] report::PlanView plan_view(const engine::PlanResult& planned);
// plan::to_json with `findings`, `warnings` and `executable` beside it.
[[nodiscard]] model::Json plan_document(const engine::PlanResult& planned);

[[nodiscard]] std::vector<report::RevisionView> history_view(std::span<const engine::RevisionInfo> revisions);
[[nodiscard]] model::Json history_document(std::span<const engine::RevisionInfo> revisions);

[[nodiscard]] report::ReleaseView status_view(const engine::ReleaseStatus& status);
[[nodiscard]] model::Json status_document(const engine::ReleaseStatus& status);

// One line per check, and below it what was found.
[[nodiscard]] std::string baseline_text(const validate::BaselineReport& baseline,
                                        const report::TextOptions& text);

}  // namespace instantexec::cli
