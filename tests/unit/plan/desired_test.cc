#include "plan/desired.h"

#include <gtest/gtest.h>

#include "unit/plan/objects.h"

namespace instantexec::plan {
namespace {

using test::make;
using test::object;

model::ApiCatalog catalog() {
  model::ApiCatalog out;
  out.add({{"", "v1", "ConfigMap"}, "configmaps", true, {}, {}, {}});
  out.add({{"", "v1", "Namespace"}, "namespaces", false, {}, {}, {}});
  out.add({{"apps", "v1", "Deployment"}, "deployments", true, {}, {}, {}});
  out.add({{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"},
           "customresourcedefinitions",
           false,
           {},
           {},
           {}});
  return out;
}

Normalised run(std::vector<model::Object> objects) {
  std::vector<model::Manifest> manifests;
  std::uint32_t line = 1;
  for (auto& one : objects) {
    model::Manifest manifest;
    manifest.object = std::move(one);
    manifest.range = {"a.yaml", {line, 1}, {}};
    line += 10;
    manifests.push_back(std::move(manifest));
  }
  return normalise(std::move(manifests), {"web", "demo"}, catalog());
}

TEST(Normalise, FillsTheNamespaceAndMarksTheObject) {
  const auto out = run({make("v1", "ConfigMap", "a", ""), make("v1", "ConfigMap", "b", "other"),
                        make("v1", "Namespace", "n", "wrong")});
  ASSERT_EQ(out.objects.size(), 3U);
  EXPECT_TRUE(out.findings.empty());
  EXPECT_EQ(out.objects[0].object().ns(), "demo");
  EXPECT_EQ(out.objects[0].object().labels(),
            (std::map<std::string, std::string>{{"instantexec.dev/release", "web"}}));
  EXPECT_EQ(out.objects[1].object().labels().at("instantexec.dev/release-namespace"), "demo");
  EXPECT_EQ(out.objects[2].object().ns(), "");
  EXPECT_EQ(out.objects[2].object().labels().at("instantexec.dev/release-namespace"), "demo");
}

TEST(Normalise, RemovesWhatOnlyAServerMaySet) {
  const auto out = run({object(R"({"apiVersion":"v1","kind":"ConfigMap","status":{"x":1},"data":{"k":"v"},
    "metadata":{"name":"a","uid":"1","resourceVersion":"2","generation":3,"creationTimestamp":null,
      "managedFields":[],"labels":null,
      "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","instantexec.dev/created-by":"x"}}})")});
  ASSERT_EQ(out.objects.size(), 1U);
  EXPECT_EQ(out.objects[0].object().json, *model::parse_json(R"({"apiVersion":"v1","kind":"ConfigMap",
    "data":{"k":"v"},"metadata":{"name":"a","namespace":"demo","labels":{"instantexec.dev/release":"web"}}})"));
}

TEST(Normalise, FindsWhatCannotBeOneRelease) {
  struct Row {
    const char* name;
    std::vector<model::Object> objects;
    const char* rule;
  };
  model::Object generated = make("v1", "ConfigMap", "");
  generated.json["metadata"] = {{"generateName", "x-"}};
  const std::vector<Row> rows = {
      {"no kind", {object(R"({"apiVersion":"v1","metadata":{"name":"a"}})")}, "manifest.no-identity"},
      {"no name", {object(R"({"apiVersion":"v1","kind":"ConfigMap"})")}, "manifest.no-identity"},
      {"generateName", {generated}, "manifest.generate-name"},
      {"unknown kind", {make("example.com/v1", "Widget", "a")}, "manifest.unknown-kind"},
      {"version gone", {make("apps/v1beta1", "Deployment", "a")}, "manifest.unknown-kind"},
      {"twice, once by default namespace",
       {make("v1", "ConfigMap", "a", ""), make("v1", "ConfigMap", "a", "demo")},
       "manifest.duplicate"},
  };
  for (const Row& row : rows) {
    const auto out = run(row.objects);
    ASSERT_EQ(out.findings.size(), 1U) << row.name;
    EXPECT_EQ(out.findings[0].rule, row.rule) << row.name;
    EXPECT_EQ(out.findings[0].at.file, "a.yaml") << row.name;
    EXPECT_EQ(out.objects.size(), row.objects.size() - 1) << row.name;
  }
}

TEST(Normalise, NamesTheServedVersion) {
  const auto out = run({make("apps/v1beta1", "Deployment", "a")});
  EXPECT_EQ(out.findings.at(0).hint, "use apiVersion: apps/v1");
}

TEST(Normalise, KnowsKindsThatArriveWithTheRelease) {
  model::Object crd = make("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com", "");
  crd.json["spec"] = {
      {"group", "example.com"},
      {"scope", "Namespaced"},
      {"names", {{"kind", "Widget"}}},
      {"versions", {{{"name", "v1"}, {"served", true}}, {{"name", "v0"}, {"served", false}}}}};
  const auto out =
      run({crd, make("example.com/v1", "Widget", "a", ""), make("example.com/v0", "Widget", "b")});
  ASSERT_EQ(out.objects.size(), 2U);
  EXPECT_TRUE(out.objects[1].kind_arrives);
  EXPECT_EQ(out.objects[1].object().ns(), "demo");
  ASSERT_EQ(out.findings.size(), 1U);
  EXPECT_EQ(out.findings[0].rule, "manifest.unknown-kind");
}

}  // namespace
}  // namespace instantexec::plan
