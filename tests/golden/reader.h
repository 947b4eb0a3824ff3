#pragma once

#include <string>
#include <vector>

#include "model/event.h"
#include "model/run_report.h"
#include "report/views.h"

// Builds report values from the short JSON of the golden cases. An object is named "Kind.group
// namespace/name". Missing fields keep their defaults; an unknown word fails the test.
namespace instantexec::golden {

[[nodiscard]] model::ObjectRef object_ref(const std::string& text);
[[nodiscard]] model::Finding finding(const model::Json& json);
[[nodiscard]] std::vector<model::Finding> findings(const model::Json& list);
[[nodiscard]] model::ObjectStatus health(const model::Json& json);
[[nodiscard]] model::ObjectOutcome outcome(const model::Json& json);
[[nodiscard]] model::DeployReport deploy_report(const model::Json& json);
[[nodiscard]] model::RunReport run_report(const model::Json& json);
[[nodiscard]] Error error(const model::Json& json);
[[nodiscard]] report::PlanView plan_view(const model::Json& json);
[[nodiscard]] std::vector<report::RevisionView> revisions(const model::Json& list);
[[nodiscard]] report::ReleaseView release_view(const model::Json& json);
[[nodiscard]] model::Event event(const model::Json& json);

}  // namespace instantexec::golden
