#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "manifest/yaml.h"
#include "source_dir.h"
#include "status/bundled_rules.h"
#include "status/rule_reader.h"
#include "unit/status/table.h"

// Bundled rules, on states as the API types and controllers of the projects describe them. Snapshots, judged
// as `health -f` does.
namespace instantexec::status::test {
namespace {

struct Row {
  const char* name;
  const char* api;
  const char* kind;
  std::string rest;  // spec and status, with ' for "
  model::HealthStatus expected;
  std::string_view reason;
};

void judge(const std::vector<Row>& rows) {
  const std::vector<CustomRule> rules = bundled();
  Context context;
  context.rules = rules;
  context.options.declared_failures = true;
  for (const Row& row : rows) {
    const Assessment got = assess(object(plain(row.api, row.kind, row.rest)), {}, {}, context);
    EXPECT_EQ(model::to_string(got.status.status), model::to_string(row.expected))
        << row.name << ": " << got.status.message;
    EXPECT_EQ(got.status.reason, row.reason) << row.name;
    EXPECT_TRUE(got.rule.starts_with("bundled")) << row.name << ": " << got.rule;
  }
}

std::string ready(std::string_view status, std::string_view reason) {
  return "'status':{'observedGeneration':2,'conditions':[" + condition("Ready", status, reason) + "]}";
}

TEST(BundledRules, ConfigConnector) {
  const char* const api = "pubsub.cnrm.cloud.google.com/v1beta1";
  const char* const core = "core.cnrm.cloud.google.com/v1beta1";
  judge({
      {"up to date", api, "PubSubTopic", ready("True", "UpToDate"), kCurrent, "UpToDate"},
      {"being made", api, "PubSubTopic", ready("False", "Updating"), kInProgress, "Updating"},
      {"not made", api, "PubSubTopic", ready("False", "UpdateFailed"), kFailed, "UpdateFailed"},
      {"waits for another", api, "PubSubTopic", ready("False", "DependencyNotReady"), kInProgress,
       "DependencyNotReady"},
      {"the other may come", api, "PubSubTopic", ready("False", "DependencyNotFound"), kInProgress,
       "DependencyNotFound"},
      {"the other is wrong", api, "PubSubTopic", ready("False", "DependencyInvalid"), kFailed,
       "DependencyInvalid"},
      {"of somebody else", api, "PubSubTopic", ready("False", "ManagementConflict"), kFailed,
       "ManagementConflict"},
      {"not understood", api, "PubSubTopic", ready("False", "PreActuationTransformFailed"), kFailed,
       "PreActuationTransformFailed"},
      {"not written back", api, "PubSubTopic", ready("False", "PostActuationTransformFailed"), kFailed,
       "PostActuationTransformFailed"},
      {"no controller for the namespace", api, "PubSubTopic", ready("False", "Unmanaged"), kFailed,
       "Unmanaged"},
      {"the operator", core, "ConfigConnector", "'status':{'healthy':true}", kCurrent, "Healthy"},
      {"the operator fails", core, "ConfigConnectorContext",
       "'status':{'healthy':false,'errors':['no account']}", kFailed, "NotHealthy"},
  });
}

TEST(BundledRules, MongoDBUser) {
  const char* const api = "mongodb.com/v1";
  judge({
      {"made", api, "MongoDBUser", "'status':{'phase':'Updated','observedGeneration':2}", kCurrent,
       "Updated"},
      {"waits for its database", api, "MongoDBUser", "'status':{'phase':'Pending','observedGeneration':2}",
       kInProgress, "Pending"},
      {"at work", api, "MongoDBUser", "'status':{'phase':'Reconciling','observedGeneration':2}", kInProgress,
       "Reconciling"},
      {"failed", api, "MongoDBUser",
       "'status':{'phase':'Failed','message':'no password','observedGeneration':2}", kFailed, "Failed"},
  });
}

// Their observedGeneration is that of the last success.
TEST(BundledRules, RabbitMqTopology) {
  const char* const api = "rabbitmq.com/v1beta1";
  const auto status = [](int observed, const std::string& conditions) {
    return "'status':{'observedGeneration':" + std::to_string(observed) + ",'conditions':[" + conditions +
           "]}";
  };
  const std::string good = condition("Ready", "True", "SuccessfulCreateOrUpdate");
  const std::string bad = condition("Ready", "False", "FailedCreateOrUpdate");
  judge({
      {"made", api, "Queue", status(2, good), kCurrent, "SuccessfulCreateOrUpdate"},
      {"the change failed", api, "Queue", status(1, bad), kFailed, "FailedCreateOrUpdate"},
      {"it never succeeded", api, "Exchange", "'status':{'conditions':[" + bad + "]}", kFailed,
       "FailedCreateOrUpdate"},
      {"the change is to be made yet", api, "Exchange", status(1, good), kInProgress, "WaitingForController"},
      {"nothing is known", api, "Binding", "'status':{}", kUnknown, "Unknown"},
  });
}

TEST(BundledRules, ClusterApi) {
  const char* const old = "cluster.x-k8s.io/v1beta1";
  const char* const api = "cluster.x-k8s.io/v1beta2";
  const auto status = [](std::string_view phase, const std::string& conditions,
                         const std::string& more = "") {
    return "'status':{'observedGeneration':2,'phase':'" + std::string(phase) + "','conditions':[" +
           conditions + "]" + more + "}";
  };
  const std::string still =
      condition("Available", "True", "Available") + "," + condition("RollingOut", "False", "NotRollingOut") +
      "," + condition("Deleting", "False", "NotDeleting") + "," + condition("Paused", "False", "NotPaused");
  const std::string rolling =
      condition("Available", "True", "Available") + "," + condition("RollingOut", "True", "RollingOut");
  judge({
      {"a cluster", api, "Cluster", status("Provisioned", still), kCurrent, "Provisioned"},
      {"its workers are missing", api, "Cluster",
       status("Provisioned", condition("Available", "False", "NotAvailable")), kInProgress, "NotAvailable"},
      {"its machines are replaced", api, "Cluster", status("Provisioned", rolling), kInProgress,
       "RollingOut"},
      {"paused by an annotation", api, "Cluster",
       status("Provisioned", condition("Paused", "True", "Paused")), kSuspended, "Paused"},
      {"machines", api, "MachineDeployment", "'spec':{'replicas':3}," + status("Running", still), kCurrent,
       "Running"},
      {"one by one", api, "MachineDeployment", "'spec':{'replicas':3}," + status("Running", rolling),
       kInProgress, "RollingOut"},
      {"one is of the former template", api, "MachineDeployment",
       status("Running", condition("Available", "True", "Available") + "," +
                             condition("MachinesUpToDate", "False", "NotUpToDate")),
       kInProgress, "RollingOut"},
      {"people replace them", api, "MachineDeployment",
       "'spec':{'rollout':{'strategy':{'type':'OnDelete'}}}," + status("Running", rolling), kCurrent,
       "Running"},
      {"the older API, the newer conditions", old, "MachineDeployment",
       status("Running", condition("Ready", "True", ""), ",'v1beta2':{'conditions':[" + rolling + "]}"),
       kInProgress, "RollingOut"},
      {"the older API knows less", old, "MachineDeployment",
       status("Running", condition("Ready", "True", "")), kCurrent, "Running"},
      {"the older API, not available", old, "Cluster",
       status("Provisioned", condition("Ready", "True", ""),
              ",'v1beta2':{'conditions':[" + condition("Available", "False", "NotAvailable") + "]}"),
       kInProgress, "NotAvailable"},
      {"a pool that its cloud scales", api, "MachinePool", "'status':{'phase':'Scaling'}", kCurrent,
       "Scaling"},
      {"a pool that is being made", api, "MachinePool", "'status':{'phase':'Provisioning'}", kInProgress,
       "Provisioning"},
      {"a machine", api, "Machine",
       status("Running",
              condition("Ready", "True", "Ready") + "," + condition("Available", "True", "Available")),
       kCurrent, "Running"},
      {"its node is not healthy", api, "Machine", status("Running", condition("Ready", "False", "NotReady")),
       kInProgress, "NotReady"},
  });
}

// The blocks of YAML in the document that describes the language, each as written there.
std::vector<model::Json> examples() {
  std::ifstream file(std::string(INSTANTEXEC_SOURCE_DIR) + "/docs/formats/health-rules.md");
  std::ostringstream all;
  all << file.rdbuf();
  const std::string text = all.str();
  const std::string_view fence = "```yaml\n";
  std::vector<model::Json> out;
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    const auto documents = manifest::parse_yaml(text.substr(at, text.find("```", at) - at), "example");
    EXPECT_TRUE(documents.has_value());
    if (documents) out.push_back(documents->front().value);
  }
  return out;
}

TEST(DocumentedRules, DoWhatTheDocumentSays) {
  const auto found = examples();
  ASSERT_EQ(found.size(), 3U);
  ASSERT_TRUE(read_rules(found[0], "user").has_value());
  const auto rules = read_rules(found[1].at("health_rules"), "user");
  ASSERT_TRUE(rules.has_value()) << rules.error().message;
  const std::string note = model::get_string(found[2], "/metadata/annotations/instantexec.dev~1health-rule");
  ASSERT_FALSE(note.empty());
  model::Object quiet = object(plain("batch/v1", "Job", "'status':{'active':1}"));
  quiet.json["metadata"]["annotations"]["instantexec.dev/health-rule"] = note;

  Context none;
  Context with;
  with.rules = *rules;
  const auto word = [](const model::Object& one, const Context& context) {
    return std::string(model::to_string(assess(one, {}, {}, context).status.status));
  };
  const auto job = [](const std::string& status) { return object(plain("batch/v1", "Job", status)); };
  EXPECT_EQ(word(job("'status':{'active':1}"), none), "InProgress");
  EXPECT_EQ(word(job("'status':{'active':1}"), with), "Current");
  EXPECT_EQ(word(job("'status':{'conditions':[" + condition("Failed", "True", "BackoffLimitExceeded") + "]}"),
                 with),
            "Failed");
  EXPECT_EQ(word(quiet, none), "Current");
  const auto ingress = [](const std::string& status) {
    return object(plain("networking.k8s.io/v1", "Ingress", status));
  };
  EXPECT_EQ(word(ingress("'status':{'loadBalancer':{}}"), none), "Current");
  EXPECT_EQ(word(ingress("'status':{'loadBalancer':{}}"), with), "InProgress");
  EXPECT_EQ(word(ingress("'status':{'loadBalancer':{'ingress':[{'ip':'192.0.2.1'}]}}"), with), "Current");
  EXPECT_EQ(word(ingress("'status':{'loadBalancer':{'ingress':[{'hostname':'lb.example'}]}}"), with),
            "Current");
}

}  // namespace
}  // namespace instantexec::status::test
