#include "model/object.h"

#include <gtest/gtest.h>

namespace instantexec::model {
namespace {

TEST(Accessors, TolerateAnyShape) {
  const Json value = Json::parse(R"({"a":{"b":[1,"two",{"c":true}]},"x/y":{"m~n":"odd"},"n":null})");
  EXPECT_EQ(get_string(value, "/a/b/1"), "two");
  EXPECT_EQ(get_int(value, "/a/b/0"), 1);
  EXPECT_TRUE(get_bool(value, "/a/b/2/c"));
  EXPECT_EQ(get_string(value, "/x~1y/m~0n"), "odd");
  EXPECT_EQ(get_string(value, "/a/b/9", "none"), "none");
  EXPECT_EQ(get_string(value, "/a/b/0", "none"), "none") << "a number is not a string";
  EXPECT_EQ(get_int(value, "/n/deeper", 7), 7);
  EXPECT_TRUE(get_array(value, "/a").empty());
  EXPECT_TRUE(get_object(value, "/n").empty());
  EXPECT_EQ(find(value, ""), &value);
}

TEST(Accessors, WholeNumbersMayBeTexts) {
  const Json value =
      Json::parse(R"({"a":3,"b":"-4","c":"3x","d":2.5,"e":18446744073709551615,"f":"","g":null})");
  EXPECT_EQ(whole_number_at(value, "/a"), 3);
  EXPECT_EQ(whole_number_at(value, "/b"), -4);
  for (const char* pointer : {"/c", "/d", "/e", "/f", "/g", "/none"})
    EXPECT_EQ(whole_number_at(value, pointer), std::nullopt) << pointer;
}

TEST(Accessors, GenerationAndDeletionAsTheApiReadsThem) {
  EXPECT_EQ((Object{Json::parse(R"({"metadata":{"generation":"12"}})")}).generation(), 12);
  EXPECT_FALSE((Object{Json::parse(R"({"metadata":{"deletionTimestamp":null}})")}).terminating());
  EXPECT_TRUE(
      (Object{Json::parse(R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}})")}).terminating());
}

TEST(Accessors, ObjectOfAWrongShapeHasNoIdentity) {
  for (const char* text :
       {"[]", "\"text\"", "null", R"({"metadata":[]})", R"({"metadata":{"labels":{"a":1}}})"}) {
    const Object object{Json::parse(text)};
    EXPECT_EQ(object.name(), "") << text;
    EXPECT_TRUE(object.labels().empty()) << text;
    EXPECT_TRUE(object.annotations().empty()) << text;
    EXPECT_EQ(object.generation(), 0) << text;
  }
}

TEST(ParseJson, BoundsDepthAndNeverThrows) {
  EXPECT_TRUE(parse_json("{\"a\": [1, 2]}").has_value());
  EXPECT_FALSE(parse_json("{\"a\": ").has_value());
  EXPECT_FALSE(parse_json("").has_value());
  EXPECT_FALSE(parse_json(std::string(200'000, '[')).has_value());
  EXPECT_TRUE(parse_json(std::string(100, '[') + std::string(100, ']')).has_value());
  EXPECT_FALSE(parse_json(std::string(101, '[') + std::string(101, ']')).has_value());
  EXPECT_TRUE(parse_json("\"" + std::string(500, '[') + "\\\"[\"").has_value())
      << "brackets inside text do not nest";
}

TEST(Gvk, ApiVersionsBothWays) {
  EXPECT_EQ(make_gvk("apps/v1", "Deployment"), (Gvk{"apps", "v1", "Deployment"}));
  EXPECT_EQ(make_gvk("v1", "Pod"), (Gvk{"", "v1", "Pod"}));
  EXPECT_EQ((Gvk{"apps", "v1", "Deployment"}).api_version(), "apps/v1");
  EXPECT_EQ((Gvk{"", "v1", "Pod"}).api_version(), "v1");
}

TEST(ObjectRef, ShowsForeignGroupsOnly) {
  EXPECT_EQ((ObjectRef{"apps", "Deployment", "demo", "web"}).to_string(), "Deployment demo/web");
  EXPECT_EQ((ObjectRef{"networking.k8s.io", "Ingress", "demo", "web"}).to_string(), "Ingress demo/web");
  EXPECT_EQ((ObjectRef{"", "Namespace", "", "demo"}).to_string(), "Namespace demo");
  EXPECT_EQ((ObjectRef{"cert-manager.io", "Certificate", "demo", "web"}).to_string(),
            "Certificate.cert-manager.io demo/web");
  EXPECT_EQ((ObjectRef{"", "Pod", "d", "a\x1b[0m"}).to_string(), "Pod d/a\\x1b[0m");
}

TEST(ExpandList, TypedListsGiveTheirItemsATypeOfTheirOwn) {
  const auto items = expand_list(Object{Json::parse(
      R"({"apiVersion":"v1","kind":"ConfigMapList","items":[{"metadata":{"name":"a"}},{"kind":"ConfigMap","apiVersion":"v1"}]})")});
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].gvk(), (Gvk{"", "v1", "ConfigMap"}));
  EXPECT_EQ(items[0].name(), "a");
}

TEST(ExpandList, OtherObjectsStayWhole) {
  EXPECT_EQ(expand_list(Object{Json::parse(R"({"kind":"AccessList","apiVersion":"x/v1"})")}).size(), 1U);
  EXPECT_EQ(expand_list(Object{Json::parse(R"({"kind":"ConfigMap","items":[1]})")}).size(), 1U);
}

TEST(ControllerUid, OnlyTheControllerCounts) {
  const Object pod{
      Json::parse(R"({"metadata":{"ownerReferences":[{"uid":"1"},{"uid":"2","controller":true}]}})")};
  EXPECT_EQ(controller_uid(pod), "2");
  EXPECT_EQ(controller_uid(Object{}), "");
}

struct PathRow {
  const char* path;
  const char* pointer;
};

TEST(FieldPath, BecomesAPointer) {
  const PathRow rows[] = {
      {"", ""},
      {"spec.replicas", "/spec/replicas"},
      {".spec.replicas", "/spec/replicas"},
      {"spec.containers[0].image", "/spec/containers/0/image"},
      {"metadata.labels[app.kubernetes.io/name]", "/metadata/labels/app.kubernetes.io~1name"},
      {"data[a", "/data/a"}};
  for (const auto& row : rows) EXPECT_EQ(pointer_from_field_path(row.path), row.pointer) << row.path;
}

}  // namespace
}  // namespace instantexec::model
