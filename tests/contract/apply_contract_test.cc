// Server-side apply, dry-run and field ownership.
#include <gmock/gmock.h>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using engine::Outcome;
using model::Json;
using ::testing::HasSubstr;

using Apply = Contract;
INSTANTEXEC_CONTRACT(Apply);

TEST_P(Apply, CreatesThenLeavesAlone) {
  const auto made = apply(config_map("c", R"({"a":"1"})"));
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  EXPECT_TRUE(made.created);
  EXPECT_EQ(made.http_status, 201);
  EXPECT_FALSE(made.object.uid().empty());
  EXPECT_FALSE(made.object.resource_version().empty());
  EXPECT_FALSE(model::get_string(made.object.json, "/metadata/creationTimestamp").empty());
  EXPECT_EQ(owners(made.object), Json::parse(R"({"one/Apply":{"f:data":{"f:a":{}}}})"));
  const auto again = apply(config_map("c", R"({"a":"1"})"));
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.object, made.object) << "the same again keeps even the resourceVersion";
  EXPECT_EQ(get(kConfigMap, "c").object, made.object);
}

TEST_P(Apply, DryRunStoresNothing) {
  const auto dry = dry_apply(config_map("c", R"({"a":"1"})"));
  ASSERT_TRUE(dry.ok());
  EXPECT_EQ(dry.http_status, 201);
  EXPECT_EQ(dry.object.json["data"]["a"], "1");
  EXPECT_TRUE(get(kConfigMap, "c").not_found());
  const auto made = apply(config_map("c", R"({"a":"1"})"));
  const auto change = dry_apply(config_map("c", R"({"a":"2"})"));
  EXPECT_EQ(change.http_status, 200);
  EXPECT_EQ(change.object.json["data"]["a"], "2");
  EXPECT_EQ(get(kConfigMap, "c").object, made.object);
}

// A plan tells by it whether a read and a dry-run were of one state.
TEST_P(Apply, DryRunNamesTheVersionItStartedFrom) {
  EXPECT_EQ(dry_apply(config_map("c", R"({"a":"1"})")).object.resource_version(), "");
  const auto made = apply(config_map("c", R"({"a":"1"})"));
  EXPECT_EQ(dry_apply(config_map("c", R"({"a":"2"})")).object.resource_version(),
            made.object.resource_version());
  EXPECT_EQ(dry_apply(config_map("c", R"({"a":"1"})")).object.resource_version(),
            made.object.resource_version())
      << "a change of nothing";
}

TEST_P(Apply, ConflictsNameFieldsAndManagers) {
  apply(config_map("c", R"({"a":"1","b":"1","same":"s"})"));
  const auto refused = apply(config_map("c", R"({"a":"2","b":"2","same":"s"})"), "two");
  EXPECT_EQ(refused.outcome, Outcome::kRejected);
  EXPECT_EQ(refused.http_status, 409);
  EXPECT_TRUE(refused.ownership_conflict());
  ASSERT_EQ(refused.causes.size(), 2U);
  EXPECT_EQ(refused.causes[0].field, ".data.a");
  EXPECT_EQ(refused.causes[1].field, ".data.b");
  EXPECT_EQ(refused.causes[0].message, "conflict with \"one\"");
  EXPECT_THAT(refused.error->message, HasSubstr("Apply failed with 2 conflicts"));
  EXPECT_EQ(get(kConfigMap, "c").object.json["data"]["a"], "1") << "nothing was applied";
}

TEST_P(Apply, ForceTakesFields) {
  apply(config_map("c", R"({"a":"1","b":"1"})"));
  const auto taken = apply(config_map("c", R"({"a":"2"})"), "two", true);
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(owners(taken.object),
            Json::parse(R"({"one/Apply":{"f:data":{"f:b":{}}},"two/Apply":{"f:data":{"f:a":{}}}})"));
}

TEST_P(Apply, FieldsLeftOutGoUnlessShared) {
  apply(config_map("c", R"({"mine":"1","shared":"1"})"));
  apply(config_map("c", R"({"shared":"1","theirs":"1"})"), "two");
  const auto less = apply(config_map("c", R"({})"));
  ASSERT_TRUE(less.ok());
  EXPECT_EQ(less.object.json["data"], Json::parse(R"({"shared":"1","theirs":"1"})"));
}

TEST_P(Apply, ContainersAreToldApartByName) {
  const auto with = [&](const char* containers) {
    return object(
        "apps/v1", "Deployment", "d",
        R"({"spec":{"replicas":0,"selector":{"matchLabels":{"app":"d"}},"template":{"metadata":{"labels":
                     {"app":"d"}},"spec":{"containers":)" +
            std::string(containers) + "}}}}");
  };
  apply(with(R"([{"name":"a","image":"i:1"},{"name":"b","image":"i:1","env":[{"name":"X","value":"1"}]}])"));
  apply(with(R"([{"name":"b","env":[{"name":"Y","value":"2"}]}])"), "two");
  const auto less = apply(with(R"([{"name":"b","image":"i:2"}])"));
  ASSERT_TRUE(less.ok()) << less.error->to_string();
  const Json& containers = less.object.json["spec"]["template"]["spec"]["containers"];
  ASSERT_EQ(containers.size(), 1U) << containers.dump();
  EXPECT_EQ(containers[0]["image"], "i:2");
  EXPECT_EQ(containers[0]["env"], Json::parse(R"([{"name":"Y","value":"2"}])"));
}

TEST_P(Apply, DefaultsBelongToNobody) {
  const auto made = apply(deployment("d", 0, "i:1"));
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  const Json& spec = made.object.json["spec"];
  EXPECT_EQ(spec["strategy"]["rollingUpdate"]["maxSurge"], "25%");
  EXPECT_EQ(spec["progressDeadlineSeconds"], 600);
  EXPECT_EQ(spec["template"]["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
  EXPECT_EQ(owners(made.object)["one/Apply"],
            Json::parse(R"({"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{
      "f:metadata":{"f:labels":{"f:app":{}}},
      "f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:image":{},"f:name":{}}}}}}})"));
}

TEST_P(Apply, QuantitiesTakeTheirCanonicalForm) {
  auto body = deployment("d", 0, "i:1");
  body.json["spec"]["template"]["spec"]["containers"][0]["resources"] =
      Json::parse(R"({"limits":{"cpu":"1000m","memory":"2048Mi"},"requests":{"cpu":0.5,"memory":"1.5Gi"}})");
  const auto made = apply(body);
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  EXPECT_EQ(
      made.object.json["spec"]["template"]["spec"]["containers"][0]["resources"],
      Json::parse(R"({"limits":{"cpu":"1","memory":"2Gi"},"requests":{"cpu":"500m","memory":"1536Mi"}})"));
  const auto before = settled(kDeployment, "d");
  EXPECT_EQ(apply(body).object.resource_version(), before.resource_version())
      << "written either way, it is the same";
}

TEST_P(Apply, OfAnObjectMadeOtherwiseSharesIt) {
  run(engine::CreateRequest{config_map("c", R"({"a":"1"})"), "poster", false});
  const auto applied = apply(config_map("c", R"({"a":"1"})"));
  ASSERT_TRUE(applied.ok()) << applied.error->to_string();
  EXPECT_EQ(
      owners(applied.object),
      Json::parse(R"({"one/Apply":{"f:data":{"f:a":{}}},"poster/Update":{"f:data":{".":{},"f:a":{}}}})"));
  EXPECT_TRUE(apply(config_map("c", R"({"a":"2"})")).ownership_conflict());
}

TEST_P(Apply, UidFencesAgainstAMissingObject) {
  const auto refused =
      apply(config_map("c", R"({"a":"1"})"), "one", false, {"6d1c7a4e-0000-4000-8000-000000000000", ""});
  EXPECT_EQ(refused.http_status, 409);
  EXPECT_FALSE(refused.ownership_conflict());
  EXPECT_TRUE(get(kConfigMap, "c").not_found());
}

TEST_P(Apply, ResourceVersionAloneCreatesAMissingObject) {
  EXPECT_TRUE(apply(config_map("c", R"({"a":"1"})"), "one", false, {"", "1"}).created);
}

TEST_P(Apply, PreconditionsRefuseAnotherState) {
  const auto made = apply(config_map("c", R"({"a":"1"})"));
  const engine::Preconditions seen{made.object.uid(), made.object.resource_version()};
  EXPECT_TRUE(apply(config_map("c", R"({"a":"2"})"), "one", false, seen).ok());
  const auto stale = apply(config_map("c", R"({"a":"3"})"), "one", false, seen);
  EXPECT_EQ(stale.http_status, 409);
  EXPECT_FALSE(stale.ownership_conflict());
  const auto foreign =
      apply(config_map("c", R"({"a":"3"})"), "one", false, {"6d1c7a4e-0000-4000-8000-000000000000", ""});
  EXPECT_EQ(foreign.outcome, Outcome::kRejected);
  EXPECT_EQ(foreign.http_status, 422) << "another uid is an immutable field";
  EXPECT_EQ(get(kConfigMap, "c").object.json["data"]["a"], "2");
}

TEST_P(Apply, GenerationCountsSpecificationsOnly) {
  const auto made = apply(deployment("d", 0, "i:1"));
  EXPECT_EQ(made.object.generation(), 1);
  auto labelled = deployment("d", 0, "i:1");
  labelled.json["metadata"]["labels"]["x"] = "y";
  EXPECT_EQ(apply(labelled).object.generation(), 1);
  EXPECT_EQ(apply(deployment("d", 0, "i:2")).object.generation(), 2);
  EXPECT_EQ(apply(config_map("c", R"({"a":"1"})")).object.generation(), 0) << "ConfigMaps have none";
}

TEST_P(Apply, StatusIsNotTakenFromUsers) {
  auto body = deployment("d", 0, "i:1");
  body.json["status"]["replicas"] = 7;
  const auto made = apply(body);
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  EXPECT_EQ(model::get_int(made.object.json, "/status/replicas"), 0);
  EXPECT_FALSE(owners(made.object)["one/Apply"].contains("f:status"));
}

}  // namespace
}  // namespace instantexec::contract
