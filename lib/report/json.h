#pragma once

#include <string>

#include "base/error.h"
#include "model/event.h"
#include "model/object.h"
#include "model/run_report.h"

// The JSON report, docs/formats/run-report.schema.json. Optional fields are left out when empty; times are
// RFC 3339, lengths are seconds. Every string is sanitised, so the text is valid UTF-8 and safe to print.
namespace instantexec::report {

// "1.0": the second number grows when fields are added, the first one when a reader must change.
inline constexpr const char* kSchemaVersion = "1.0";

[[nodiscard]] model::Json to_json(const model::RunReport& report);
[[nodiscard]] model::Json to_json(const model::DeployReport& report);
[[nodiscard]] model::Json to_json(const model::AnalysisResult& analysis);
[[nodiscard]] model::Json to_json(const model::ValidationResult& validation);
[[nodiscard]] model::Json to_json(const model::Finding& finding);
[[nodiscard]] model::Json to_json(const model::FailureCause& cause);
[[nodiscard]] model::Json to_json(const model::ObjectRef& object);
[[nodiscard]] model::Json to_json(const Error& error);
// One progress event: {"event":"object_written",…}.
[[nodiscard]] model::Json to_json(const model::Event& event);

// Two-space indent and a final newline. Never throws, whatever the strings hold.
[[nodiscard]] std::string pretty(const model::Json& value);
// On one line, with a final newline.
[[nodiscard]] std::string compact(const model::Json& value);

}  // namespace instantexec::report
