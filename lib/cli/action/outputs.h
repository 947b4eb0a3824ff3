#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/run_report.h"

// What the step hands on to later steps. Pure.
namespace instantexec::cli::action {

struct Output {
  std::string name;
  std::string value;
};

// The outputs listed in action/action.yml, in that order. One that does not apply (the decision of a run
// without analysis) is left out, which a workflow reads as the empty text.
//
//   result           deployed, nothing_to_do, rolled_back … of a deployment; otherwise passed, failed,
//                    rejected or error
//   exit-code        of the program
//   decision, risk-score, confidence
//   changed          "true" when the cluster is not as it was before
//   release-revision the revision in force
//   rolled-back      "true" after a failed deployment that was undone
//   duration-seconds with one decimal
//   report-path      where the JSON report is; left out when `report_path` is empty
//   evidence-path    where the evidence of a failure is; only when some was stored
[[nodiscard]] std::vector<Output> outputs(const model::RunReport& report, const std::string& report_path);

// The text to append to the file GITHUB_OUTPUT or GITHUB_STATE:
//   name<<delimiter
//   value
//   delimiter
// The delimiter must be one nobody can guess (CVE-2022-35954: a value that holds it could set other outputs);
// should a value hold it all the same, it is made longer until none does.
[[nodiscard]] std::string output_text(const std::vector<Output>& outputs, std::string delimiter);

}  // namespace instantexec::cli::action
