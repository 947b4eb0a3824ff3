#include "validate/test_suites.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace instantexec::validate {
namespace {

using model::Finding;
using model::Json;

Finding problem(const std::string& rule, const std::string& file) {
  Finding finding;
  finding.rule = rule;
  finding.message = "bad";
  finding.at.file = file;
  return finding;
}

const model::TestSuite* suite(const SuiteResults& results, const std::string& name) {
  for (const auto& each : results.suites) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

std::vector<std::string> failed(const SuiteResults& results) {
  std::vector<std::string> out;
  for (const auto& each : results.suites) {
    for (const auto& test : each.cases) {
      if (!test.passed) out.push_back(each.name + ": " + test.name);
    }
  }
  return out;
}

TEST(TestSuites, NothingToTestPasses) {
  const SuiteInputs inputs;
  const auto results = TestSuiteRunner(inputs).run_all_tests();
  EXPECT_TRUE(results.passed);
  EXPECT_EQ(results.totals.total_tests, 0U);
  EXPECT_DOUBLE_EQ(results.success_rate, 1);
  EXPECT_TRUE(results.suites.empty());
}

TEST(TestSuites, EverySuiteFindsItsFault) {
  SuiteInputs inputs;
  inputs.yaml_files = {{"good.yaml", {}}, {"bad.yaml", {problem("yaml.syntax", "bad.yaml")}}};
  inputs.configuration_files = {
      {"app.json", true, {}, Json::parse(R"({"spec": {"replicas": 2}})"), {"spec.replicas", "spec.image"}},
      {"gone.json", false, {}, nullptr, {"a"}},
  };
  inputs.paths = {"README.md", "config/a.yaml", "deep/er/.env"};
  inputs.directories = {{"README.md", "config/", "docs/"}, {"**/.env", "**/*.pem"}};
  inputs.sources = {{"ok.cc", 10, 5, 2, false, 0},
                    {"marker.cc", 10, 5, 2, false, 7},
                    {"broken.cc", 10, 5, 2, true, 0},
                    {"long.cc", 3000, 500, 20, false, 0}};
  const auto results = TestSuiteRunner(inputs).run_all_tests();
  EXPECT_THAT(failed(results),
              testing::ElementsAre("yaml-validation: bad.yaml", "configuration: app.json: spec.image",
                                   "configuration: gone.json", "directory-structure: has docs/",
                                   "directory-structure: has no **/.env", "code-quality: marker.cc",
                                   "code-quality: broken.cc", "code-quality: long.cc"));
  EXPECT_EQ(results.totals.total_tests, 15U);
  EXPECT_EQ(results.totals.failed, 8U);
  EXPECT_FALSE(results.passed);
  std::vector<std::string> rules;
  for (const auto& finding : results.findings) rules.push_back(finding.rule);
  EXPECT_THAT(rules, testing::ElementsAre("yaml.syntax", "suite.configuration-key",
                                          "suite.configuration-missing", "suite.path-missing",
                                          "suite.path-forbidden", "suite.merge-marker", "suite.syntax-error",
                                          "suite.file-length", "suite.function-length", "suite.nesting"));
}

TEST(TestSuites, BoundsOfZeroAreOff) {
  SuiteInputs inputs;
  inputs.sources = {{"long.cc", 3000, 500, 20, false, 0}};
  inputs.quality = {0, 0, 0};
  EXPECT_TRUE(TestSuiteRunner(inputs).run_all_tests().passed);
}

TEST(TestSuites, WarningsPassAndThresholdIsInclusive) {
  SuiteInputs inputs;
  Finding warning = problem("x", "w.yaml");
  warning.severity = model::Severity::kWarning;
  inputs.yaml_files = {
      {"w.yaml", {warning}}, {"a", {}}, {"b", {}}, {"c", {}}, {"bad", {problem("yaml.syntax", "bad")}}};
  const auto results = TestSuiteRunner(inputs).run_all_tests();
  EXPECT_DOUBLE_EQ(results.success_rate, 0.8);
  EXPECT_TRUE(results.passed);
  inputs.pass_rate = 0.81;
  EXPECT_FALSE(TestSuiteRunner(inputs).run_all_tests().passed);
}

TEST(TestSuites, ManifestsFailByTheirErrors) {
  std::vector<model::Manifest> manifests(2);
  manifests[0].object.json = Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})");
  manifests[1].object.json = Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}})");
  std::vector<Finding> findings{problem("server.invalid", "m.yaml"), problem("workload.image-tag", "m.yaml")};
  findings[0].subject = manifests[1].object.ref();
  findings[1].subject = manifests[0].object.ref();
  findings[1].severity = model::Severity::kWarning;
  SuiteInputs inputs;
  inputs.manifests = manifests;
  inputs.manifest_findings = findings;
  const auto results = TestSuiteRunner(inputs).run_all_tests();
  EXPECT_THAT(failed(results), testing::ElementsAre("manifests: ConfigMap b"));
  EXPECT_EQ(suite(results, "manifests")->cases[1].message, "m.yaml: bad");
  EXPECT_TRUE(results.findings.empty());
}

TEST(TestSuites, ReportHasTheNamesOfTheDesign) {
  SuiteInputs inputs;
  inputs.yaml_files = {{"bad.yaml", {problem("yaml.syntax", "bad.yaml")}}};
  const auto results = TestSuiteRunner(inputs).run_all_tests();
  EXPECT_EQ(TestSuiteRunner::generate_test_report(results), Json::parse(R"({
    "test_results": {"total_tests": 1, "passed": 0, "failed": 1}, "success_rate": 0.0, "validation_status": "failed",
    "suites": [{"name": "yaml-validation",
                "tests": [{"name": "bad.yaml", "passed": false, "message": "bad.yaml: bad"}]}]})"));
}

}  // namespace
}  // namespace instantexec::validate
