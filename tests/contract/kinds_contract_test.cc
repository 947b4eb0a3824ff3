// Custom kinds, generations, and how big and how named things may be.
#include <gmock/gmock.h>

#include <algorithm>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using model::Json;
using ::testing::HasSubstr;

class Kinds : public Contract {
 protected:
  void TearDown() override {
    if (!group_.empty()) run(engine::DeleteRequest{kDefinition, "", "widgets." + group_, {}, {}, false});
    Contract::TearDown();
  }
  model::Object definition(const char* schema, bool status) {
    group_ = ns() + ".example.com";
    Json version{{"name", "v1"}, {"served", true}, {"storage", true}};
    version["schema"]["openAPIV3Schema"] = Json::parse(schema);
    if (status) version["subresources"]["status"] = Json::object();
    return {Json{{"apiVersion", "apiextensions.k8s.io/v1"},
                 {"kind", "CustomResourceDefinition"},
                 {"metadata", {{"name", "widgets." + group_}}},
                 {"spec",
                  {{"group", group_},
                   {"scope", "Namespaced"},
                   {"names", {{"plural", "widgets"}, {"kind", "Widget"}}},
                   {"versions", Json::array({version})}}}}};
  }
  // Lets time pass until the kind can be written.
  void establish(const model::Object& crd) {
    ASSERT_EQ(verdict(apply(crd)), "201");
    for (int i = 0; i < 400; ++i) {
      if ((*cluster().catalog(true))->find(widgets()) && dry_apply(widget("probe")).ok()) return;
      pass(Duration{50});
    }
    ADD_FAILURE() << "the kind was never served";
  }
  model::Gvk widgets() const { return {group_, "v1", "Widget"}; }
  model::Object widget(const std::string& name, const char* rest = "{}") const {
    return object(group_ + "/v1", "Widget", name, rest);
  }
  std::string group_;
};
INSTANTEXEC_CONTRACT(Kinds);

constexpr const char* kSchema = R"({"type":"object","properties":{
  "spec":{"type":"object","required":["size"],"properties":{
    "size":{"type":"integer","minimum":1,"maximum":9},
    "colour":{"type":"string","enum":["red","blue"]},
    "code":{"type":"string","pattern":"^[a-z]+$","maxLength":4},
    "parts":{"type":"array","maxItems":2,"items":{"type":"string"}}}},
  "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})";

TEST_P(Kinds, AreNotServedBeforeTheirDefinition) {
  definition(kSchema, true);
  EXPECT_EQ(verdict(apply(widget("w", R"({"spec":{"size":1}})"))), "not sent");
  EXPECT_EQ(verdict(run(engine::GetRequest{widgets(), ns(), "w"})), "not sent");
}

TEST_P(Kinds, DefinitionsComeToBeEstablished) {
  const auto crd = definition(R"({"type":"object","x-kubernetes-preserve-unknown-fields":true})", true);
  ASSERT_EQ(verdict(apply(crd)), "201");
  const auto status = [](const engine::Response& response, const char* type) {
    for (const Json& item : model::get_array(response.object.json, "/status/conditions")) {
      if (item["type"] == type) return model::get_string(item, "/status");
    }
    return std::string();
  };
  engine::Response last;
  for (int i = 0; i < 200 && status(last, "Established") != "True"; ++i) {
    pass(Duration{50});
    last = run(engine::GetRequest{kDefinition, "", crd.name()});
  }
  EXPECT_EQ(status(last, "Established"), "True");
  EXPECT_EQ(status(last, "NamesAccepted"), "True");
  EXPECT_EQ(last.object.json["status"]["storedVersions"], Json::parse(R"(["v1"])"));
  EXPECT_EQ(last.object.generation(), 1);
}

TEST_P(Kinds, CustomObjectsFollowTheirSchema) {
  establish(definition(kSchema, true));
  const std::pair<const char*, const char*> rows[] = {
      {R"({"spec":{"size":1,"colour":"red","code":"abcd","parts":["a","b"]}})", "201"},
      {R"({"spec":{}})", "422 Invalid: spec.size FieldValueRequired"},
      {R"({"spec":{"size":0}})", "422 Invalid: spec.size FieldValueInvalid"},
      {R"({"spec":{"size":10}})", "422 Invalid: spec.size FieldValueInvalid"},
      {R"({"spec":{"size":1,"colour":"green"}})", "422 Invalid: spec.colour FieldValueNotSupported"},
      {R"({"spec":{"size":1,"code":"A1"}})", "422 Invalid: spec.code FieldValueInvalid"},
      {R"({"spec":{"size":1,"code":"abcde"}})", "422 Invalid: spec.code FieldValueTooLong"},
      {R"({"spec":{"size":1,"parts":["a","b","c"]}})", "422 Invalid: spec.parts FieldValueTooMany"},
  };
  for (const auto& [rest, expected] : rows) {
    EXPECT_EQ(verdict(dry_apply(widget("w", rest))), expected) << rest;
    EXPECT_EQ(verdict(create(widget("w", rest), true)), expected) << rest;
  }
  EXPECT_EQ(verdict(create(widget("w", R"({"spec":{"size":"1"}})"), true)),
            "422 Invalid: spec.size FieldValueTypeInvalid");
}

TEST_P(Kinds, WithAStatusApartItIsNotTheUsersAndDoesNotCount) {
  establish(definition(kSchema, true));
  const auto made = apply(widget("w", R"({"spec":{"size":1},"status":{"phase":"x"}})"));
  ASSERT_EQ(verdict(made), "201");
  EXPECT_FALSE(made.object.json.contains("status"));
  EXPECT_EQ(made.object.generation(), 1);
  auto body = made.object;
  body.json["status"] = Json{{"phase", "y"}};
  EXPECT_EQ(replace(body).object, made.object);
  EXPECT_EQ(apply(widget("w", R"({"spec":{"size":2}})")).object.generation(), 2);
}

TEST_P(Kinds, WithoutAStatusApartItIsAFieldLikeOthers) {
  establish(definition(R"({"type":"object","x-kubernetes-preserve-unknown-fields":true})", false));
  const auto made = apply(widget("w", R"({"status":{"phase":"x"}})"));
  ASSERT_EQ(verdict(made), "201");
  EXPECT_EQ(made.object.json["status"], Json::parse(R"({"phase":"x"})"));
  const auto next = apply(widget("w", R"({"status":{"phase":"y"}})"));
  EXPECT_EQ(next.object.json["status"]["phase"], "y");
  EXPECT_EQ(next.object.generation(), 2);
}

TEST_P(Kinds, CustomObjectsGoWithTheirDefinition) {
  const auto crd = definition(kSchema, true);
  establish(crd);
  ASSERT_EQ(verdict(apply(widget("w", R"({"spec":{"size":1}})"))), "201");
  const auto deleted = run(engine::DeleteRequest{kDefinition, "", crd.name(), {}, {}, false});
  ASSERT_EQ(verdict(deleted), "200");
  EXPECT_TRUE(deleted.object.terminating()) << "its objects go first";
  for (int i = 0; i < 600; ++i) {
    if (run(engine::GetRequest{kDefinition, "", crd.name()}).not_found()) break;
    pass(Duration{50});
  }
  EXPECT_EQ(verdict(run(engine::GetRequest{kDefinition, "", crd.name()})), "404 NotFound");
  for (int i = 0; i < 200 && (*cluster().catalog(true))->find(widgets()); ++i) pass(Duration{50});
  EXPECT_EQ((*cluster().catalog(true))->find(widgets()), nullptr);
}

TEST_P(Kinds, DefinitionsHaveRules) {
  auto crd = definition(kSchema, true);
  crd.json["metadata"]["name"] = "gadgets." + group_;
  EXPECT_EQ(verdict(dry_apply(crd)), "422 Invalid: metadata.name FieldValueInvalid");
}

TEST_P(Kinds, GenerationsStartAtOneWhereThereAreAny) {
  const struct {
    const char* api_version;
    const char* kind;
    const char* rest;
    int generation;
  } rows[] = {
      {"v1", "ConfigMap", "{}", 0},
      {"v1", "Secret", "{}", 0},
      {"v1", "ServiceAccount", "{}", 0},
      {"v1", "Service", R"({"spec":{"ports":[{"port":80}]}})", 0},
      {"v1", "Pod", R"({"spec":{"containers":[{"name":"c","image":"i"}]}})", 1},
      {"v1", "ResourceQuota", R"({"spec":{"hard":{"pods":"9"}}})", 0},
      {"v1", "LimitRange", R"({"spec":{"limits":[]}})", 0},
      {"v1", "PersistentVolumeClaim",
       R"({"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}})", 0},
      {"batch/v1", "Job",
       R"({"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}})",
       1},
      {"networking.k8s.io/v1", "NetworkPolicy", R"({"spec":{"podSelector":{}}})", 1},
      {"networking.k8s.io/v1", "Ingress",
       R"({"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}})", 1},
      {"policy/v1", "PodDisruptionBudget", R"({"spec":{"minAvailable":1,"selector":{}}})", 1},
      {"autoscaling/v2", "HorizontalPodAutoscaler",
       R"({"spec":{"maxReplicas":2,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}})",
       0},
      {"rbac.authorization.k8s.io/v1", "Role", R"({"rules":[]})", 0},
      {"coordination.k8s.io/v1", "Lease", R"({"spec":{}})", 0},
  };
  for (const auto& row : rows) {
    const auto made = dry_apply(object(row.api_version, row.kind, "g", row.rest));
    ASSERT_EQ(verdict(made), "201") << row.kind << " " << made.error->to_string();
    EXPECT_EQ(made.object.generation(), row.generation) << row.kind;
  }
}

TEST_P(Kinds, HaveLimitsOfSize) {
  const auto big = [&](std::size_t bytes) { return R"({"x":")" + std::string(bytes, '1') + "\"}"; };
  EXPECT_EQ(verdict(apply(config_map("big", big(1048576)))), "201");
  const auto map = apply(config_map("bigger", big(1048577)));
  EXPECT_EQ(map.http_status, 422);
  ASSERT_FALSE(map.causes.empty());
  EXPECT_EQ(map.causes[0].reason, "FieldValueTooLong");
  EXPECT_EQ(verdict(apply(object("v1", "Secret", "big", R"({"stringData":)" + big(1048577) + "}"))),
            "422 Invalid: data FieldValueTooLong");
  auto noted = config_map("noted", "{}");
  noted.json["metadata"]["annotations"]["a"] = std::string(262144, '1');
  EXPECT_EQ(verdict(apply(noted)), "422 Invalid: metadata.annotations FieldValueTooLong");
  EXPECT_EQ(verdict(apply(config_map("huge", big(3145728)))), "413 RequestEntityTooLarge");
  EXPECT_EQ(verdict(create(config_map("huge", big(3145728)))), "413 RequestEntityTooLarge");
}

TEST_P(Kinds, HaveNames) {
  const auto problem = [&](const char* api_version, const char* kind, const std::string& name,
                           const char* rest) {
    const auto refused = create(object(api_version, kind, name, rest), true);
    if (refused.ok()) return std::string();
    return refused.causes.empty() ? verdict(refused)
                                  : refused.causes[0].field + ": " + refused.causes[0].message;
  };
  constexpr const char* kSubdomain =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
      "must start "
      "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  for (const char* name : {"A", "a_b", "-a", "a..b"}) {
    EXPECT_EQ(problem("v1", "ConfigMap", name, "{}"),
              "metadata.name: Invalid value: \"" + std::string(name) + "\": " + kSubdomain);
  }
  EXPECT_EQ(problem("v1", "ConfigMap", "a.b", "{}"), "");
  EXPECT_THAT(problem("v1", "ConfigMap", std::string(254, 'a'), "{}"),
              HasSubstr("must be no more than 253 characters"));
  EXPECT_THAT(problem("v1", "Service", "a.b", R"({"spec":{"ports":[{"port":80}]}})"),
              HasSubstr("must not contain dots"));
  constexpr const char* kOnce =
      R"({"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}})";
  EXPECT_THAT(problem("batch/v1", "Job", std::string(64, 'x'), kOnce),
              HasSubstr("must be no more than 63 bytes"));
  EXPECT_THAT(problem("batch/v1", "CronJob", std::string(53, 'x'),
                      R"({"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"spec":{
                          "restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}}})"),
              HasSubstr("must be no more than 52 characters"));
}

TEST_P(Kinds, HaveLabels) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"a b", "c", "name part must consist of alphanumeric characters"},
      {"a", "b c", "a valid label must be an empty string or consist of alphanumeric characters"},
      {"A_B/c", "x", "prefix part a lowercase RFC 1123 subdomain must consist of"},
      {"/c", "x", "prefix part must be non-empty"},
      {"a/b/c", "x", "a valid label key must consist of alphanumeric characters"},
      {"a/", "x", "name part must be non-empty"},
  };
  const auto labelled = [&](const std::string& key, const std::string& value) {
    auto body = config_map("l", "{}");
    body.json["metadata"]["labels"][key] = value;
    return dry_apply(body);
  };
  for (const auto& [key, value, expected] : rows) {
    const auto refused = labelled(key, value);
    EXPECT_EQ(verdict(refused), "422 Invalid: metadata.labels FieldValueInvalid") << key;
    ASSERT_FALSE(refused.causes.empty());
    EXPECT_THAT(refused.causes[0].message, HasSubstr(expected)) << key;
  }
  EXPECT_THAT(labelled("a", std::string(64, 'x')).causes.at(0).message,
              HasSubstr("must be no more than 63 bytes"));
  EXPECT_THAT(labelled(std::string(64, 'x'), "a").causes.at(0).message,
              HasSubstr("name part must be no more than 63 bytes"));
  EXPECT_EQ(verdict(labelled("example.com/Name_1.x", "")), "201");
  auto noted = config_map("l", "{}");
  noted.json["metadata"]["annotations"]["UPPER.com/x"] = "any thing";
  EXPECT_EQ(verdict(dry_apply(noted)), "201") << "annotations are less strict";
}

TEST_P(Kinds, TypedWrongNameThePlace) {
  auto body = deployment("d", 1, "i");
  body.json["spec"]["template"]["spec"]["containers"][0]["env"] = Json::parse(R"([{"name":"A","value":1}])");
  const auto refused = apply(body);
  EXPECT_EQ(refused.outcome, engine::Outcome::kRejected);
  EXPECT_EQ(refused.http_status, 500) << "the server's answer to an apply of the wrong type";
  ASSERT_FALSE(refused.causes.empty());
  EXPECT_EQ(refused.causes[0].field, ".spec.template.spec.containers[name=\"app\"].env[name=\"A\"].value");
  EXPECT_EQ(verdict(create(body)), "400 BadRequest");
}

}  // namespace
}  // namespace instantexec::contract
