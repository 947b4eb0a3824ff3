#include "plan/diff.h"

#include <gtest/gtest.h>

#include "unit/plan/objects.h"

namespace instantexec::plan {
namespace {

using test::object;

constexpr std::string_view kLive = R"({"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","b":"2"},
  "metadata":{"name":"x","uid":"u","resourceVersion":"7","generation":2,"creationTimestamp":"t",
    "managedFields":[{"manager":"m"}],
    "annotations":{"deployment.kubernetes.io/revision":"3","instantexec.dev/created-by":"op"}},
  "status":{"ready":1}})";

TEST(Diff, LeavesOutWhatNobodyWishedFor) {
  const auto live = object(kLive);
  const auto wished = object(R"({"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","b":"2"},
    "metadata":{"name":"x","labels":{},"finalizers":[]}})");
  EXPECT_TRUE(same(live, wished));
  EXPECT_TRUE(diff(live, wished).empty());
  EXPECT_EQ(canonical(live), canonical(wished));
}

TEST(Diff, NamesEveryField) {
  auto after = object(kLive);
  after.json["data"] = {{"a", "1"}, {"c", "3"}, {"b", "changed"}};
  after.json["metadata"]["labels"]["l"] = "v";
  after.json["spec"]["list"] = {1, 2};
  const auto changes = diff(object(kLive), after);
  std::vector<std::string> pointers;
  for (const auto& change : changes) pointers.push_back(change.pointer);
  EXPECT_EQ(pointers, (std::vector<std::string>{"/data/b", "/data/c", "/metadata/labels", "/spec"}));
  EXPECT_EQ(changes[0].before, model::Json("2"));
  EXPECT_EQ(changes[0].after, model::Json("changed"));
  EXPECT_FALSE(changes[1].before.has_value());
  EXPECT_FALSE(same(object(kLive), after));
}

TEST(Diff, ComparesListsOfEqualLengthItemByItem) {
  const auto a = object(R"({"spec":{"l":[{"n":1},{"n":2}],"m":[1]}})");
  const auto b = object(R"({"spec":{"l":[{"n":1},{"n":3}],"m":[1,2]}})");
  const auto changes = diff(a, b);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].pointer, "/spec/l/1/n");
  EXPECT_EQ(changes[1].pointer, "/spec/m");
}

TEST(Diff, CanonicalAgreesWithSame) {
  // The fast comparison and the form it stands for must not drift apart.
  const std::vector<const char*> shapes = {
      kLive.data(),
      R"({"metadata":null})",
      R"({"metadata":{"annotations":{"a":"b"}}})",
      R"({"metadata":{"annotations":{"instantexec.dev/created-by":"x","a":"b"}}})",
      R"({"metadata":{"labels":{}},"data":{}})",
      R"({"metadata":{"name":"x"},"status":{}})"};
  for (const char* a : shapes) {
    for (const char* b : shapes) {
      EXPECT_EQ(same(object(a), object(b)), canonical(object(a)) == canonical(object(b))) << a << "\n" << b;
    }
  }
}

TEST(Mask, HidesSecretValues) {
  const std::string canary = "Y2FuYXJ5";
  std::vector<FieldChange> changes = {
      {"/data/password", canary, "bmV3"},
      {"/data", std::nullopt, model::Json{{"k", canary}}},
      {"/stringData/x", std::nullopt, canary},
      {"/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration", canary, std::nullopt},
      {"/metadata/annotations", std::nullopt,
       model::Json{{"kubectl.kubernetes.io/last-applied-configuration", canary}, {"a", "shown"}}},
      {"/type", "Opaque", "other"},
  };
  mask(changes, {"", "v1", "Secret"}, "key");
  std::string all;
  for (const auto& change : changes) {
    all += (change.before ? change.before->dump() : "") + (change.after ? change.after->dump() : "");
  }
  EXPECT_EQ(all.find(canary), std::string::npos) << all;
  EXPECT_NE(all.find("shown"), std::string::npos);
  EXPECT_NE(all.find("Opaque"), std::string::npos);
  EXPECT_NE(changes[0].before, changes[0].after);
}

TEST(Mask, FingerprintsDependOnTheKey) {
  std::vector<FieldChange> one = {{"/data/x", "v", std::nullopt}};
  auto two = one;
  mask(one, {"", "v1", "Secret"}, "a");
  mask(two, {"", "v1", "Secret"}, "b");
  EXPECT_NE(one[0].before, two[0].before);
}

TEST(Mask, ShowsOtherKinds) {
  std::vector<FieldChange> changes = {{"/data/x", "v", "w"}};
  mask(changes, {"", "v1", "ConfigMap"}, "a");
  EXPECT_EQ(changes[0].after, model::Json("w"));
}

model::Object managed(const std::string& fields, const std::string& manager = "me") {
  return object(R"({"metadata":{"managedFields":[{"manager":")" + manager +
                R"(","operation":"Apply","fieldsV1":)" + fields + "}]}}");
}

TEST(Ownership, SeesFieldsAddedOrDroppedAndNotTheMark) {
  struct Row {
    const char* live;
    const char* after;
    bool changes;
  };
  const std::vector<Row> rows = {
      {R"({"f:data":{"f:a":{}}})", R"({"f:data":{"f:a":{}}})", false},
      {R"({"f:data":{"f:a":{}}})", R"({"f:data":{"f:a":{},"f:b":{}}})", true},
      {R"({"f:metadata":{"f:annotations":{"f:instantexec.dev/created-by":{}}}})", R"({"f:metadata":{}})",
       false},
      {R"({"f:metadata":{"f:annotations":{".":{},"f:instantexec.dev/created-by":{}}}})",
       R"({"f:metadata":{}})", false},
      {R"({"f:metadata":{"f:annotations":{"f:x":{},"f:instantexec.dev/created-by":{}}}})",
       R"({"f:metadata":{"f:annotations":{"f:x":{}}}})", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ownership_changes(managed(row.live), managed(row.after), "me"), row.changes) << row.live;
  }
  EXPECT_TRUE(ownership_changes(managed("{}", "other"), managed("{}"), "me"));
  EXPECT_FALSE(ownership_changes(managed("{}", "other"), managed("{}", "other"), "me"));
}

}  // namespace
}  // namespace instantexec::plan
