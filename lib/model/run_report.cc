#include "model/run_report.h"

namespace instantexec::model {

void count_tests(ValidationResult& result) {
  result.test_results = {};
  for (const TestSuite& suite : result.suites) {
    for (const TestCase& test : suite.cases) {
      if (test.skipped) continue;
      ++result.test_results.total_tests;
      ++(test.passed ? result.test_results.passed : result.test_results.failed);
    }
  }
  const auto total = static_cast<double>(result.test_results.total_tests);
  result.success_rate = total == 0 ? 1.0 : static_cast<double>(result.test_results.passed) / total;
}

std::string_view to_string(StageStatus status) {
  switch (status) {
    case StageStatus::kPassed:
      return "passed";
    case StageStatus::kFailed:
      return "failed";
    case StageStatus::kSkipped:
      return "skipped";
  }
  return "failed";
}

int exit_status(const RunReport& report) {
  return report.signal ? 128 + *report.signal : static_cast<int>(report.exit);
}

}  // namespace instantexec::model
