// What an update may not change. The plan grades these objects by it, and an undo must not try.
#include <gmock/gmock.h>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using model::Json;

struct Change {
  const char* name;
  const char* pointer;
  const char* value;  // JSON; "" removes
  const char* expected;
};

class Immutable : public Contract {
 protected:
  // Applies the change to the body, without and with dry-run.
  void expect_changes(const model::Object& body, std::initializer_list<Change> rows) {
    const auto made = apply(body);
    ASSERT_EQ(verdict(made), "201") << made.error->to_string();
    for (const Change& row : rows) {
      auto changed = body;
      const Json::json_pointer pointer(row.pointer);
      if (std::string_view(row.value).empty()) {
        changed.json.at(pointer.parent_pointer()).erase(pointer.back());
      } else {
        changed.json[pointer] = Json::parse(row.value);
      }
      const std::string dry = verdict(run(engine::ApplyRequest{changed, "one", true, true, {}}));
      EXPECT_EQ(dry, row.expected) << row.name << ", dry-run";
      if (dry == "200") continue;
      EXPECT_EQ(verdict(apply(changed, "one", true)), row.expected) << row.name;
    }
    EXPECT_EQ(get(body.gvk(), body.name()).object.uid(), made.object.uid());
  }
  model::Object workload(const char* api_version, const char* kind, const char* more = "{}") const {
    auto out = object(api_version, kind, "w",
                      R"({"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":
        {"app":"a"}},"spec":{"nodeSelector":{"none":"such"},"containers":[{"name":"c","image":"registry.example/i:1"}]}}}})");
    out.json["spec"].update(Json::parse(more));
    return out;
  }
};
INSTANTEXEC_CONTRACT(Immutable);

constexpr const char* kOther = R"({"matchLabels":{"app":"b"}})";

TEST_P(Immutable, InDeployments) {
  auto both = workload("apps/v1", "Deployment", R"({"replicas":0})");
  expect_changes(
      both,
      {{"replicas", "/spec/replicas", "1", "200"},
       {"image", "/spec/template/spec/containers/0/image", R"("i:2")", "200"},
       {"selector", "/spec/selector", kOther,
        "422 Invalid: spec.selector FieldValueInvalid; spec.template.metadata.labels FieldValueInvalid"},
       {"recreate", "/spec/strategy", R"({"type":"Recreate"})",
        "422 Invalid: spec.strategy.rollingUpdate FieldValueForbidden"},
       {"no room to roll", "/spec/strategy", R"({"rollingUpdate":{"maxSurge":0,"maxUnavailable":0}})",
        "422 Invalid: spec.strategy.rollingUpdate.maxUnavailable FieldValueInvalid"},
       {"a strategy there is none of", "/spec/strategy", R"({"type":"Bogus"})",
        "422 Invalid: spec.strategy FieldValueNotSupported"},
       {"deadline before ready", "/spec/minReadySeconds", "700",
        "422 Invalid: spec.progressDeadlineSeconds FieldValueInvalid"}});
}

TEST_P(Immutable, InDaemonSets) {
  expect_changes(
      workload("apps/v1", "DaemonSet"),
      {{"image", "/spec/template/spec/containers/0/image", R"("i:2")", "200"},
       {"selector", "/spec/selector", kOther,
        "422 Invalid: spec.selector FieldValueInvalid; spec.template.metadata.labels FieldValueInvalid"}});
}

TEST_P(Immutable, InStatefulSets) {
  constexpr const char* kForbidden = "422 Invalid: spec FieldValueForbidden";
  expect_changes(
      workload("apps/v1", "StatefulSet",
               R"({"replicas":0,"serviceName":"x","volumeClaimTemplates":[{"metadata":{"name":"d"},
          "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]})"),
      {{"replicas", "/spec/replicas", "1", "200"},
       {"image", "/spec/template/spec/containers/0/image", R"("i:2")", "200"},
       {"history", "/spec/revisionHistoryLimit", "3", "200"},
       {"min ready", "/spec/minReadySeconds", "3", "200"},
       {"service", "/spec/serviceName", R"("y")", kForbidden},
       {"order", "/spec/podManagementPolicy", R"("Parallel")", kForbidden},
       {"claim size", "/spec/volumeClaimTemplates/0/spec/resources/requests/storage", R"("2Gi")", kForbidden},
       {"no claims", "/spec/volumeClaimTemplates", "", kForbidden},
       {"selector", "/spec/selector", kOther,
        "422 Invalid: spec FieldValueForbidden; spec.template.metadata.labels FieldValueInvalid"},
       {"replicas below zero", "/spec/replicas", "-1", "422 Invalid: spec.replicas FieldValueInvalid"}});
}

TEST_P(Immutable, InJobs) {
  auto job = object("batch/v1", "Job", "w",
                    R"({"spec":{"template":{"spec":{"restartPolicy":"Never","nodeSelector":{"none":"such"},
                         "containers":[{"name":"c","image":"registry.example/i:1"}]}}}})");
  expect_changes(
      job, {{"image", "/spec/template/spec/containers/0/image", R"("i:2")",
             "422 Invalid: spec.template FieldValueInvalid"},
            {"parallelism", "/spec/parallelism", "3", "200"},
            {"back-off", "/spec/backoffLimit", "1", "200"},
            {"time to live", "/spec/ttlSecondsAfterFinished", "1", "200"},
            {"suspension", "/spec/suspend", "true", "200"},
            {"completions", "/spec/completions", "3", "422 Invalid: spec.completions FieldValueInvalid"},
            {"mode", "/spec/completionMode", R"("Indexed")",
             "422 Invalid: spec.completionMode FieldValueInvalid"}});
  auto suspended = job;
  suspended.json["metadata"]["name"] = "s";
  suspended.json["spec"]["suspend"] = true;
  expect_changes(suspended,
                 {{"annotations of pods", "/spec/template/metadata", R"({"annotations":{"x":"y"}})", "200"},
                  {"image", "/spec/template/spec/containers/0/image", R"("i:2")",
                   "422 Invalid: spec.template.spec FieldValueInvalid"}});
}

TEST_P(Immutable, NothingInCronJobs) {
  expect_changes(
      object("batch/v1", "CronJob", "w",
             R"({"spec":{"schedule":"* * * * *","suspend":true,"jobTemplate":{"spec":{"template":{"spec":{
                            "restartPolicy":"Never","containers":[{"name":"c","image":"i:1"}]}}}}}})"),
      {{"image", "/spec/jobTemplate/spec/template/spec/containers/0/image", R"("i:2")", "200"},
       {"schedule", "/spec/schedule", R"("5 4 * * 1")", "200"},
       {"no schedule", "/spec/schedule", R"("sometimes")", "422 Invalid: spec.schedule FieldValueInvalid"},
       {"a minute there is none of", "/spec/schedule", R"("61 * * * *")",
        "422 Invalid: spec.schedule FieldValueInvalid"},
       {"a policy there is none of", "/spec/concurrencyPolicy", R"("Bogus")",
        "422 Invalid: spec.concurrencyPolicy FieldValueNotSupported"}});
}

TEST_P(Immutable, InPods) {
  expect_changes(
      object("v1", "Pod", "w", R"({"spec":{"containers":[{"name":"c","image":"registry.example/i:1"}]}})"),
      {{"image", "/spec/containers/0/image", R"("registry.example/i:2")", "200"},
       {"command", "/spec/containers/0/command", R"(["x"])", "422 Invalid: spec FieldValueForbidden"},
       {"one more container", "/spec/containers/1", R"({"name":"d","image":"i"})",
        "422 Invalid: spec.containers FieldValueForbidden"},
       {"labels", "/metadata/labels", R"({"x":"y"})", "200"}});
}

TEST_P(Immutable, InClaims) {
  expect_changes(
      object("v1", "PersistentVolumeClaim", "w",
             R"({"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}})"),
      {{"labels", "/metadata/labels", R"({"x":"y"})", "200"},
       {"modes", "/spec/accessModes", R"(["ReadWriteMany"])", "422 Invalid: spec FieldValueForbidden"},
       {"block", "/spec/volumeMode", R"("Block")",
        "422 Invalid: spec FieldValueForbidden; volumeMode FieldValueInvalid"}});
}

TEST_P(Immutable, InConfigMapsThatSaySo) {
  expect_changes(object("v1", "ConfigMap", "w", R"({"immutable":true,"data":{"a":"1"}})"),
                 {{"data", "/data/a", R"("2")", "422 Invalid: data FieldValueForbidden"},
                  {"one more", "/data/b", R"("2")", "422 Invalid: data FieldValueForbidden"},
                  {"bytes", "/binaryData", R"({"x":"MTIz"})", "422 Invalid: binaryData FieldValueForbidden"},
                  {"made mutable", "/immutable", "false", "422 Invalid: immutable FieldValueForbidden"},
                  {"made mutable by silence", "/immutable", "", "422 Invalid: immutable FieldValueForbidden"},
                  {"labels", "/metadata/labels", R"({"x":"y"})", "200"}});
  EXPECT_EQ(verdict(remove(kConfigMap, "w")), "200") << "but it can be deleted";
}

TEST_P(Immutable, InSecrets) {
  expect_changes(object("v1", "Secret", "w", R"({"immutable":true,"stringData":{"a":"1"}})"),
                 {{"data", "/stringData/a", R"("2")", "422 Invalid: data FieldValueForbidden"},
                  {"made mutable", "/immutable", "", "422 Invalid: immutable FieldValueForbidden"},
                  {"annotations", "/metadata/annotations", R"({"x":"y"})", "200"}});
  expect_changes(object("v1", "Secret", "t", R"({"data":{"a":"MTIz"}})"),
                 {{"type", "/type", R"("other/x")", "422 Invalid: type FieldValueInvalid"},
                  {"made immutable", "/immutable", "true", "200"}});
}

TEST_P(Immutable, InBindings) {
  expect_changes(object("rbac.authorization.k8s.io/v1", "RoleBinding", "w",
                        R"({"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"a"},
                 "subjects":[{"kind":"ServiceAccount","name":"default"}]})"),
                 {{"role", "/roleRef/name", R"("b")", "422 Invalid: roleRef FieldValueInvalid"},
                  {"subjects", "/subjects/0/name", R"("other")", "200"}});
}

TEST_P(Immutable, InServices) {
  const auto body = object("v1", "Service", "w", R"({"spec":{"ports":[{"port":80}]}})");
  expect_changes(
      body,
      {{"selector", "/spec/selector", R"({"a":"b"})", "200"},
       {"port", "/spec/ports/0/port", "81", "200"},
       {"headless", "/spec/clusterIP", R"("None")", "422 Invalid: spec.clusterIPs[0] FieldValueInvalid"},
       {"type", "/spec/type", R"("NodePort")", "200"},
       {"external", "/spec/type", R"("ExternalName")", "422 Invalid: spec.externalName FieldValueRequired"}});
}

}  // namespace
}  // namespace instantexec::contract
