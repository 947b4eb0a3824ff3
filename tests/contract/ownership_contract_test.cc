// Who owns a field after which write: what giving ownership back after a rollback rests on.
#include <gmock/gmock.h>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using model::Json;

class Ownership : public Contract {
 protected:
  engine::Response put_managers(const std::string& name, const Json& managers) {
    return run(engine::PatchRequest{
        kConfigMap, ns(), name,
        Json::array({{{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", managers}}}), "undo",
        false});
  }
  static Json managers(const model::Object& object) {
    return object.json["metadata"].value("managedFields", Json());
  }
  static Json owned(const char* text) { return Json::parse(text); }
};
INSTANTEXEC_CONTRACT(Ownership);

TEST_P(Ownership, OfAnApplyBodyIsNotTheClientsToSay) {
  const auto made = apply(config_map("c", R"({"a":"1"})")).object;
  for (const Json& value : {Json::array(), Json::array({Json::object()}), managers(made)}) {
    auto body = config_map("c", R"({"a":"1"})");
    body.json["metadata"]["managedFields"] = value;
    EXPECT_EQ(verdict(apply(body)), "400 BadRequest") << value.dump();
  }
}

TEST_P(Ownership, EmptyOrOneEmptyEntryForgetsEverybody) {
  int count = 0;
  for (const char* value : {"[]", "[{}]"}) {
    const std::string name = "c" + std::to_string(++count);
    const auto made = apply(config_map(name, R"({"a":"1"})")).object;
    EXPECT_TRUE(managers(put_managers(name, Json::parse(value)).object).is_null()) << value;
    apply(config_map(name, R"({"a":"1"})"));
    auto replaced = get(kConfigMap, name).object;
    replaced.json["metadata"]["managedFields"] = Json::parse(value);
    EXPECT_TRUE(managers(replace(replaced).object).is_null()) << value;
  }
}

TEST_P(Ownership, WhatCannotBeReadIsLeftAsItWas) {
  const auto made = apply(config_map("c", R"({"a":"1"})")).object;
  const char* rows[] = {
      "null",
      R"([{"manager":"x","operation":"Bogus","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{}}}])",
      R"([{"manager":"x","operation":"Apply","apiVersion":"v1","fieldsType":"Other","fieldsV1":{"f:data":{}}}])",
      R"([{"manager":"x","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:data":{}}}])"};
  for (const char* row : rows) {
    EXPECT_EQ(put_managers("c", Json::parse(row)).object, made) << row;
  }
  auto absent = made;
  absent.json["metadata"].erase("managedFields");
  EXPECT_EQ(replace(absent).object, made);
  EXPECT_EQ(patch(kConfigMap, "c", R"([{"op":"remove","path":"/metadata/managedFields"}])").object, made);
}

TEST_P(Ownership, GivenBackAsItWasSaved) {
  apply(config_map("c", R"({"a":"1","b":"1"})"));
  const auto before = apply(config_map("c", R"({"b":"1","c":"1"})"), "two").object;
  ASSERT_TRUE(apply(config_map("c", R"({"a":"2","b":"2"})"), "three", true).ok());
  auto values = get(kConfigMap, "c").object;
  values.json["data"] = before.json["data"];
  const auto restored = replace(values);
  ASSERT_TRUE(restored.ok()) << restored.error->to_string();
  EXPECT_NE(owners(restored.object), owners(before)) << "values alone do not give fields back";
  auto owned_again = restored.object;
  owned_again.json["metadata"]["managedFields"] = before.json["metadata"]["managedFields"];
  const auto done = replace(owned_again);
  ASSERT_TRUE(done.ok()) << done.error->to_string();
  EXPECT_EQ(managers(done.object), managers(before)) << "order and times included";
  EXPECT_EQ(done.object.json["data"], before.json["data"]);
  EXPECT_EQ(apply(config_map("c", R"({"b":"1","c":"1"})"), "two").object, done.object)
      << "and every manager finds its fields";
}

TEST_P(Ownership, ValuesAndManagersInOneWriteAreNotExact) {
  const auto before = apply(config_map("c", R"({"a":"1"})")).object;
  apply(config_map("c", R"({"a":"2"})"), "two", true);
  const Json both =
      Json::array({{{"op", "replace"}, {"path", "/data/a"}, {"value", "1"}},
                   {{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", managers(before)}}});
  const auto written = patch(kConfigMap, "c", both.dump());
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(owners(written.object), owned(R"({"patcher/Update":{"f:data":{"f:a":{}}}})"))
      << "the changed field belongs to whoever wrote it";
}

TEST_P(Ownership, AnEntryMayBeDropped) {
  apply(config_map("c", R"({"a":"1"})"));
  const auto both = apply(config_map("c", R"({"b":"1"})"), "two").object;
  Json kept = Json::array();
  for (const Json& entry : managers(both)) {
    if (entry["manager"] == "two") kept.push_back(entry);
  }
  const auto done = put_managers("c", kept);
  EXPECT_EQ(owners(done.object), owned(R"({"two/Apply":{"f:data":{"f:b":{}}}})"));
  EXPECT_EQ(apply(config_map("c", "{}"), "one").object.json["data"], Json::parse(R"({"a":"1","b":"1"})"))
      << "what nobody owns stays";
}

TEST_P(Ownership, OfWhatNobodyTracked) {
  apply(config_map("c", R"({"a":"1","b":"1"})"));
  put_managers("c", Json::array({Json::object()}));
  EXPECT_TRUE(
      managers(patch(kConfigMap, "c", R"([{"op":"replace","path":"/data/b","value":"2"}])").object).is_null())
      << "untracked objects stay untracked until somebody applies";
  const auto refused = apply(config_map("c", R"({"a":"2"})"));
  EXPECT_TRUE(refused.ownership_conflict());
  ASSERT_EQ(refused.causes.size(), 1U);
  EXPECT_EQ(refused.causes[0].message, "conflict with \"before-first-apply\" using v1");
  const auto shared = apply(config_map("c", R"({"a":"1"})"));
  EXPECT_EQ(owners(shared.object), owned(R"({"one/Apply":{"f:data":{"f:a":{}}},
      "before-first-apply/Update":{"f:data":{".":{},"f:a":{},"f:b":{}}}})"));
}

TEST_P(Ownership, MovedToOurApplyEntry) {
  create(config_map("c", R"({"a":"1","b":"1"})"));
  auto live = get(kConfigMap, "c").object;
  Json& entry = live.json["metadata"]["managedFields"][0];
  ASSERT_EQ(entry["manager"], "poster");
  entry["manager"] = "one";
  entry["operation"] = "Apply";
  const auto moved = replace(live);
  ASSERT_TRUE(moved.ok()) << moved.error->to_string();
  EXPECT_EQ(owners(moved.object), owned(R"({"one/Apply":{"f:data":{".":{},"f:a":{},"f:b":{}}}})"));
  const auto less = apply(config_map("c", R"({"a":"1"})"));
  EXPECT_EQ(less.object.json["data"], Json::parse(R"({"a":"1"})")) << "now leaving out removes";
}

TEST_P(Ownership, WithoutMovingRemovedFieldsStick) {
  create(config_map("c", R"({"a":"1","b":"1"})"));
  apply(config_map("c", R"({"a":"1","b":"1"})"));
  const auto less = apply(config_map("c", R"({"a":"1"})"));
  EXPECT_EQ(less.object.json["data"], Json::parse(R"({"a":"1","b":"1"})")) << "the creator still owns it";
}

TEST_P(Ownership, ForceTakesFromUpdatesToo) {
  create(config_map("c", R"({"a":"1","b":"1"})"));
  const auto refused = apply(config_map("c", R"({"a":"2"})"));
  ASSERT_EQ(verdict(refused), "409 Conflict: .data.a FieldManagerConflict");
  EXPECT_EQ(refused.causes[0].message, "conflict with \"poster\" using v1");
  const auto taken = apply(config_map("c", R"({"a":"2"})"), "one", true);
  EXPECT_EQ(owners(taken.object), owned(R"({"one/Apply":{"f:data":{"f:a":{}}},
      "poster/Update":{"f:data":{".":{},"f:b":{}}}})"));
}

TEST_P(Ownership, TheSameValueIsShared) {
  apply(config_map("c", R"({"a":"1"})"));
  const auto shared = apply(config_map("c", R"({"a":"1"})"), "two");
  ASSERT_TRUE(shared.ok());
  EXPECT_EQ(owners(shared.object),
            owned(R"({"one/Apply":{"f:data":{"f:a":{}}},"two/Apply":{"f:data":{"f:a":{}}}})"));
  EXPECT_TRUE(apply(config_map("c", R"({"a":"2"})"), "two").ownership_conflict());
  const auto left = apply(object("v1", "ConfigMap", "c"));
  EXPECT_EQ(left.object.json["data"]["a"], "1") << "the other one still wants it";
  EXPECT_EQ(owners(left.object), owned(R"({"two/Apply":{"f:data":{"f:a":{}}}})"));
}

TEST_P(Ownership, OfAnEmptyApply) {
  apply(config_map("c", R"({"a":"1"})"));
  const auto done = apply(object("v1", "ConfigMap", "c"));
  ASSERT_TRUE(done.ok()) << done.error->to_string();
  EXPECT_FALSE(done.object.json.contains("data"));
  EXPECT_TRUE(managers(done.object).is_null());
}

TEST_P(Ownership, OfAnEmptyMapIsOwnershipOfAllOfIt) {
  const auto made = apply(config_map("c", "{}")).object;
  EXPECT_EQ(owners(made), owned(R"({"one/Apply":{"f:data":{}}})"));
  EXPECT_EQ(apply(config_map("c", "{}")).object, made);
  EXPECT_EQ(verdict(apply(config_map("c", R"({"a":"1"})"), "two")),
            "409 Conflict: .data FieldManagerConflict");
  EXPECT_EQ(verdict(apply(config_map("c", "{}"), "two")), "409 Conflict: .data FieldManagerConflict");
  EXPECT_EQ(verdict(apply(object("v1", "ConfigMap", "c"), "two")), "200")
      << "saying nothing of it is no conflict";
}

TEST_P(Ownership, OfLabelsFinalizersAndOwners) {
  const auto owner = apply(config_map("owner", "{}")).object;
  auto body = object("v1", "ConfigMap", "c");
  body.json["metadata"]["labels"] = Json{{"app", "x"}};
  body.json["metadata"]["annotations"] = Json{{"note", "y"}};
  body.json["metadata"]["finalizers"] = Json::array({"x.example/hold"});
  body.json["metadata"]["ownerReferences"] = Json::array(
      {Json{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "owner"}, {"uid", owner.uid()}}});
  const auto made = apply(body);
  ASSERT_TRUE(made.ok()) << made.error->to_string();
  Json expected = owned(R"({"f:metadata":{"f:annotations":{"f:note":{}},"f:labels":{"f:app":{}},
                           "f:finalizers":{"v:\"x.example/hold\"":{}}}})");
  expected["f:metadata"]["f:ownerReferences"]["k:{\"uid\":\"" + owner.uid() + "\"}"] = Json::object();
  EXPECT_EQ(owners(made.object)["one/Apply"], expected);
  auto other = object("v1", "ConfigMap", "c");
  other.json["metadata"]["finalizers"] = Json::array({"x.example/two"});
  const auto added = apply(other, "two");
  ASSERT_EQ(verdict(added), "200") << added.error->to_string();
  EXPECT_EQ(added.object.json["metadata"]["finalizers"], Json::parse(R"(["x.example/hold","x.example/two"])"))
      << "a set, and each owns its own";
  const auto less = apply(object("v1", "ConfigMap", "c"));
  EXPECT_EQ(less.object.json["metadata"]["finalizers"], Json::parse(R"(["x.example/two"])"));
  EXPECT_FALSE(less.object.json["metadata"].contains("ownerReferences"));
  EXPECT_FALSE(less.object.json["metadata"].contains("labels"));
  apply(object("v1", "ConfigMap", "c"), "two");
}

TEST_P(Ownership, ManagersHaveNames) {
  EXPECT_EQ(verdict(apply(config_map("c", "{}"), std::string(129, 'x'))),
            "422 Invalid: fieldManager FieldValueTooLong");
  EXPECT_EQ(verdict(apply(config_map("c", "{}"), std::string(128, 'x'))), "201");
}

}  // namespace
}  // namespace instantexec::contract
