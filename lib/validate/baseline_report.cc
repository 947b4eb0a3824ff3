#include <algorithm>
#include <utility>

#include "validate/baseline.h"

namespace instantexec::validate {
namespace {

using model::Json;

Json finding_json(const model::Finding& finding) {
  Json out{{"rule", finding.rule},
           {"severity", std::string(to_string(finding.severity))},
           {"message", finding.message},
           {"hint", finding.hint}};
  if (finding.subject) out["object"] = finding.subject->to_string();
  return out;
}

}  // namespace

std::string_view to_string(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPassed:
      return "passed";
    case CheckStatus::kWarning:
      return "warning";
    case CheckStatus::kFailed:
      return "failed";
    case CheckStatus::kSkipped:
      return "skipped";
  }
  return "failed";
}

Json BaselineValidationEngine::generate_report(const BaselineReport& report) {
  Json checks = Json::array();
  for (const BaselineCheck& check : report.checks) {
    Json findings = Json::array();
    for (const model::Finding& finding : check.findings) findings.push_back(finding_json(finding));
    checks.push_back({{"name", check.name},
                      {"status", std::string(to_string(check.status))},
                      {"message", check.message},
                      {"objects", check.objects},
                      {"findings", std::move(findings)}});
  }
  const auto count = [&](CheckStatus status) {
    return std::count_if(report.checks.begin(), report.checks.end(),
                         [&](const BaselineCheck& check) { return check.status == status; });
  };
  return {{"namespace", report.ns},
          {"validation_status", report.passed ? "passed" : "failed"},
          {"summary",
           {{"total", report.checks.size()},
            {"passed", count(CheckStatus::kPassed)},
            {"warnings", count(CheckStatus::kWarning)},
            {"failed", count(CheckStatus::kFailed)},
            {"skipped", count(CheckStatus::kSkipped)}}},
          {"checks", std::move(checks)}};
}

model::TestSuite BaselineValidationEngine::as_test_suite(const BaselineReport& report) {
  model::TestSuite suite{"baseline", {}};
  for (const BaselineCheck& check : report.checks) {
    model::TestCase test;
    test.name = check.name;
    test.passed = check.status != CheckStatus::kFailed;
    test.skipped = check.status == CheckStatus::kSkipped;
    if (check.status != CheckStatus::kPassed) test.message = check.message;
    suite.cases.push_back(std::move(test));
  }
  return suite;
}

}  // namespace instantexec::validate
