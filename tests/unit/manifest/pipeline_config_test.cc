#include "manifest/pipeline_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "manifest/yaml.h"
#include "model/object.h"
#include "source_dir.h"

namespace instantexec::manifest {
namespace {

using model::Json;

std::string shipped(const std::string& name) {
  std::ifstream in(std::string(INSTANTEXEC_SOURCE_DIR "/config/") + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(PipelineConfig, NothingIsAllDefaults) {
  for (const char* text : {"", "# only a comment\n", "{}", "stages:\nsuites:\n"}) {
    const auto config = parse_pipeline_config(text, "c.yaml");
    ASSERT_TRUE(config.has_value()) << text;
    EXPECT_EQ(config->timeouts.of(model::StageId::kAnalysis), Duration(5'000));
    EXPECT_EQ(config->timeouts.of(model::StageId::kValidation), Duration(30'000));
    EXPECT_EQ(config->timeouts.of(model::StageId::kDeployment), Duration(1'800'000));
    EXPECT_DOUBLE_EQ(config->performance_targets.min_confidence, 0.85);
    EXPECT_DOUBLE_EQ(config->performance_targets.max_risk_score, 75.0);
    EXPECT_DOUBLE_EQ(config->suites.pass_rate, 0.8);
    EXPECT_FALSE(config->prune);
    EXPECT_FALSE(config->object_timeout.has_value());
    EXPECT_TRUE(config->readiness.wait_for_jobs);
    EXPECT_FALSE(config->readiness.require_endpoints);
    EXPECT_FALSE(config->readiness.require_ingress_address);
  }
}

TEST(PipelineConfig, ReadsEveryKey) {
  const auto config = parse_pipeline_config(R"(
release: web
namespace: demo
manifests: [deploy, extra/one.yaml]
prune: on
stages:
- {id: ai-analysis, timeout: 2.5}
- {id: automated-deployment, timeout: 1h30m}
timeouts: {object: 90s}
readiness: {wait_for_jobs: false, require_endpoints: true, require_ingress_address: true}
integrations:
  ai_governance: {engine: x}
  validation: {engine: other}
  deployment: {script: scripts/z.sh}
performance_targets: {overall_accuracy: 1, min_confidence: 0.5, max_risk_score: 10}
suites:
  pass_rate: 1
  directory_structure: {required: [docs/], forbidden: ["**/.env"]}
  configuration:
    files:
    - {path: app.json, required_keys: [a.b]}
    - path: b.yaml
  code_quality: {max_file_lines: 1, max_function_lines: 0, max_nesting: 3}
)",
                                            "c.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  EXPECT_EQ(config->release, "web");
  EXPECT_EQ(config->ns, "demo");
  EXPECT_THAT(config->manifests, testing::ElementsAre("deploy", "extra/one.yaml"));
  EXPECT_TRUE(config->prune);
  EXPECT_EQ(config->timeouts.analysis, Duration(2'500));
  EXPECT_EQ(config->timeouts.validation, Duration(30'000));
  EXPECT_EQ(config->timeouts.deployment, Duration(5'400'000));
  EXPECT_EQ(config->object_timeout, Duration(90'000));
  EXPECT_FALSE(config->readiness.wait_for_jobs);
  EXPECT_TRUE(config->readiness.require_endpoints);
  EXPECT_TRUE(config->readiness.require_ingress_address);
  EXPECT_EQ(config->integrations.deployment_script, "scripts/z.sh");
  EXPECT_DOUBLE_EQ(config->performance_targets.max_risk_score, 10);
  EXPECT_DOUBLE_EQ(config->suites.pass_rate, 1);
  EXPECT_THAT(config->suites.directory_structure.required, testing::ElementsAre("docs/"));
  ASSERT_EQ(config->suites.configuration_files.size(), 2U);
  EXPECT_THAT(config->suites.configuration_files[0].required_keys, testing::ElementsAre("a.b"));
  EXPECT_EQ(config->suites.code_quality.max_function_lines, 0U);
  EXPECT_EQ(config->suites.code_quality.max_nesting, 3U);
}

struct Row {
  std::string text;
  std::string rule;
  std::string place;
  std::string says;  // part of the message
};

TEST(PipelineConfig, MistakesHaveLineAndSuggestion) {
  const std::vector<Row> rows{
      {"relaese: x\n", "config.unknown-key", "c.yaml:1:1", "did you mean \"release\"?"},
      {"a: 1\nzzz: x\n", "config.unknown-key", "c.yaml:1:1", "unknown key \"a\""},
      {"performance_targets:\n  min_confidance: 1\n", "config.unknown-key", "c.yaml:2:3", "min_confidence"},
      {"stages:\n- id: ai-analysis\n  timeuot: 5\n", "config.unknown-key", "c.yaml:3:3", "timeout"},
      {"stages:\n- id: analysis\n", "config.out-of-range", "c.yaml:2:3", "ai-analysis"},
      {"stages:\n- timeout: 3\n", "config.out-of-range", "c.yaml:2:3", "ai-analysis"},
      {"stages: [{id: ai-analysis}, {id: ai-analysis}]\n", "config.duplicate", "c.yaml:1:30", "twice"},
      {"stages: {id: ai-analysis}\n", "config.wrong-type", "c.yaml:1:1", "a list"},
      {"stages: [5]\n", "config.wrong-type", "c.yaml:1:10", "a mapping"},
      {"stages:\n- {id: ai-analysis, timeout: 0}\n", "config.out-of-range", "c.yaml:2:21", "above zero"},
      {"stages:\n- {id: ai-analysis, timeout: -3s}\n", "config.out-of-range", "c.yaml:2:21", "above zero"},
      {"stages:\n- {id: ai-analysis, timeout: 25h}\n", "config.out-of-range", "c.yaml:2:21", "24h"},
      {"stages:\n- {id: ai-analysis, timeout: [1]}\n", "config.wrong-type", "c.yaml:2:21", "seconds"},
      {"release: 12\n", "config.wrong-type", "c.yaml:1:1", "quotes"},
      {"release: Web_App\n", "config.out-of-range", "c.yaml:1:1", "a-z"},
      {"prune: maybe\n", "config.wrong-type", "c.yaml:1:1", "true or false"},
      {"performance_targets: {min_confidence: 85}\n", "config.out-of-range", "c.yaml:1:23",
       "between 0 and 1"},
      {"suites: {pass_rate: high}\n", "config.wrong-type", "c.yaml:1:10", "a number"},
      {"manifests: [ok, ../other]\n", "config.unsafe-path", "c.yaml:1:17", "within the repository"},
      {"manifests: [/etc]\n", "config.unsafe-path", "c.yaml:1:13", "within the repository"},
      {"suites: {configuration: {files: [{required_keys: [a]}]}}\n", "config.wrong-type", "c.yaml:1:34",
       "path"},
      {"suites: {code_quality: {max_nesting: -1}}\n", "config.wrong-type", "c.yaml:1:25", "whole number"},
      {"[]\n", "config.wrong-type", "c.yaml:1:1", "a mapping"},
      {"release: a\n---\nrelease: b\n", "config.wrong-type", "c.yaml:3:1", "one document"},
      {"release: a\nrelease: b\n", "yaml.duplicate-key", "c.yaml:2:1", "twice"},
  };
  for (const Row& row : rows) {
    const auto reading = read_pipeline_config(row.text, "c.yaml");
    ASSERT_FALSE(reading.problems.empty()) << row.text;
    EXPECT_EQ(reading.problems[0].rule, row.rule) << row.text;
    EXPECT_EQ(reading.problems[0].at.to_string(), row.place) << row.text;
    EXPECT_THAT(reading.problems[0].message, testing::HasSubstr(row.says)) << row.text;
    const auto config = parse_pipeline_config(row.text, "c.yaml");
    ASSERT_FALSE(config.has_value()) << row.text;
    EXPECT_EQ(config.error().code->name, "config.invalid");
    EXPECT_EQ(config.error().code->exit, ExitCode::kUsage);
  }
}

TEST(PipelineConfig, TellsEveryMistakeAtOnce) {
  const auto config = parse_pipeline_config("prune: 3\nfoo: 1\nmanifests: [/x]\n", "c.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_THAT(config.error().message,
              testing::AllOf(testing::HasSubstr("c.yaml:1:1"), testing::HasSubstr("c.yaml:2:1"),
                             testing::HasSubstr("c.yaml:3:13")));
}

TEST(PipelineConfig, ShippedFileIsValidAndShowsTheDefaults) {
  const auto config = parse_pipeline_config(shipped("instant-execution-pipeline.yaml"), "shipped");
  ASSERT_TRUE(config.has_value()) << config.error().to_string();
  const PipelineConfig defaults;
  EXPECT_EQ(config->ns, "synergymesh-system");
  EXPECT_THAT(config->manifests, testing::ElementsAre("config/baselines"));
  EXPECT_EQ(config->timeouts.analysis, defaults.timeouts.analysis);
  EXPECT_EQ(config->timeouts.validation, defaults.timeouts.validation);
  EXPECT_EQ(config->timeouts.deployment, defaults.timeouts.deployment);
  EXPECT_EQ(config->performance_targets.min_confidence, defaults.performance_targets.min_confidence);
  EXPECT_EQ(config->performance_targets.max_risk_score, defaults.performance_targets.max_risk_score);
  EXPECT_EQ(config->suites.pass_rate, defaults.suites.pass_rate);
  EXPECT_EQ(config->suites.code_quality.max_file_lines, defaults.suites.code_quality.max_file_lines);
  EXPECT_EQ(config->suites.code_quality.max_nesting, defaults.suites.code_quality.max_nesting);
  EXPECT_EQ(config->prune, defaults.prune);
}

// A configuration that asks for an unknown key at one place of the schema, which makes the reader list the
// keys it knows there.
void expect_same_keys(const Json& schema, const std::string& before, const std::string& after,
                      const std::string& place) {
  if (!schema.contains("properties")) return;
  std::set<std::string> in_schema;
  for (const auto& [key, value] : schema["properties"].items()) in_schema.insert(key);
  const auto reading = read_pipeline_config(before + "{\"no-such-key\": 1}" + after, "c.json");
  std::set<std::string> in_reader;
  for (const auto& problem : reading.problems) {
    if (problem.rule != "config.unknown-key") continue;
    std::string rest = problem.hint.substr(problem.hint.find(": ") + 2) + ", ";
    for (auto comma = rest.find(", "); comma != std::string::npos; comma = rest.find(", ")) {
      in_reader.insert(rest.substr(0, comma));
      rest.erase(0, comma + 2);
    }
  }
  EXPECT_EQ(in_reader, in_schema) << place;
  for (const auto& [key, value] : schema["properties"].items()) {
    const std::string open = before + "{\"" + key + "\": ";
    if (value.value("type", "") == "array") {
      expect_same_keys(value["items"], open + "[", "]}" + after, place + "." + key + "[]");
    } else {
      expect_same_keys(value, open, "}" + after, place + "." + key);
    }
  }
}

TEST(PipelineConfig, SchemaKnowsTheSameKeys) {
  const Json schema = Json::parse(shipped("instant-execution-pipeline.schema.json"));
  expect_same_keys(schema, "", "", "");
}

}  // namespace
}  // namespace instantexec::manifest
