#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/event.h"
#include "model/finding.h"
#include "model/object.h"

namespace instantexec::manifest {

namespace errors {
inline constexpr ErrorCode kInvalidConfig{"config.invalid", ExitCode::kUsage,
                                          "The pipeline configuration holds a mistake.",
                                          "correct the places named; config/instant-execution-pipeline.yaml "
                                          "shows every key, and the schema beside it"};
}  // namespace errors

// Names of parts of the pipeline; kept and shown. Nothing named here is ever executed: a configuration comes
// with the change and must not choose programs.
struct Integrations {
  std::string ai_governance_engine = "builtin";
  std::string validation_engine = "builtin";
  std::string deployment_script = "builtin";
};

struct PerformanceTargets {
  double overall_accuracy = 0.97;  // 0-1; a target of the pipeline as a whole, gates nothing
  double min_confidence = 0.85;    // 0-1; below it a person decides
  double max_risk_score = 75.0;    // 0-100; the risk must stay below it
};

// Which paths a repository must and must not have, relative to its root. `*` and `?` match within one path
// component, `**` any number of components; a trailing `/` asks for a folder.
struct DirectoryStructure {
  std::vector<std::string> required;
  std::vector<std::string> forbidden;
};

// A YAML or JSON file that must be there, parse, and hold the keys. A key is a dotted path: "spec.replicas".
struct ConfigFile {
  std::string path;
  std::vector<std::string> required_keys;
};

// Bounds of the code-quality tests. Zero switches a bound off.
struct CodeQuality {
  std::size_t max_file_lines = 2000;
  std::size_t max_function_lines = 200;
  std::size_t max_nesting = 8;
};

struct Suites {
  double pass_rate = 0.80;  // 0-1; share of tests that must pass
  DirectoryStructure directory_structure;
  std::vector<ConfigFile> configuration_files;
  CodeQuality code_quality;
};

// `readiness`: what ready means for kinds that can be judged in two ways.
struct Readiness {
  bool wait_for_jobs = true;             // a Job is ready when it is complete; false: once it has started
  bool require_endpoints = false;        // a Service with a selector needs one ready endpoint
  bool require_ingress_address = false;  // an Ingress needs an address of its load balancer
};

struct StageTimeouts {
  Duration analysis{5'000};
  Duration validation{30'000};
  Duration deployment{1'800'000};

  [[nodiscard]] Duration of(model::StageId stage) const;
};

// config/instant-execution-pipeline.yaml. An absent key has the default shown.
struct PipelineConfig {
  std::string release;                 // name of the release; empty: not set
  std::string ns;                      // `namespace`; empty: not set
  std::vector<std::string> manifests;  // files and folders, relative to the repository's root
  bool prune = false;                  // delete what the last release had and this one has not
  StageTimeouts timeouts;              // `stages[].timeout`
  // `timeouts.object`: for how long nothing may happen to an object that is not ready; unset: by its kind
  std::optional<Duration> object_timeout;
  Readiness readiness;
  Integrations integrations;
  PerformanceTargets performance_targets;
  Suites suites;
  // `health_rules` as written (docs/formats/health-rules.md); null: none. What they say is read by
  // lib/status.
  model::Json health_rules;
};

struct PipelineConfigReading {
  PipelineConfig config;                 // what could be understood; defaults elsewhere
  std::vector<model::Finding> problems;  // in the order of the file; empty: all of it was understood
};

// Reads the configuration. Problems carry line and column: the codes of reading YAML (manifest/errors.h) and
//   config.unknown-key   with the nearest known key, if one is near
//   config.wrong-type    text where a number belongs, …
//   config.out-of-range  a share above 1, a negative time, a name Kubernetes would refuse
//   config.unsafe-path   an absolute path, or one that leaves the repository
//   config.duplicate     a stage named twice
// An empty text is a valid configuration. Several documents are not.
[[nodiscard]] PipelineConfigReading read_pipeline_config(std::string_view text, std::string_view file);

// As read_pipeline_config; any problem is an error config.invalid that tells them all.
[[nodiscard]] Result<PipelineConfig> parse_pipeline_config(std::string_view text, std::string_view file);

}  // namespace instantexec::manifest
