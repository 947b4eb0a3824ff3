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

TEST_F(HealthVerb, WhatReadyMeansByTheConfiguration) {
  const std::string objects = file("a.yaml", R"(
apiVersion: batch/v1
kind: Job
metadata: {name: move, namespace: demo}
status: {active: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: demo}
spec: {clusterIP: 10.0.0.1, selector: {app: web}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: demo}
)");
  EXPECT_EQ(statuses(run({"health", "-f", objects, "--config", file("plain.yaml", "")})),
            (std::vector<std::string>{"InProgress", "Current", "Current"}));
  const std::string config =
      file("other.yaml",
           "readiness: {wait_for_jobs: false, require_endpoints: true, require_ingress_address: true}\n");
  EXPECT_EQ(statuses(run({"health", "-f", objects, "--config", config})),
            (std::vector<std::string>{"Current", "InProgress", "InProgress"}));
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
  EXPECT_EQ(code({"health", "-f", good, "--config", file("p.yaml", "health_rules: 3\n")}), "config.invalid");
}

// "Widget w Unknown" of every line.
std::vector<std::string> lines_of(const Outcome& outcome) {
  std::vector<std::string> out;
  for (const model::Json& line : outcome.documents.value_or(std::vector<model::Json>{})) {
    out.push_back(model::get_string(line, "/kind") + " " + model::get_string(line, "/name") + " " +
                  model::get_string(line, "/status"));
  }
  return out;
}

struct MistakeRow {
  const char* name;
  std::string text;
  std::vector<std::string> lines;
  std::vector<std::string> mistakes;  // beginnings of their messages behind the name of the file
};

// Everything else is judged, and what is wrong is named with its place.
TEST_F(HealthVerb, OneBadItemAmongMany) {
  const std::string good = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
  const std::string json = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})";
  const std::vector<MistakeRow> rows{
      {"a doubled key in a document",
       good + "\n---\n{apiVersion: v1, kind: Secret, metadata: {name: b, name: b}}\n---\n" + good,
       {"ConfigMap a Current", "Secret b Unknown", "ConfigMap a Current"},
       {":3:52: key \"name\" is there twice"}},
      {"a doubled key in a list",
       "apiVersion: v1\nkind: List\nitems:\n- " + good +
           "\n- {apiVersion: v1, kind: Pod, kind: Pod, metadata: {name: p}}\n- " + good,
       {"ConfigMap a Current", "Pod p Unknown", "ConfigMap a Current"},
       {":5:31: key \"kind\" is there twice"}},
      {"a doubled key in JSON",
       R"({"apiVersion":"v1","kind":"List","items":[)" + json + R"(,
       {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"status":{"phase":"Running","phase":"Running"}},)" +
           json + "]}",
       {"ConfigMap a Current", "Pod p Unknown", "ConfigMap a Current"},
       {":2:92: key \"phase\" is there twice"}},
      {"without kind, with a name",
       good + "\n---\n{apiVersion: v1, metadata: {name: b}}\n---\n" + good,
       {"ConfigMap a Current", " b Unknown", "ConfigMap a Current"},
       {":3:1: an object without kind"}},
      {"without kind and name",
       good + "\n---\nreplicas: 3\n---\n" + good,
       {"ConfigMap a Current", "ConfigMap a Current"},
       {":3:1: an object without kind"}},
      {"a kind that is a number",
       good + "\n---\n{apiVersion: v1, kind: 7, metadata: {name: b}}\n",
       {"ConfigMap a Current", " b Unknown"},
       {":3:1: an object without kind"}},
      {"without apiVersion",
       good + "\n---\n{kind: Secret}\n",
       {"ConfigMap a Current", "Secret  Unknown"},
       {":3:1: an object without apiVersion"}},
      {"items that are no mappings",
       "{apiVersion: v1, kind: List, items: [7, null,\n text, [" + good + "],\n " + good + "]}",
       {"ConfigMap a Current"},
       {":1:38: not a mapping", ":1:41: not a mapping", ":2:2: not a mapping", ":2:8: not a mapping"}},
      {"documents that are no mappings",
       "just text\n---\n" + good + "\n---\n- " + good + "\n",
       {"ConfigMap a Current"},
       {":1:1: not a mapping", ":5:1: not a mapping"}},
      {"a list whose items are none",
       "{apiVersion: v1, kind: List, items: {a: 1}}\n---\n" + good,
       {"ConfigMap a Current"},
       {":1:1: the items of a list are no list"}},
      {"a doubled list",
       "apiVersion: v1\nkind: List\nitems: [" + good + "]\nitems: [7]\n",
       {"ConfigMap a Current"},
       {":4:1: key \"items\" is there twice"}},
      {"a document that is no YAML",
       good + "\n---\na: [\n---\n" + good,
       {"ConfigMap a Current", "ConfigMap a Current"},
       {":4:"}},
      {"a line that is no JSON",
       json + "\n{\"apiVersion\":\"v1\",,}\n" + json + "\n",
       {"ConfigMap a Current", "ConfigMap a Current"},
       {":2:"}},
      {"bytes that are no text",
       good + "\n---\na: \xff\n---\n" + good,
       {"ConfigMap a Current", "ConfigMap a Current"},
       {":3:4:"}},
  };
  for (const MistakeRow& row : rows) {
    const std::string path = file("m.yaml", row.text);
    const Outcome outcome = run({"health", "-f", path, "-o", "json"});
    EXPECT_FALSE(outcome.report.error) << row.name;
    EXPECT_EQ(lines_of(outcome), row.lines) << row.name;
    EXPECT_EQ(outcome.report.exit, ExitCode::kUsage) << row.name;
    ASSERT_EQ(outcome.mistakes.size(), row.mistakes.size()) << row.name;
    for (std::size_t i = 0; i < row.mistakes.size(); ++i) {
      const std::string& message = outcome.mistakes[i].message;
      const auto at = message.find("m.yaml");
      ASSERT_NE(at, std::string::npos) << message;
      EXPECT_TRUE(message.substr(at + 6).starts_with(row.mistakes[i])) << row.name << ": " << message;
    }
  }
}

TEST_F(HealthVerb, WhatCannotBeJudgedIsUnknownInEveryFormat) {
  const std::string path = file(
      "m.yaml", std::string(kObjects) + "---\n{apiVersion: v1, kind: Pod, kind: Pod, metadata: {name: p}}\n");
  const Outcome outcome = run({"health", "-f", path});
  ASSERT_EQ(statuses(outcome), (std::vector<std::string>{"Current", "Current", "Failed", "Unknown"}));
  const model::Json& last = outcome.documents->back();
  EXPECT_EQ(model::get_string(last, "/reason"), "Unreadable");
  EXPECT_NE(model::get_string(last, "/message").find("m.yaml:16:29: key \"kind\" is there twice"),
            std::string::npos)
      << last;
  const std::string json = render(outcome, Format::kJson, {});
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 4);
  const std::string yaml = render(outcome, Format::kYaml, {});
  EXPECT_NE(yaml.find("status: Unknown"), std::string::npos);
  const std::string text = render(outcome, Format::kText, {});
  EXPECT_NE(text.find("Unknown Unreadable"), std::string::npos) << text;
  EXPECT_NE(text.find("2 of 4 objects ready"), std::string::npos) << text;
}

TEST_F(HealthVerb, AFileThatIsNotThereIsAMistakeBesideTheOthers) {
  const std::string good = file("good.yaml", kObjects);
  const Outcome outcome = run({"health", "-f", folder_.path() + "/none.yaml", "-f", good});
  EXPECT_EQ(statuses(outcome).size(), 3U);
  ASSERT_EQ(outcome.mistakes.size(), 1U);
  EXPECT_EQ(outcome.mistakes.front().code->name, "file.missing");
  EXPECT_EQ(outcome.report.exit, ExitCode::kUsage);
}

TEST_F(HealthVerb, AWebhookBesideTheEndpointsOfItsService) {
  const std::string webhook = R"(
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: gate}
webhooks: [{name: gate.example.com, clientConfig: {service: {namespace: demo, name: gate}}}]
)";
  const auto slice = [](const char* service) {
    return std::string(
               "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, "
               "namespace: ") +
           "demo, labels: {kubernetes.io/service-name: " + service +
           "}}, endpoints: [{addresses: [10.0.0.1]}]}\n";
  };
  for (const auto& [text, reason] :
       std::vector<std::pair<std::string, std::string>>{{webhook, "Exists"},
                                                        {webhook + slice("gate"), "Exists"},
                                                        {webhook + slice("other"), "NoReadyEndpoint"}}) {
    const Outcome outcome = run({"health", "-f", file("w.yaml", text)});
    ASSERT_FALSE(outcome.documents->empty()) << text;
    EXPECT_EQ(model::get_string(outcome.documents->front(), "/reason"), reason) << text;
    EXPECT_EQ(outcome.report.exit, ExitCode::kDone) << text;
  }
}

TEST_F(HealthVerb, WhatBelongsToAnotherIsMadeUpOnce) {
  const std::string owned = "metadata: {name: p, uid: p, ownerReferences: [{uid: r}]}";
  const Outcome outcome =
      run({"health", "-f",
           file("o.yaml", R"(
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: r, uid: r}, spec: {replicas: 1}, status: {replicas: 0}}
---
{apiVersion: v1, kind: Pod, )" +
                              owned +
                              R"(, status: {phase: Pending, containerStatuses: [{name: app, ready: false}]}}
)")});
  EXPECT_EQ(lines_of(outcome), (std::vector<std::string>{"ReplicaSet r InProgress", "Pod p InProgress"}));
  const std::string text = render(outcome, Format::kText, {});
  EXPECT_EQ(text.find("container app"), text.rfind("container app")) << text;
}

// The pod of a Job that was tried again, or one that its node put out, is history.
TEST_F(HealthVerb, PartsOfOthersDoNotDecide) {
  const std::string text = R"(
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: demo, uid: job}
status: {conditions: [{type: Complete, status: "True"}], succeeded: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: migrate-1, namespace: demo, uid: pod, ownerReferences: [{uid: job, controller: true}]}
status: {phase: Failed}
)";
  const Outcome whole = run({"health", "-f", file("job.yaml", text), "-o", "json"});
  EXPECT_EQ(whole.report.exit, ExitCode::kDone);
  EXPECT_EQ(statuses(whole).size(), 2U);
  EXPECT_NE(render(whole, Format::kText, {}).find("1 of 1 object ready"), std::string::npos);
  const Outcome pod = run({"health", "-f", file("pod.yaml", text.substr(text.find("---")))});
  EXPECT_EQ(static_cast<int>(pod.report.exit), 1);
}

TEST_F(HealthVerb, AClaimBesideItsClassOrTheEventAboutIt) {
  const std::string claim = R"(
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: demo, uid: claim}
spec: {storageClassName: late}
status: {phase: Pending}
)";
  const std::string storage_class = R"(---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: late}
provisioner: example.com/disks
volumeBindingMode: WaitForFirstConsumer
)";
  const std::string event = R"(---
apiVersion: v1
kind: Event
metadata: {name: e, namespace: demo, uid: event}
involvedObject: {kind: PersistentVolumeClaim, name: data, namespace: demo, uid: claim}
type: Normal
reason: WaitForFirstConsumer
message: waiting for first consumer to be created before binding
)";
  EXPECT_EQ(statuses(run({"health", "-f", file("a.yaml", claim), "-o", "json"}))[0], "InProgress");
  EXPECT_EQ(statuses(run({"health", "-f", file("b.yaml", claim + storage_class), "-o", "json"}))[0],
            "Current");
  EXPECT_EQ(statuses(run({"health", "-f", file("c.yaml", claim + event), "-o", "json"}))[0], "Current");
}

TEST_F(HealthVerb, ManyMistakesAreCounted) {
  std::string text = kObjects;
  for (int i = 0; i < 100; ++i) text += "---\na: 1\n";
  const Outcome outcome = run({"health", "-f", file("m.yaml", text)});
  EXPECT_EQ(statuses(outcome).size(), 3U);
  ASSERT_EQ(outcome.mistakes.size(), 21U);
  EXPECT_EQ(outcome.mistakes.back().message, "80 more mistakes of the files");
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
