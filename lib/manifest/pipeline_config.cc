#include "manifest/pipeline_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "manifest/config_section.h"
#include "manifest/errors.h"
#include "manifest/yaml.h"

namespace instantexec::manifest {
namespace {

using model::StageId;

constexpr std::array<StageId, 3> kStages{StageId::kAnalysis, StageId::kValidation, StageId::kDeployment};

Duration& timeout_of(StageTimeouts& timeouts, StageId stage) {
  switch (stage) {
    case StageId::kAnalysis:
      return timeouts.analysis;
    case StageId::kValidation:
      return timeouts.validation;
    case StageId::kDeployment:
      return timeouts.deployment;
  }
  return timeouts.deployment;
}

void read_stages(ConfigSection& root, StageTimeouts& out) {
  std::vector<StageId> seen;
  for (ConfigSection& section : root.sections("stages")) {
    std::string id;
    std::optional<Duration> timeout;
    section.text("id", id);
    section.duration("timeout", timeout);
    section.finish();
    if (!section.present()) continue;
    const auto stage =
        std::find_if(kStages.begin(), kStages.end(), [&](StageId known) { return to_string(known) == id; });
    if (stage == kStages.end()) {
      section.sink().report("config.out-of-range", section.pointer_of("id"),
                            "id must be ai-analysis, synthetic-validation or automated-deployment");
    } else if (std::find(seen.begin(), seen.end(), *stage) != seen.end()) {
      section.sink().report("config.duplicate", section.pointer_of("id"),
                            fmt::format("stage {} is there twice", id));
    } else {
      seen.push_back(*stage);
      if (timeout) timeout_of(out, *stage) = *timeout;
    }
  }
}

void read_integrations(ConfigSection root, Integrations& out) {
  ConfigSection ai_governance = root.section("ai_governance");
  ai_governance.text("engine", out.ai_governance_engine);
  ai_governance.finish();
  ConfigSection validation = root.section("validation");
  validation.text("engine", out.validation_engine);
  validation.finish();
  ConfigSection deployment = root.section("deployment");
  deployment.text("script", out.deployment_script);
  deployment.finish();
  root.finish();
}

void read_targets(ConfigSection root, PerformanceTargets& out) {
  root.number("overall_accuracy", 0, 1, out.overall_accuracy);
  root.number("min_confidence", 0, 1, out.min_confidence);
  root.number("max_risk_score", 0, 100, out.max_risk_score);
  root.finish();
}

void read_suites(ConfigSection root, Suites& out) {
  root.number("pass_rate", 0, 1, out.pass_rate);
  ConfigSection directories = root.section("directory_structure");
  directories.paths("required", out.directory_structure.required);
  directories.paths("forbidden", out.directory_structure.forbidden);
  directories.finish();
  ConfigSection configuration = root.section("configuration");
  for (ConfigSection& section : configuration.sections("files")) {
    ConfigFile file;
    section.path("path", file.path);
    section.texts("required_keys", file.required_keys);
    section.finish();
    if (section.present() && !section.has("path")) {
      section.sink().report("config.wrong-type", section.pointer_of("path"), "a file needs a path");
    }
    if (!file.path.empty()) out.configuration_files.push_back(std::move(file));
  }
  configuration.finish();
  ConfigSection quality = root.section("code_quality");
  quality.count("max_file_lines", out.code_quality.max_file_lines);
  quality.count("max_function_lines", out.code_quality.max_function_lines);
  quality.count("max_nesting", out.code_quality.max_nesting);
  quality.finish();
  root.finish();
}

void read_readiness(ConfigSection root, Readiness& out) {
  root.flag("wait_for_jobs", out.wait_for_jobs);
  root.flag("require_endpoints", out.require_endpoints);
  root.flag("require_ingress_address", out.require_ingress_address);
  root.finish();
}

void read_root(ConfigSection root, PipelineConfig& out) {
  root.label("release", out.release);
  root.label("namespace", out.ns);
  root.paths("manifests", out.manifests);
  root.flag("prune", out.prune);
  read_stages(root, out.timeouts);
  ConfigSection timeouts = root.section("timeouts");
  timeouts.duration("object", out.object_timeout);
  timeouts.finish();
  read_readiness(root.section("readiness"), out.readiness);
  read_integrations(root.section("integrations"), out.integrations);
  read_targets(root.section("performance_targets"), out.performance_targets);
  read_suites(root.section("suites"), out.suites);
  root.list("health_rules", out.health_rules);
  root.finish();
}

}  // namespace

Duration StageTimeouts::of(StageId stage) const {
  StageTimeouts copy = *this;
  return timeout_of(copy, stage);
}

PipelineConfigReading read_pipeline_config(std::string_view text, std::string_view file) {
  PipelineConfigReading out;
  Stream stream = read_stream(text, file);
  ConfigSink sink{std::string(file), nullptr, &out.problems};
  if (!stream.documents.empty()) {
    sink.positions = stream.documents.front().positions.get();
    read_root(ConfigSection(sink, &stream.documents.front().value, ""), out.config);
  }
  if (stream.documents.size() > 1) {
    sink.positions = stream.documents[1].positions.get();
    sink.report("config.wrong-type", "", "a configuration is one document", "remove what follows ---");
  }
  std::stable_sort(out.problems.begin(), out.problems.end(),
                   [](const auto& a, const auto& b) { return a.at.begin < b.at.begin; });
  if (stream.problem) out.problems.push_back(std::move(*stream.problem));
  return out;
}

Result<PipelineConfig> parse_pipeline_config(std::string_view text, std::string_view file) {
  PipelineConfigReading reading = read_pipeline_config(text, file);
  if (reading.problems.empty()) return std::move(reading.config);
  std::vector<std::string> lines;
  for (const auto& problem : reading.problems) {
    lines.push_back(fmt::format("{}: {}", problem.at.to_string(), problem.message));
  }
  return fail(errors::kInvalidConfig, join(lines, "\n"), reading.problems.front().hint);
}

}  // namespace instantexec::manifest
