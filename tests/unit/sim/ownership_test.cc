#include "sim/ownership.h"

#include <gtest/gtest.h>

namespace instantexec::sim {
namespace {

using model::Json;

const Type& config_map() {
  return *builtin_types().named("core.v1.ConfigMap");
}

Json with_data(const char* data) {
  return Json{{"apiVersion", "v1"},
              {"kind", "ConfigMap"},
              {"metadata", {{"name", "c"}}},
              {"data", Json::parse(data)}};
}

Writer by(const char* manager, int second = 0) {
  return {manager, "v1", "", Timestamp{Duration{second * 1000}}};
}

// {"manager/operation": fieldsV1}
Json owners(const Json& object) {
  Json out = Json::object();
  for (const Json& entry : model::get_array(object, "/metadata/managedFields")) {
    out[entry["manager"].get<std::string>() + "/" + entry["operation"].get<std::string>()] =
        entry["fieldsV1"];
  }
  return out;
}

TEST(Apply, CreatesWithItsFields) {
  const auto result = apply(Json::object(), with_data(R"({"a":"1"})"), config_map(), by("one"), false);
  EXPECT_TRUE(result.conflicts.empty());
  EXPECT_EQ(result.object["data"], Json::parse(R"({"a":"1"})"));
  EXPECT_EQ(owners(result.object), Json::parse(R"({"one/Apply":{"f:data":{"f:a":{}}}})"));
}

struct ApplyRow {
  const char* name;
  const char* first;   // applied by "one"
  const char* second;  // applied by "two", forced
  const char* third;   // applied by "one" again, not forced
  const char* data;    // afterwards; "conflict" when refused
  const char* one;     // fields of "one" afterwards
};

TEST(Apply, SharesTakesAndDropsFields) {
  const ApplyRow rows[] = {
      {"a field left out goes", R"({"a":"1","b":"1"})", R"({"c":"1"})", R"({"a":"1"})",
       R"({"a":"1","c":"1"})", R"({"f:data":{"f:a":{}}})"},
      {"a field left out stays while another owns it", R"({"a":"1","b":"1"})", R"({"b":"1"})", R"({"a":"1"})",
       R"({"a":"1","b":"1"})", R"({"f:data":{"f:a":{}}})"},
      {"the same value is shared", R"({"a":"1"})", R"({"a":"1"})", R"({"a":"1"})", R"({"a":"1"})",
       R"({"f:data":{"f:a":{}}})"},
      {"a field taken by force is lost", R"({"a":"1"})", R"({"a":"2"})", R"({})", R"({"a":"2"})",
       R"({"f:data":{}})"},
      {"another's value is a conflict", R"({"a":"1"})", R"({"a":"2"})", R"({"a":"3"})", "conflict", ""},
  };
  for (const auto& row : rows) {
    Json live = apply(Json::object(), with_data(row.first), config_map(), by("one", 1), false).object;
    live = apply(live, with_data(row.second), config_map(), by("two", 2), true).object;
    const auto result = apply(live, with_data(row.third), config_map(), by("one", 3), false);
    if (std::string(row.data) == "conflict") {
      ASSERT_EQ(result.conflicts.size(), 1U) << row.name;
      EXPECT_EQ(result.conflicts[0].field, ".data.a") << row.name;
      EXPECT_EQ(result.conflicts[0].message, "conflict with \"two\"") << row.name;
      EXPECT_EQ(result.object, live) << row.name << ": nothing changes";
      continue;
    }
    EXPECT_TRUE(result.conflicts.empty()) << row.name;
    EXPECT_EQ(result.object["data"], Json::parse(row.data)) << row.name;
    EXPECT_EQ(owners(result.object)["one/Apply"], Json::parse(row.one)) << row.name;
  }
}

TEST(Apply, TheSameAgainChangesNothing) {
  const Json live =
      apply(Json::object(), with_data(R"({"a":"1"})"), config_map(), by("one", 1), false).object;
  EXPECT_EQ(apply(live, with_data(R"({"a":"1"})"), config_map(), by("one", 9), false).object, live)
      << "not even the time in managedFields";
}

TEST(Apply, WhatNobodyOwnsGoesWithItsItem) {
  const Type& deployment = *builtin_types().named("apps.v1.Deployment");
  const Json config = Json::parse(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},
      "spec":{"template":{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}}}})");
  Json live = apply(Json::object(), config, deployment, {"one", "apps/v1", "", Timestamp{}}, false).object;
  for (Json& container : live["spec"]["template"]["spec"]["containers"])
    container["imagePullPolicy"] = "Always";
  Json less = config;
  less["spec"]["template"]["spec"]["containers"].erase(1);
  const auto result = apply(live, less, deployment, {"one", "apps/v1", "", Timestamp{}}, false);
  EXPECT_EQ(result.object["spec"]["template"]["spec"]["containers"],
            Json::parse(R"([{"name":"a","image":"1","imagePullPolicy":"Always"}])"));
}

TEST(Update, TakesChangedFieldsFromTheirOwners) {
  const Json live =
      apply(Json::object(), with_data(R"({"a":"1","b":"1"})"), config_map(), by("one", 1), false).object;
  Json edited = live;
  edited["data"]["a"] = "2";
  edited["data"]["c"] = "3";
  const Json after = update(live, edited, config_map(), by("kubectl-edit", 2));
  EXPECT_EQ(owners(after), Json::parse(R"({"one/Apply":{"f:data":{"f:b":{}}},
                                           "kubectl-edit/Update":{"f:data":{"f:a":{},"f:c":{}}}})"));
}

TEST(Update, OfANewObjectOwnsItsContainersToo) {
  const Json after = update(Json::object(), with_data(R"({"a":"1"})"), config_map(), by("poster"));
  EXPECT_EQ(owners(after), Json::parse(R"({"poster/Update":{"f:data":{".":{},"f:a":{}}}})"));
}

TEST(Update, ManagedFieldsCanBeReplacedAndReset) {
  const Json live =
      apply(Json::object(), with_data(R"({"a":"1"})"), config_map(), by("one", 1), false).object;
  Json wanted = live;
  wanted["metadata"]["managedFields"][0]["manager"] = "former";
  EXPECT_EQ(owners(update(live, wanted, config_map(), by("two", 2))),
            Json::parse(R"({"former/Apply":{"f:data":{"f:a":{}}}})"));
  for (const char* value : {"[]", "[{}]"}) {
    wanted["metadata"]["managedFields"] = Json::parse(value);
    EXPECT_EQ(owners(update(live, wanted, config_map(), by("two", 2))), Json::object()) << value;
  }
  wanted["metadata"]["managedFields"] = Json::parse(R"([{"manager":"x","operation":"Bogus"}])");
  EXPECT_EQ(owners(update(live, wanted, config_map(), by("two", 2))), owners(live)) << "unreadable";
  wanted["metadata"].erase("managedFields");
  EXPECT_EQ(owners(update(live, wanted, config_map(), by("two", 2))), owners(live)) << "absent";
}

TEST(Apply, TheLastFieldOfMetadataCanGo) {
  Json with_finalizer = with_data(R"({"a":"1"})");
  with_finalizer["metadata"]["finalizers"] = Json::array({"x.example/hold"});
  const Json live = apply(Json::object(), with_finalizer, config_map(), by("one", 1), false).object;
  const Json after = apply(live, with_data(R"({"a":"1"})"), config_map(), by("one", 2), false).object;
  EXPECT_FALSE(after["metadata"].contains("finalizers"));
  EXPECT_EQ(after["metadata"]["name"], live["metadata"]["name"]);
}

TEST(Update, ManyUpdatersAreFoldedIntoOne) {
  Json live = with_data("{}");
  for (int i = 0; i < 15; ++i) {
    Json edited = live;
    edited["data"]["k" + std::to_string(i)] = "v";
    live = update(live, edited, config_map(), by(("m" + std::to_string(i)).c_str(), i));
  }
  EXPECT_EQ(live["metadata"]["managedFields"].size(), 10U);
  EXPECT_TRUE(owners(live).contains("ancient-changes/Update"));
}

TEST(Differs, IgnoresTimesOfManagedFields) {
  const Json live =
      apply(Json::object(), with_data(R"({"a":"1"})"), config_map(), by("one", 1), false).object;
  Json later = live;
  later["metadata"]["managedFields"][0]["time"] = "2030-01-01T00:00:00Z";
  EXPECT_FALSE(differs(live, later));
  later["data"]["a"] = "2";
  EXPECT_TRUE(differs(live, later));
}

}  // namespace
}  // namespace instantexec::sim
