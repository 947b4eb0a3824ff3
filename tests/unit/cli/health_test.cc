#include <gtest/gtest.h>

#include <algorithm>

#include "cli/output.h"
#include "cli/verbs.h"
#include "support/temp_dir.h"

namespace instantexec::cli {
namespace {

class Sink final : public engine::EventSink {
 public:
  void emit(const model::Event&) override {}
};

class HealthVerb : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) { return folder_.write(name, text); }

  Outcome run(const std::vector<std::string>& args) {
    const auto parsed = parse_command_line(args, "kubectl instantexec", {});
    EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().to_string());
    options_ = parsed->options;
    return run_verb({options_, environment_, sink_});
  }

  static std::vector<std::string> statuses(const Outcome& outcome) {
    std::vector<std::string> out;
    for (const model::Json& line : outcome.documents.value_or(std::vector<model::Json>{})) {
      out.push_back(model::get_string(line, "/status"));
    }
    return out;
  }

  testing::TempDir folder_;
  Options options_;
  os::Environment environment_;
  Sink sink_;
};

constexpr const char* kObjects = R"(
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: demo}}
- apiVersion: cert-manager.io/v1
  kind: Certificate
  metadata: {name: web, namespace: demo}
  status: {conditions: [{type: Ready, status: "True", reason: Ready, message: up to date}]}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: demo}
status: {phase: Failed}
)";

TEST_F(HealthVerb, OneLineForEachObjectOfAFile) {
  const Outcome outcome = run({"health", "-f", file("a.yaml", kObjects), "-o", "json"});
  ASSERT_FALSE(outcome.report.error) << outcome.report.error->to_string();
  EXPECT_EQ(statuses(outcome), (std::vector<std::string>{"Current", "Current", "Failed"}));
  EXPECT_EQ(static_cast<int>(outcome.report.exit), 1);
  const std::string text = render(outcome, Format::kJson, {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  const auto last = model::parse_json(text.substr(text.rfind('\n', text.size() - 2) + 1));
  ASSERT_TRUE(last.has_value()) << text;
  for (const char* field :
       {"apiVersion", "kind", "namespace", "name", "status", "reason", "message", "rule"}) {
    EXPECT_TRUE(last->contains(field)) << field;
  }
  EXPECT_EQ(model::get_string((*outcome.documents)[0], "/rule"), "built-in ConfigMap");
  EXPECT_EQ(model::get_string((*outcome.documents)[1], "/rule"), "bundled cert-manager.io/Certificate");
  EXPECT_EQ(model::get_string((*outcome.documents)[2], "/rule"), "conventions");
}

TEST_F(HealthVerb, ListsInListsAndStreamsOfJson) {
  const std::string one = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})";
  const std::string list = R"({"apiVersion":"v1","kind":"List","items":[)" + one + "]}";
  const std::string lists = R"({"apiVersion":"v1","kind":"List","items":[)" + list + "," + one + "]}";
  for (const auto& [text, count] : std::vector<std::pair<std::string, std::size_t>>{
           {lists, 2}, {one + "\n" + one + "\n", 2}, {one + one, 2}, {list + lists, 3}}) {
    const Outcome outcome = run({"health", "-f", file("a.json", text), "-o", "json"});
    ASSERT_FALSE(outcome.report.error) << text << ": " << outcome.report.error->to_string();
    EXPECT_EQ(statuses(outcome), std::vector<std::string>(count, "Current")) << text;
    EXPECT_EQ(outcome.report.exit, ExitCode::kDone) << text;
  }
}

TEST_F(HealthVerb, RulesOfTheUserComeFirst) {
  const std::string rules = file("rules.yaml", "- {group: example.com, kind: Widget, otherwise: Current}\n");
  const Outcome outcome = run({"health", "-f", file("a.yaml", kObjects), "--rules", rules});
  EXPECT_EQ(statuses(outcome), (std::vector<std::string>{"Current", "Current", "Current"}));
  EXPECT_EQ(outcome.report.exit, ExitCode::kDone);
  EXPECT_NE(render(outcome, Format::kText, {}).find("3 of 3 objects ready"), std::string::npos);
}

TEST_F(HealthVerb, RulesOfTheConfiguration) {
  const std::string config =
      file("pipeline.yaml", "health_rules:\n- {group: example.com, kind: Widget, otherwise: Suspended}\n");
  const Outcome outcome = run({"health", "-f", file("a.yaml", kObjects), "--config", config});
  EXPECT_EQ(statuses(outcome), (std::vector<std::string>{"Current", "Current", "Suspended"}));
  EXPECT_EQ(outcome.report.exit, ExitCode::kDone) << "suspended waits for a person";
}

TEST_F(HealthVerb, ASchemaBesideItsObjects) {
  const Outcome outcome = run({"health", "-f", file("a.yaml", R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: notes.example.com}
spec:
  group: example.com
  names: {kind: Note, plural: notes}
  versions: [{name: v1, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}}]
status: {conditions: [{type: NamesAccepted, status: "True"}, {type: Established, status: "True"}]}
---
{apiVersion: example.com/v1, kind: Note, metadata: {name: n}}
---
{apiVersion: example.com/v1, kind: Other, metadata: {name: n}}
)")});
  EXPECT_EQ(statuses(outcome), (std::vector<std::string>{"Current", "Current", "InProgress"}));
}

TEST_F(HealthVerb, Mistakes) {
  const std::string good = file("a.yaml", kObjects);
  const auto code = [&](const std::vector<std::string>& args) {
    const Outcome outcome = run(args);
    return outcome.report.error ? std::string(outcome.report.error->code->name) : "";
  };
  EXPECT_EQ(code({"health", "-f", file("b.yaml", "a: 1\n")}), "input.invalid");
  EXPECT_EQ(code({"health", "-f", file("c.yaml", "a: [\n")}), "yaml.syntax");
  EXPECT_EQ(code({"health", "-f", good, "--rules", file("r.yaml", "- {kind: A}\n")}), "health.rule-invalid");
  EXPECT_EQ(code({"health", "-f", good, "--watch"}), "usage");
  for (const char* format : {"junit", "sarif", "github", "markdown", "junit=out.xml"}) {
    EXPECT_EQ(code({"health", "-f", good, "-o", format}), "usage") << format;
    EXPECT_EQ(code({"health", "-n", "demo", "--simulate", "-o", format}), "usage") << format;
  }
  EXPECT_EQ(code({"health", "-f", good, "--config", file("p.yaml", "health_rules: 3\n")}), "config.invalid");
}

TEST_F(HealthVerb, LiveWithoutARelease) {
  const Outcome outcome = run({"health", "-n", "demo", "--simulate", "-o", "json"});
  ASSERT_FALSE(outcome.report.error) << outcome.report.error->to_string();
  ASSERT_TRUE(outcome.document.has_value());
  EXPECT_FALSE(model::get_bool(*outcome.document, "/ready", true)) << "nothing is not ready";
  EXPECT_EQ(model::get_array(*outcome.document, "/objects").size(), 0u);
}

}  // namespace
}  // namespace instantexec::cli
