#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/run_report.h"
#include "report/text.h"

namespace instantexec::cli {

// What a verb has to say. The report is always filled; verbs with a form of their own (plan, history, status,
// version) add their text and document, which then replace the report's in the text, JSON and YAML formats.
struct Outcome {
  model::RunReport report;
  std::function<std::string(const report::TextOptions&)> text;  // empty: the report's text
  std::optional<model::Json> document;
  // Instead of one document: one line of JSON, or one document of YAML, each.
  std::optional<std::vector<model::Json>> documents;
  // What could not be done beside what is shown; report.exit says so.
  std::vector<Error> mistakes;
};

}  // namespace instantexec::cli
