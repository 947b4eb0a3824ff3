#include "analyze/conflicts.h"

#include <gtest/gtest.h>

namespace instantexec::analyze {
namespace {

using model::Json;
using model::Manifest;

Manifest manifest(const std::string& json, const std::string& file) {
  Manifest out;
  out.object.json = Json::parse(json);
  out.range = {file, {1, 1}, {9, 1}};
  return out;
}

Manifest workload(const std::string& name, const std::string& selector, const std::string& labels,
                  const std::string& ns = "demo") {
  return manifest(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":")" + name +
                      R"(","namespace":")" + ns + R"("},"spec":{"replicas":2,"selector":)" + selector +
                      R"(,"template":{"metadata":{"labels":)" + labels + "}}}}",
                  name + ".yaml");
}

TEST(SetConflicts, ObjectDefinedTwiceWhateverItsApiVersion) {
  const std::vector<Manifest> set{
      manifest(
          R"({"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"a","namespace":"d"}})",
          "x.yaml"),
      manifest(
          R"({"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget","metadata":{"name":"a","namespace":"d"}})",
          "y.yaml")};
  const auto found = find_set_conflicts(set);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "conflict.duplicate-object");
  EXPECT_EQ(found[0].at.file, "y.yaml");
  EXPECT_NE(found[0].message.find("x.yaml:1:1"), std::string::npos) << "names the other side";
}

TEST(SetConflicts, SameNameInAnotherNamespaceIsAnotherObject) {
  const std::vector<Manifest> set{
      manifest(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"d"}})", "x.yaml"),
      manifest(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"e"}})",
               "y.yaml")};
  EXPECT_TRUE(find_set_conflicts(set).empty());
}

struct OverlapRow {
  const char* name;
  const char* selector;
  const char* other_labels;
  bool overlaps;
};

TEST(SetConflicts, OverlappingSelectors) {
  const OverlapRow rows[] = {
      {"disjoint", R"({"matchLabels":{"app":"a"}})", R"({"app":"b"})", false},
      {"subset of labels", R"({"matchLabels":{"app":"a"}})", R"({"app":"a","tier":"web"})", true},
      {"narrower selector", R"({"matchLabels":{"app":"a","tier":"db"}})", R"({"app":"a","tier":"web"})",
       false},
      {"expression In", R"({"matchExpressions":[{"key":"app","operator":"In","values":["a","b"]}]})",
       R"({"app":"b"})", true},
      {"expression NotIn", R"({"matchExpressions":[{"key":"app","operator":"NotIn","values":["b"]}]})",
       R"({"app":"b"})", false},
      {"expression Exists", R"({"matchExpressions":[{"key":"app","operator":"Exists"}]})", R"({"app":"b"})",
       true},
      {"expression DoesNotExist", R"({"matchExpressions":[{"key":"app","operator":"DoesNotExist"}]})",
       R"({"app":"b"})", false},
      {"empty selector", R"({})", R"({"app":"b"})", false},
  };
  for (const auto& row : rows) {
    const std::vector<Manifest> set{workload("one", row.selector, R"({"own":"1"})"),
                                    workload("two", R"({"matchLabels":{"own":"2"}})", row.other_labels)};
    const auto found = find_set_conflicts(set);
    EXPECT_EQ(found.size(), row.overlaps ? 1U : 0U) << row.name;
  }
}

TEST(SetConflicts, SelectorsOfDifferentNamespacesNeverMeet) {
  const std::vector<Manifest> set{workload("one", R"({"matchLabels":{"app":"a"}})", R"({"app":"a"})", "d"),
                                  workload("two", R"({"matchLabels":{"app":"a"}})", R"({"app":"a"})", "e")};
  EXPECT_TRUE(find_set_conflicts(set).empty());
}

TEST(SetConflicts, AutoscalerAgainstFixedReplicas) {
  const std::string hpa =
      R"({"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"h","namespace":"demo"},
          "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"one"}}})";
  std::vector<Manifest> set{workload("one", R"({"matchLabels":{"app":"a"}})", R"({"app":"a"})"),
                            manifest(hpa, "h.yaml")};
  const auto found = find_set_conflicts(set);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "conflict.hpa-replicas");
  EXPECT_EQ(found[0].severity, model::Severity::kWarning);
  set[0].object.json["spec"].erase("replicas");
  EXPECT_TRUE(find_set_conflicts(set).empty());
}

}  // namespace
}  // namespace instantexec::analyze
