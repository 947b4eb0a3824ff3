// What the server refuses, and how it says so.
#include <gmock/gmock.h>

#include <algorithm>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using engine::Outcome;
using model::Json;
using ::testing::HasSubstr;

using Rules = Contract;
INSTANTEXEC_CONTRACT(Rules);

struct RefusalRow {
  const char* name;
  const char* api_version;
  const char* kind;
  const char* rest;
  const char* reason;  // of one cause
  const char* field;
};

TEST_P(Rules, RefuseInvalidObjectsAtTheirFields) {
  const RefusalRow rows[] = {
      {"selector and labels differ", "apps/v1", "Deployment",
       R"({"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"b"}},
           "spec":{"containers":[{"name":"c","image":"i"}]}}}})",
       "FieldValueInvalid", "spec.template.metadata.labels"},
      {"no selector", "apps/v1", "Deployment",
       R"({"spec":{"template":{"metadata":{"labels":{"app":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})",
       "FieldValueRequired", "spec.selector"},
      {"no image", "apps/v1", "Deployment",
       R"({"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},
           "spec":{"containers":[{"name":"c"}]}}}})",
       "FieldValueRequired", "spec.template.spec.containers[0].image"},
      {"negative replicas", "apps/v1", "Deployment",
       R"({"spec":{"replicas":-1,"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},
           "spec":{"containers":[{"name":"c","image":"i"}]}}}})",
       "FieldValueInvalid", "spec.replicas"},
      {"a mount without volume", "v1", "Pod",
       R"({"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}})",
       "FieldValueNotFound", "spec.containers[0].volumeMounts[0].name"},
      {"requests above limits", "v1", "Pod",
       R"({"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1"},"requests":{"cpu":"2"}}}]}})",
       "FieldValueInvalid", "spec.containers[0].resources.requests"},
      {"a restart policy there is none of", "v1", "Pod",
       R"({"spec":{"restartPolicy":"Sometimes","containers":[{"name":"c","image":"i"}]}})",
       "FieldValueNotSupported", "spec.restartPolicy"},
      {"a service without ports", "v1", "Service", R"({"spec":{"selector":{"a":"b"}}})", "FieldValueRequired",
       "spec.ports"},
      {"ports without names", "v1", "Service", R"({"spec":{"ports":[{"port":1},{"port":2}]}})",
       "FieldValueRequired", "spec.ports[0].name"},
      {"a port out of range", "v1", "Service", R"({"spec":{"ports":[{"port":70000}]}})", "FieldValueInvalid",
       "spec.ports[0].port"},
      {"a job that restarts for ever", "batch/v1", "Job",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}})", "FieldValueRequired",
       "spec.template.spec.restartPolicy"},
      {"a claim without size", "v1", "PersistentVolumeClaim", R"({"spec":{"accessModes":["ReadWriteOnce"]}})",
       "FieldValueRequired", "spec.resources[storage]"},
      {"an autoscaler upside down", "autoscaling/v2", "HorizontalPodAutoscaler",
       R"({"spec":{"minReplicas":5,"maxReplicas":2,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}})",
       "FieldValueInvalid", "spec.maxReplicas"},
      {"a path without type", "networking.k8s.io/v1", "Ingress",
       R"({"spec":{"rules":[{"http":{"paths":[{"path":"/","backend":{"service":{"name":"s","port":{"number":80}}}}]}}]}})",
       "FieldValueRequired", "spec.rules[0].http.paths[0].pathType"},
      {"a bad key", "v1", "ConfigMap", R"({"data":{"a b":"1"}})", "FieldValueInvalid", "data[a b]"},
  };
  for (const auto& row : rows) {
    const auto refused = dry_apply(object(row.api_version, row.kind, "bad", row.rest));
    EXPECT_EQ(refused.outcome, Outcome::kRejected) << row.name;
    EXPECT_EQ(refused.http_status, 422) << row.name;
    if (!refused.error) continue;
    EXPECT_EQ(refused.error->reason, "Invalid") << row.name;
    std::string found;
    for (const auto& cause : refused.causes) found += cause.reason + " " + cause.field + "; ";
    EXPECT_THAT(found, HasSubstr(std::string(row.reason) + " " + row.field + ";")) << row.name;
  }
}

TEST_P(Rules, NamesHaveASyntax) {
  const auto refused = dry_apply(config_map("Not_A_Name", R"({"a":"1"})"));
  EXPECT_EQ(refused.http_status, 422);
  ASSERT_FALSE(refused.causes.empty());
  EXPECT_EQ(refused.causes[0].field, "metadata.name");
}

TEST_P(Rules, UnknownFieldsAreRefused) {
  auto body = config_map("c", R"({"a":"1"})");
  body.json["datum"] = Json{{"a", "1"}};
  const auto applied = apply(body);
  EXPECT_EQ(applied.outcome, Outcome::kRejected);
  ASSERT_EQ(applied.causes.size(), 1U);
  EXPECT_EQ(applied.causes[0].field, ".datum");
  const auto created = run(engine::CreateRequest{body, "poster", false});
  EXPECT_EQ(created.http_status, 400);
  EXPECT_THAT(created.error->message, HasSubstr("unknown field \"datum\""));
  auto deep = deployment("d", 0, "i:1");
  deep.json["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x";
  EXPECT_EQ(apply(deep).outcome, Outcome::kRejected);
  EXPECT_TRUE(get(kConfigMap, "c").not_found());
}

TEST_P(Rules, SomeFieldsNeverChange) {
  ASSERT_TRUE(apply(deployment("d", 0, "i:1")).ok());
  auto other = deployment("d", 0, "i:1");
  other.json["spec"]["selector"]["matchLabels"]["app"] = "other";
  other.json["spec"]["template"]["metadata"]["labels"]["app"] = "other";
  const auto selector = dry_apply(other);
  EXPECT_EQ(selector.http_status, 422);
  ASSERT_FALSE(selector.causes.empty());
  EXPECT_EQ(selector.causes[0].field, "spec.selector");
  EXPECT_THAT(selector.causes[0].message, HasSubstr("field is immutable"));

  const auto service = [&](const char* extra) {
    return object("v1", "Service", "s", R"({"spec":{)" + std::string(extra) + R"("ports":[{"port":80}]}})");
  };
  ASSERT_TRUE(apply(service("")).ok());
  const auto address = dry_apply(service(R"("clusterIP":"None",)"), "one");
  EXPECT_EQ(address.http_status, 422);
  ASSERT_FALSE(address.causes.empty());
  EXPECT_THAT(address.causes[0].field, HasSubstr("spec.clusterIP"));
}

TEST_P(Rules, ImmutableSecretsStay) {
  const auto secret = [&](const char* value) {
    return object("v1", "Secret", "s", R"({"immutable":true,"data":{"a":")" + std::string(value) + "\"}}");
  };
  ASSERT_TRUE(apply(secret("MQ==")).ok());
  const auto refused = apply(secret("Mg=="));
  EXPECT_EQ(refused.http_status, 422);
  ASSERT_FALSE(refused.causes.empty());
  EXPECT_EQ(refused.causes[0].field, "data");
  EXPECT_EQ(refused.causes[0].reason, "FieldValueForbidden");
  EXPECT_TRUE(remove(kSecret, "s").ok()) << "but they can be deleted";
}

TEST_P(Rules, MissingNamespace) {
  auto body = config_map("c", R"({"a":"1"})");
  body.json["metadata"]["namespace"] = "none-" + ns();
  for (const auto& response :
       {apply(body), run(engine::CreateRequest{body, "poster", false}), dry_apply(body)}) {
    EXPECT_EQ(response.http_status, 404);
    EXPECT_EQ(response.error->reason, "NotFound");
    EXPECT_THAT(response.error->message, HasSubstr("namespaces"));
  }
  const auto list = run(engine::ListRequest{kConfigMap, "none-" + ns(), "", ""});
  EXPECT_TRUE(list.ok()) << "a list does not mind";
  EXPECT_TRUE(list.items.empty());
}

TEST_P(Rules, TerminatingNamespaceTakesNothingNew) {
  auto held = config_map("held", R"({"a":"1"})");
  held.json["metadata"]["finalizers"] = Json::array({"x.example/hold"});
  ASSERT_TRUE(apply(held).ok());
  ASSERT_TRUE(run(engine::DeleteRequest{kNamespace, "", ns(), {}, {}, false}).ok());
  const auto refused = apply(config_map("new", R"({"a":"1"})"));
  EXPECT_EQ(refused.http_status, 403);
  EXPECT_TRUE(std::any_of(refused.causes.begin(), refused.causes.end(),
                          [](const auto& cause) { return cause.reason == "NamespaceTerminating"; }));
  EXPECT_EQ(model::get_string(get(kNamespace, ns()).object.json, "/status/phase"), "Terminating");
  ASSERT_TRUE(patch(kConfigMap, "held", R"([{"op":"remove","path":"/metadata/finalizers"}])").ok());
  await(kNamespace, ns(), [](const engine::Response& response) { return response.not_found(); });
}

TEST_P(Rules, QuotasRefuseWhatIsTooMuch) {
  ASSERT_TRUE(
      apply(object("v1", "ResourceQuota", "q", R"({"spec":{"hard":{"count/secrets":"1","services":"1"}}})"))
          .ok());
  await({"", "v1", "ResourceQuota"}, "q", [](const engine::Response& response) {
    return model::find(response.object.json, "/status/used/count~1secrets") != nullptr;
  });
  const auto service = [&](const char* name) {
    return object("v1", "Service", name, R"({"spec":{"ports":[{"port":80}]}})");
  };
  EXPECT_TRUE(apply(service("first")).ok());
  for (const auto& refused : {apply(service("second")), dry_apply(service("second"))}) {
    EXPECT_EQ(refused.outcome, Outcome::kRejected);
    EXPECT_EQ(refused.http_status, 403);
    EXPECT_EQ(refused.error->reason, "Forbidden");
    EXPECT_THAT(refused.error->message,
                HasSubstr("services \"second\" is forbidden: exceeded quota: q, requested: services=1, used: "
                          "services=1, limited: services=1"));
  }
  const auto secret = [&](const char* name) {
    return object("v1", "Secret", name, R"({"stringData":{"a":"canary-value"}})");
  };
  EXPECT_TRUE(apply(secret("first")).ok());
  const auto refused = apply(secret("second"));
  EXPECT_EQ(refused.http_status, 403);
  EXPECT_THAT(refused.error->message, HasSubstr("its text is not shown"))
      << "texts about Secrets may repeat values";
}

TEST_P(Rules, SecretValuesStayOutOfErrors) {
  const auto shown = [](const engine::Response& refused) {
    std::string out = refused.error ? refused.error->to_string() : "no error";
    for (const auto& cause : refused.causes) out += " " + cause.field + " " + cause.message;
    return out;
  };
  for (const char* rest :
       {R"({"data":{"password":12345678}})", R"({"data":{"password":"not base64: 12345678"}})",
        R"({"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"MTIzNDU2Nzg="}})",
        R"({"stringData":{"a b":"12345678"}})"}) {
    const auto refused = apply(object("v1", "Secret", "s", rest));
    EXPECT_FALSE(refused.ok()) << rest;
    EXPECT_THAT(shown(refused), ::testing::Not(HasSubstr("12345678"))) << rest;
    EXPECT_THAT(shown(refused), ::testing::Not(HasSubstr("MTIzNDU2Nzg"))) << rest;
  }
}

TEST_P(Rules, AccessReviewsAnswer) {
  engine::CreateRequest request;
  request.body = {Json::parse(R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",
      "metadata":{},"spec":{"resourceAttributes":{"verb":"patch","group":"apps","resource":"deployments"}}})")};
  request.body.json["spec"]["resourceAttributes"]["namespace"] = ns();
  const auto review = run(request);
  ASSERT_TRUE(review.ok()) << review.error->to_string();
  EXPECT_TRUE(model::get_bool(review.object.json, "/status/allowed"));
}

TEST_P(Rules, CustomKindsAreServedOnceEstablished) {
  const std::string group = ns() + ".example.com";
  const model::Gvk definitions{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};
  model::Object definition{
      Json::parse(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{},"spec":{"scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1",
      "served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":
      {"spec":{"type":"object","properties":{"size":{"type":"integer","default":3},
        "parts":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}}}}}},
       "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}})")};
  definition.json["metadata"]["name"] = "widgets." + group;
  definition.json["spec"]["group"] = group;
  ASSERT_TRUE(apply(definition).ok());
  const model::Gvk widgets{group, "v1", "Widget"};
  for (int i = 0; i < 200 && !(*cluster().catalog(true))->find(widgets); ++i) pass(Duration{50});
  const auto* served = (*cluster().catalog(true))->find(widgets);
  ASSERT_NE(served, nullptr);
  EXPECT_EQ(served->resource, "widgets");
  EXPECT_TRUE(served->namespaced);
  auto widget = object(group + "/v1", "Widget", "w", R"({"spec":{"parts":[{"name":"a"}]}})");
  engine::Response made = apply(widget);
  for (int i = 0; i < 100 && made.not_found(); ++i) {
    pass(Duration{50});
    made = apply(widget);
  }
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  EXPECT_EQ(made.object.generation(), 1);
  EXPECT_EQ(made.object.json["spec"]["size"], 3) << "defaults come from the schema";
  EXPECT_EQ(owners(made.object)["one/Apply"], Json::parse(R"({"f:spec":{"f:parts":{}}})"))
      << "lists without a type are replaced as a whole";
  widget.json["spec"]["sizee"] = 1;
  EXPECT_EQ(apply(widget).outcome, Outcome::kRejected);
  EXPECT_TRUE(run(engine::DeleteRequest{definitions, "", "widgets." + group, {}, {}, false}).ok());
  for (int i = 0; i < 400; ++i) {
    if (run(engine::GetRequest{definitions, "", "widgets." + group}).not_found()) return;
    pass(Duration{50});
  }
  ADD_FAILURE() << "the definition stayed";
}

}  // namespace
}  // namespace instantexec::contract
