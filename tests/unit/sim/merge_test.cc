#include "sim/merge.h"

#include <gtest/gtest.h>

namespace instantexec::sim {
namespace {

using model::Json;

const Type& type_of(const char* name) {
  const Type* type = builtin_types().named(name);
  EXPECT_NE(type, nullptr) << name;
  return *type;
}

Json containers(const char* list) {
  return Json{{"containers", Json::parse(list)}};
}

struct MergeRow {
  const char* name;
  const char* live;
  const char* config;
  const char* merged;
};

TEST(Merge, FollowsTheListTypes) {
  const MergeRow rows[] = {
      {"a new item goes behind the ones there are", R"([{"name":"a","image":"1"}])",
       R"([{"name":"b","image":"2"}])", R"([{"name":"a","image":"1"},{"name":"b","image":"2"}])"},
      {"an item of the same name is merged", R"([{"name":"a","image":"1","tty":true}])",
       R"([{"name":"a","image":"2"}])", R"([{"name":"a","image":"2","tty":true}])"},
      {"shared items take the order of the configuration", R"([{"name":"a"},{"name":"b"}])",
       R"([{"name":"b"},{"name":"a"}])", R"([{"name":"b"},{"name":"a"}])"},
      {"what only the live list has comes before what is next", R"([{"name":"a"},{"name":"x"},{"name":"b"}])",
       R"([{"name":"b"},{"name":"n"},{"name":"a"}])",
       R"([{"name":"x"},{"name":"b"},{"name":"n"},{"name":"a"}])"},
      {"a port without protocol is a TCP port",
       R"([{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}]}])",
       R"([{"name":"a","ports":[{"containerPort":80,"name":"http"}]}])",
       R"([{"name":"a","ports":[{"containerPort":80,"protocol":"TCP","name":"http"}]}])"},
      {"arguments are replaced as a whole", R"([{"name":"a","args":["x","y"]}])",
       R"([{"name":"a","args":["z"]}])", R"([{"name":"a","args":["z"]}])"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(merge(containers(row.live), containers(row.config), type_of("core.v1.PodSpec")),
              containers(row.merged))
        << row.name;
  }
}

TEST(Merge, SetsAndAtomicMaps) {
  EXPECT_EQ(merge(Json::parse(R"({"finalizers":["a","b"]})"), Json::parse(R"({"finalizers":["c"]})"),
                  type_of("meta.v1.ObjectMeta")),
            Json::parse(R"({"finalizers":["a","b","c"]})"));
  EXPECT_EQ(merge(Json::parse(R"({"matchLabels":{"a":"1"}})"), Json::parse(R"({"matchLabels":{"b":"1"}})"),
                  type_of("meta.v1.LabelSelector")),
            Json::parse(R"({"matchLabels":{"b":"1"}})"));
}

TEST(FieldSet, WritesWhatTheServerWrites) {
  const Json value = Json::parse(R"({"metadata":{"labels":{"a":"1"},"finalizers":["f"]},
      "spec":{"replicas":1,"selector":{"matchLabels":{"a":"1"}},
              "template":{"spec":{"containers":[{"name":"app","image":"i","ports":[{"containerPort":80}],"resources":{}}]}}}})");
  const Json expected = Json::parse(R"({
      "f:metadata":{"f:finalizers":{"v:\"f\"":{}},"f:labels":{"f:a":{}}},
      "f:spec":{"f:replicas":{},"f:selector":{},
        "f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:image":{},"f:name":{},
          "f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}},"f:resources":{}}}}}}})");
  const FieldSet set = field_set(value, type_of("apps.v1.Deployment"));
  EXPECT_EQ(to_fields_v1(set), expected);
  EXPECT_EQ(from_fields_v1(expected), set) << "reading gives the same set";
}

TEST(FieldSet, PathsAreReadable) {
  const FieldSet set = field_set(containers(R"([{"name":"app","image":"i"}])"), type_of("core.v1.PodSpec"));
  EXPECT_EQ(set.paths(),
            (std::vector<std::string>{R"(.containers[name="app"])", R"(.containers[name="app"].image)",
                                      R"(.containers[name="app"].name)"}));
}

TEST(FieldSet, SetAlgebra) {
  const auto set = [](const char* text) { return from_fields_v1(Json::parse(text)); };
  const FieldSet a = set(R"({"f:x":{".":{},"f:y":{}},"f:z":{}})");
  const FieldSet b = set(R"({"f:x":{"f:y":{}}})");
  EXPECT_EQ(intersect(a, b), b);
  EXPECT_EQ(subtract(a, b), set(R"({"f:x":{},"f:z":{}})")) << "a member stays when only one below it goes";
  EXPECT_TRUE(subtract(b, a).empty());
  FieldSet both = b;
  both.unite(a);
  EXPECT_EQ(both, a);
}

TEST(Compare, NamesWhatChanged) {
  const Comparison changes =
      compare(Json::parse(R"({"spec":{"replicas":1,"paused":true}})"),
              Json::parse(R"({"spec":{"replicas":2,"minReadySeconds":5}})"), type_of("apps.v1.Deployment"));
  EXPECT_EQ(changes.modified.paths(), std::vector<std::string>{".spec.replicas"});
  EXPECT_EQ(changes.added.paths(), std::vector<std::string>{".spec.minReadySeconds"});
  EXPECT_EQ(changes.removed.paths(), std::vector<std::string>{".spec.paused"});
}

TEST(RemoveItems, EmptiedContainersGo) {
  const FieldSet set = from_fields_v1(Json::parse(R"({"f:data":{"f:a":{}}})"));
  EXPECT_EQ(
      remove_items(Json::parse(R"({"data":{"a":"1"},"immutable":true})"), set, type_of("core.v1.ConfigMap")),
      Json::parse(R"({"immutable":true})"));
}

TEST(Schema, EveryServedKindHasAType) {
  for (const KindInfo& kind : builtin_kinds()) {
    ASSERT_NE(kind.type, nullptr) << kind.resource.gvk.to_string();
    EXPECT_NE(kind.type->field("metadata"), nullptr) << kind.resource.gvk.to_string();
  }
  EXPECT_GT(builtin_kinds().size(), 50U);
}

}  // namespace
}  // namespace instantexec::sim
