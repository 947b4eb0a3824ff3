#include "validate/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace instantexec::validate {
namespace {

using model::Json;
using model::Object;

Object object(const char* json) {
  return {Json::parse(json)};
}

NamespaceSnapshot healthy() {
  NamespaceSnapshot out;
  out.ns = "demo";
  out.namespace_object = object(
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"demo","labels":{"pod-security.kubernetes.io/enforce":"restricted"}},"status":{"phase":"Active"}})");
  for (
      const char* json : {
          R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"demo"}})",
          R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"demo","generation":2},
               "spec":{"replicas":2,"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[
               {"name":"web","envFrom":[{"configMapRef":{"name":"web"}}]}]}}},
               "status":{"observedGeneration":2,"availableReplicas":2}})",
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"demo","labels":{"app":"web"},
               "ownerReferences":[{"controller":true,"uid":"rs"}]},"spec":{"containers":[{"name":"web"}]},
               "status":{"phase":"Running"}})",
          R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"demo"},"spec":{"selector":{"app":"web"}}})",
          R"({"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"web-x","namespace":"demo",
               "labels":{"kubernetes.io/service-name":"web"}},"endpoints":[{"conditions":{"ready":true}}]})",
          R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"deny","namespace":"demo"},
               "spec":{"podSelector":{},"policyTypes":["Ingress"]}})",
          R"({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q","namespace":"demo"},
               "status":{"hard":{"requests.cpu":"2","services.nodeports":"0"},"used":{"requests.cpu":"500m","services.nodeports":"0"}}})",
      }) {
    out.objects.push_back(object(json));
  }
  return out;
}

const BaselineCheck& check(const BaselineReport& report, const std::string& name) {
  for (const auto& each : report.checks) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "no check " << name;
  return report.checks.front();
}

Object& find(NamespaceSnapshot& snapshot, const std::string& kind) {
  for (Object& each : snapshot.objects) {
    if (each.kind() == kind) return each;
  }
  ADD_FAILURE() << "no " << kind;
  return snapshot.objects.front();
}

TEST(Baseline, HealthyNamespacePasses) {
  const auto snapshot = healthy();
  const auto report = BaselineValidationEngine(snapshot).run_all_validations();
  EXPECT_TRUE(report.passed);
  ASSERT_EQ(report.checks.size(), 6U);
  for (const auto& each : report.checks)
    EXPECT_EQ(each.status, CheckStatus::kPassed) << each.name << each.message;
  EXPECT_EQ(check(report, "deployments").message, "1 workload healthy");
}

struct Row {
  const char* name;
  void (*break_it)(NamespaceSnapshot&);
  const char* check;
  CheckStatus status;
  const char* rule;
};

TEST(Baseline, EachFaultIsFoundByItsCheck) {
  const std::vector<Row> rows{
      {"no namespace", [](NamespaceSnapshot& s) { s.namespace_object.reset(); }, "namespace",
       CheckStatus::kFailed, "baseline.namespace"},
      {"namespace going",
       [](NamespaceSnapshot& s) { s.namespace_object->json["status"]["phase"] = "Terminating"; }, "namespace",
       CheckStatus::kFailed, "baseline.namespace"},
      {"no pod security", [](NamespaceSnapshot& s) { s.namespace_object->json["metadata"].erase("labels"); },
       "namespace", CheckStatus::kWarning, "baseline.pod-security"},
      {"missing ConfigMap",
       [](NamespaceSnapshot& s) { find(s, "ConfigMap").json["metadata"]["name"] = "other"; }, "config-maps",
       CheckStatus::kFailed, "baseline.config-map"},
      {"too few replicas",
       [](NamespaceSnapshot& s) { find(s, "Deployment").json["status"]["availableReplicas"] = 1; },
       "deployments", CheckStatus::kFailed, "baseline.health"},
      {"not observed yet",
       [](NamespaceSnapshot& s) { find(s, "Deployment").json["metadata"]["generation"] = 3; }, "deployments",
       CheckStatus::kFailed, "baseline.health"},
      {"health verdict wins",
       [](NamespaceSnapshot& s) {
         s.health[find(s, "Deployment").ref()] = {
             model::HealthStatus::kFailed, "ImageNotFound", "no image", {}, "look"};
       },
       "deployments", CheckStatus::kFailed, "baseline.health"},
      {"paused",
       [](NamespaceSnapshot& s) {
         s.health[find(s, "Deployment").ref()] = {
             model::HealthStatus::kSuspended, "Paused", "paused", {}, ""};
       },
       "deployments", CheckStatus::kWarning, "baseline.health"},
      {"endpoint not ready",
       [](NamespaceSnapshot& s) {
         find(s, "EndpointSlice").json["endpoints"][0]["conditions"]["ready"] = false;
       },
       "services", CheckStatus::kFailed, "baseline.endpoints"},
      {"scaled to zero",
       [](NamespaceSnapshot& s) {
         find(s, "EndpointSlice").json["endpoints"] = Json::array();
         find(s, "Deployment").json["spec"]["replicas"] = 0;
         find(s, "Deployment").json["status"]["availableReplicas"] = 0;
       },
       "services", CheckStatus::kWarning, "baseline.endpoints"},
      {"uncovered pod",
       [](NamespaceSnapshot& s) {
         find(s, "NetworkPolicy").json["spec"]["podSelector"] = {{"matchLabels", {{"app", "x"}}}};
       },
       "network-policies", CheckStatus::kWarning, "baseline.network-policy"},
      {"egress only",
       [](NamespaceSnapshot& s) { find(s, "NetworkPolicy").json["spec"]["policyTypes"] = {"Egress"}; },
       "network-policies", CheckStatus::kWarning, "baseline.network-policy"},
      {"full quota",
       [](NamespaceSnapshot& s) {
         find(s, "ResourceQuota").json["status"]["used"]["requests.cpu"] = "1900m";
       },
       "quotas", CheckStatus::kWarning, "baseline.quota"},
  };
  for (const Row& row : rows) {
    NamespaceSnapshot snapshot = healthy();
    row.break_it(snapshot);
    const auto report = BaselineValidationEngine(snapshot).run_all_validations();
    const auto& broken = check(report, row.check);
    EXPECT_EQ(broken.status, row.status) << row.name;
    ASSERT_EQ(broken.findings.size(), 1U) << row.name;
    EXPECT_EQ(broken.findings[0].rule, row.rule) << row.name;
    EXPECT_EQ(report.passed, row.status != CheckStatus::kFailed) << row.name;
    for (const auto& each : report.checks) {
      if (&each == &broken) continue;
      EXPECT_EQ(each.status, CheckStatus::kPassed) << row.name << ": " << each.name;
    }
  }
}

TEST(Baseline, UnreadableKindsAreSkippedNotPassed) {
  NamespaceSnapshot snapshot = healthy();
  snapshot.unreadable = {{"NetworkPolicy", "forbidden"}};
  const auto report = BaselineValidationEngine(snapshot).run_all_validations();
  EXPECT_EQ(check(report, "network-policies").status, CheckStatus::kSkipped);
  EXPECT_THAT(check(report, "network-policies").message, testing::HasSubstr("forbidden"));
  EXPECT_TRUE(BaselineValidationEngine::as_test_suite(report).cases[4].skipped);
}

TEST(Baseline, ReportAsJson) {
  NamespaceSnapshot snapshot = healthy();
  find(snapshot, "Deployment").json["status"]["availableReplicas"] = 1;
  const auto json =
      BaselineValidationEngine::generate_report(BaselineValidationEngine(snapshot).run_all_validations());
  EXPECT_EQ(json["namespace"], "demo");
  EXPECT_EQ(json["validation_status"], "failed");
  EXPECT_EQ(json["summary"], Json::parse(R"({"total":6,"passed":5,"warnings":0,"failed":1,"skipped":0})"));
  EXPECT_EQ(json["checks"][2]["name"], "deployments");
  EXPECT_EQ(json["checks"][2]["findings"][0]["object"], "Deployment demo/web");
  EXPECT_EQ(json["checks"][2]["findings"][0]["message"], "InProgress: 1 of 2 pods available");
}

}  // namespace
}  // namespace instantexec::validate
