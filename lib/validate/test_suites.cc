#include "validate/test_suites.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "validate/glob.h"

namespace instantexec::validate {
namespace {

using model::Finding;
using model::Json;
using model::Severity;

// Adds one test. It passes when there is no error among the findings.
void add_test(SuiteResults& out, model::TestSuite& suite, const std::string& name,
              const std::vector<Finding>& findings) {
  const auto error = std::find_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::kError;
  });
  model::TestCase test;
  test.name = sanitise_line(name, 300);
  test.passed = error == findings.end();
  if (!test.passed) test.message = fmt::format("{}: {}", error->at.to_string(), error->message);
  suite.cases.push_back(std::move(test));
  out.findings.insert(out.findings.end(), findings.begin(), findings.end());
}

void keep(SuiteResults& out, model::TestSuite suite) {
  if (!suite.cases.empty()) out.suites.push_back(std::move(suite));
}

Finding finding_at(std::string_view rule, const std::string& path, std::uint32_t line, std::string message,
                   std::string hint) {
  Finding finding;
  finding.rule = rule;
  finding.message = std::move(message);
  finding.hint = std::move(hint);
  finding.at = {path, {line, 0}, {line, 0}};
  return finding;
}

const Json* find_key(const Json& value, const std::string& dotted) {
  std::string pointer;
  for (const std::string_view part : split(dotted, '.')) pointer += "/" + model::escape_pointer(part);
  return model::find(value, pointer);
}

// Whether a file of the repository, or a folder one of them is in, fits the pattern.
const std::string* find_path(const std::vector<std::string>& paths, std::string_view pattern) {
  const bool folder = pattern.ends_with('/');
  const std::string within = std::string(pattern) + "**";
  for (const std::string& path : paths) {
    if (glob_matches(folder ? std::string_view(within) : pattern, path)) return &path;
  }
  return nullptr;
}

}  // namespace

void TestSuiteRunner::yaml_validation(SuiteResults& out) const {
  model::TestSuite suite{"yaml-validation", {}};
  for (const ParsedFile& file : inputs_.yaml_files) add_test(out, suite, file.path, file.problems);
  keep(out, std::move(suite));
}

void TestSuiteRunner::configuration(SuiteResults& out) const {
  model::TestSuite suite{"configuration", {}};
  for (const ConfigurationFile& file : inputs_.configuration_files) {
    std::vector<Finding> findings = file.problems;
    if (!file.present) {
      findings.push_back(finding_at("suite.configuration-missing", file.path, 0, "the file is not there",
                                    "add it, or remove it from suites.configuration.files"));
    }
    add_test(out, suite, file.path, findings);
    if (!file.present || !file.problems.empty()) continue;
    for (const std::string& key : file.required_keys) {
      std::vector<Finding> missing;
      if (find_key(file.value, key) == nullptr) {
        missing.push_back(finding_at("suite.configuration-key", file.path, 0,
                                     fmt::format("key {} is missing", sanitise_line(key, 120)),
                                     "add the key"));
      }
      add_test(out, suite, fmt::format("{}: {}", file.path, key), missing);
    }
  }
  keep(out, std::move(suite));
}

void TestSuiteRunner::directory_structure(SuiteResults& out) const {
  model::TestSuite suite{"directory-structure", {}};
  for (const std::string& pattern : inputs_.directories.required) {
    std::vector<Finding> findings;
    if (find_path(inputs_.paths, pattern) == nullptr) {
      findings.push_back(finding_at("suite.path-missing", pattern, 0, "the repository has no such path",
                                    "add it, or remove it from suites.directory_structure.required"));
    }
    add_test(out, suite, fmt::format("has {}", pattern), findings);
  }
  for (const std::string& pattern : inputs_.directories.forbidden) {
    std::vector<Finding> findings;
    if (const std::string* path = find_path(inputs_.paths, pattern)) {
      findings.push_back(finding_at("suite.path-forbidden", *path, 0,
                                    fmt::format("this path must not be in the repository ({})", pattern),
                                    "remove the file; if it held a secret, replace the secret too"));
    }
    add_test(out, suite, fmt::format("has no {}", pattern), findings);
  }
  keep(out, std::move(suite));
}

void TestSuiteRunner::code_quality(SuiteResults& out) const {
  model::TestSuite suite{"code-quality", {}};
  const QualityBounds& bounds = inputs_.quality;
  for (const SourceQuality& source : inputs_.sources) {
    std::vector<Finding> findings;
    const auto exceeds = [&](std::string_view rule, std::size_t value, std::size_t bound,
                             std::string_view what) {
      if (bound == 0 || value <= bound) return;
      findings.push_back(finding_at(rule, source.path, 0,
                                    fmt::format("{} {}, more than {}", what, value, bound),
                                    "split it, or raise the bound in suites.code_quality"));
    };
    if (source.merge_marker_line != 0) {
      findings.push_back(finding_at("suite.merge-marker", source.path, source.merge_marker_line,
                                    "a merge conflict was left in the file", "resolve the conflict"));
    }
    if (source.syntax_error) {
      findings.push_back(finding_at("suite.syntax-error", source.path, 0,
                                    "large parts of the file do not parse", "correct the syntax"));
    }
    exceeds("suite.file-length", source.lines, bounds.max_file_lines, "lines in the file:");
    exceeds("suite.function-length", source.longest_function, bounds.max_function_lines,
            "lines in the longest function:");
    exceeds("suite.nesting", source.deepest_nesting, bounds.max_nesting, "levels of nesting:");
    add_test(out, suite, source.path, findings);
  }
  keep(out, std::move(suite));
}

void TestSuiteRunner::manifests(SuiteResults& out) const {
  model::TestSuite suite{"manifests", {}};
  for (const model::Manifest& manifest : inputs_.manifests) {
    const model::ObjectRef ref = manifest.object.ref();
    model::TestCase test;
    test.name = ref.to_string();
    for (const Finding& finding : inputs_.manifest_findings) {
      if (finding.subject != ref || finding.severity != Severity::kError) continue;
      test.passed = false;
      test.message = fmt::format("{}: {}", finding.at.to_string(), finding.message);
      break;
    }
    suite.cases.push_back(std::move(test));
  }
  keep(out, std::move(suite));
}

SuiteResults TestSuiteRunner::run_all_tests() const {
  SuiteResults out;
  yaml_validation(out);
  configuration(out);
  directory_structure(out);
  code_quality(out);
  manifests(out);
  model::ValidationResult counted;
  counted.suites = out.suites;
  model::count_tests(counted);
  out.totals = counted.test_results;
  out.success_rate = counted.success_rate;
  // 4 of 5 is 80 %, whatever binary fractions make of it.
  out.passed = out.success_rate + 1e-9 >= inputs_.pass_rate;
  return out;
}

Json TestSuiteRunner::generate_test_report(const SuiteResults& results) {
  Json suites = Json::array();
  for (const model::TestSuite& suite : results.suites) {
    Json tests = Json::array();
    for (const model::TestCase& test : suite.cases) {
      Json entry{{"name", test.name}, {"passed", test.passed}};
      if (!test.message.empty()) entry["message"] = test.message;
      tests.push_back(std::move(entry));
    }
    suites.push_back({{"name", suite.name}, {"tests", std::move(tests)}});
  }
  return {{"test_results",
           {{"total_tests", results.totals.total_tests},
            {"passed", results.totals.passed},
            {"failed", results.totals.failed}}},
          {"success_rate", results.success_rate},
          {"validation_status", results.passed ? "passed" : "failed"},
          {"suites", std::move(suites)}};
}

}  // namespace instantexec::validate
