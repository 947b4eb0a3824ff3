#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/finding.h"
#include "model/manifest.h"
#include "model/object.h"
#include "model/run_report.h"

namespace instantexec::validate {

// A YAML or JSON file of the repository that was read.
struct ParsedFile {
  std::string path;
  std::vector<model::Finding> problems;  // of reading it; empty: it is well-formed
};

// A file the pipeline configuration asks for.
struct ConfigurationFile {
  std::string path;
  bool present = true;
  std::vector<model::Finding> problems;    // of reading it, and unknown keys or wrong types
  model::Json value;                       // its first document; null when it could not be read
  std::vector<std::string> required_keys;  // dotted paths: "spec.replicas"
};

// What the tree of the repository must and must not have; patterns as in glob_matches, with a trailing "/"
// for folders.
struct DirectoryRequirements {
  std::vector<std::string> required;
  std::vector<std::string> forbidden;
};

// One source file as stage 1 measured it.
struct SourceQuality {
  std::string path;
  std::size_t lines = 0;
  std::size_t longest_function = 0;  // lines
  std::size_t deepest_nesting = 0;
  bool syntax_error = false;            // more of it makes no sense to a parser than a dialect would explain
  std::uint32_t merge_marker_line = 0;  // first line of a left-over merge conflict; 0: none
};

// Zero switches a bound off.
struct QualityBounds {
  std::size_t max_file_lines = 2000;
  std::size_t max_function_lines = 200;
  std::size_t max_nesting = 8;
};

// Everything the suites look at; read from the repository by the caller.
struct SuiteInputs {
  std::vector<ParsedFile> yaml_files;
  std::vector<ConfigurationFile> configuration_files;
  std::vector<std::string> paths;  // every file of the repository, relative to its root
  DirectoryRequirements directories;
  std::vector<SourceQuality> sources;
  QualityBounds quality;
  // Offline findings about manifests and, if a cluster was asked, its dry-run findings.
  std::span<const model::Manifest> manifests;
  std::span<const model::Finding> manifest_findings;
  double pass_rate = 0.80;  // share of tests that must pass, 0-1
};

struct SuiteResults {
  std::vector<model::TestSuite> suites;  // a suite without tests is left out
  std::vector<model::Finding> findings;  // one per failed test; those about manifests are not repeated
  model::TestResults totals;
  double success_rate = 1;  // 0-1; 1 when there was nothing to test
  bool passed = true;       // success_rate reaches pass_rate
};

// Test suites over a repository, as the pipeline's design names them.
class TestSuiteRunner {
 public:
  // `inputs` must outlive the runner.
  explicit TestSuiteRunner(const SuiteInputs& inputs) : inputs_(inputs) {}

  // All suites in this order: yaml-validation, configuration, directory-structure, code-quality, manifests.
  [[nodiscard]] SuiteResults run_all_tests() const;

  // {"test_results": {total_tests, passed, failed}, "success_rate", "validation_status": "passed" | "failed",
  //  "suites": [{"name", "tests": [{"name", "passed", "message"}]}]}.
  [[nodiscard]] static model::Json generate_test_report(const SuiteResults& results);

 private:
  void yaml_validation(SuiteResults& out) const;
  void configuration(SuiteResults& out) const;
  void directory_structure(SuiteResults& out) const;
  void code_quality(SuiteResults& out) const;
  void manifests(SuiteResults& out) const;

  const SuiteInputs& inputs_;
};

}  // namespace instantexec::validate
