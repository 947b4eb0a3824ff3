#include "manifest/load.h"
#include "source_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace instantexec::manifest {
namespace {

using model::SourcePosition;

Manifests load(std::string text) {
  return manifests_from(std::vector<SourceFile>{{"a.yaml", std::move(text)}});
}

TEST(Load, ObjectsInOrderWithPlaces) {
  const std::vector<SourceFile> files{
      {"b.yaml",
       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n---\n# nothing\n---\n"
       "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: two\nspec:\n  replicas: 3\n"},
      {"a.json", R"({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "three"}})"}};
  const Manifests out = manifests_from(files);
  EXPECT_TRUE(out.findings.empty());
  ASSERT_EQ(out.objects.size(), 3U);
  EXPECT_EQ(out.objects[0].object.ref().to_string(), "ConfigMap one");
  EXPECT_EQ(out.objects[1].at("/spec/replicas").to_string(), "b.yaml:12:3");
  EXPECT_EQ(out.objects[1].at("/spec/template/spec").to_string(), "b.yaml:11:1");  // nearest known ancestor
  EXPECT_EQ(out.objects[2].object.ref().to_string(), "Service three");
  EXPECT_EQ(out.objects[2].range.file, "a.json");
}

TEST(Load, TakesListsApartWithPositions) {
  const Manifests out = load(R"(apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: one
- apiVersion: v1
  kind: ConfigMapList
  items:
  - metadata:
      name: two
    data: {k: v}
)");
  EXPECT_TRUE(out.findings.empty());
  ASSERT_EQ(out.objects.size(), 2U);
  EXPECT_EQ(out.objects[0].at("/metadata/name").to_string(), "a.yaml:7:5");
  EXPECT_EQ(out.objects[0].range.begin, (SourcePosition{4, 3}));
  EXPECT_EQ(out.objects[1].object.kind(), "ConfigMap");
  EXPECT_EQ(out.objects[1].object.api_version(), "v1");
  EXPECT_EQ(out.objects[1].at("/data/k").to_string(), "a.yaml:13:12");
}

struct Row {
  const char* name;
  std::string text;
  std::string rule;
  std::string place;
};

TEST(Load, RefusesWhatIsNoObject) {
  const std::vector<Row> rows{
      {"text", "just text\n", "manifest.not-an-object", "a.yaml:1:1"},
      {"list item", "apiVersion: v1\nkind: List\nitems:\n- 5\n", "manifest.not-an-object", "a.yaml:4:3"},
      {"another tool's file", "version: 2\nservices: {}\n", "manifest.not-an-object", "a.yaml:1:1"},
      {"no apiVersion", "kind: A\nmetadata: {name: x}\n", "manifest.missing-field", "a.yaml:1:1"},
      {"no kind", "apiVersion: v1\nmetadata: {name: x}\n", "manifest.missing-field", "a.yaml:1:1"},
      {"no name", "apiVersion: v1\nkind: A\nmetadata:\n  labels: {}\n", "manifest.missing-field",
       "a.yaml:3:1"},
      {"no metadata", "apiVersion: v1\nkind: A\n", "manifest.missing-field", "a.yaml:1:1"},
      {"name is a number", "apiVersion: v1\nkind: A\nmetadata:\n  name: 12\n", "manifest.field-type",
       "a.yaml:4:3"},
      {"apiVersion is a number", "apiVersion: 1\nkind: A\nmetadata: {name: x}\n", "manifest.field-type",
       "a.yaml:1:1"},
      {"metadata is a list", "apiVersion: v1\nkind: A\nmetadata: [x]\n", "manifest.field-type", "a.yaml:3:1"},
      {"generateName", "apiVersion: v1\nkind: A\nmetadata: {generateName: x-}\n", "manifest.generate-name",
       "a.yaml:3:12"},
      {"Kustomization", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a]\n",
       "manifest.kustomization", "a.yaml:1:1"},
      {"syntax", "apiVersion: v1\nkind: [A\n", "yaml.syntax", "a.yaml:3:1"},
  };
  for (const Row& row : rows) {
    const Manifests out = load(row.text);
    ASSERT_EQ(out.findings.size(), 1U) << row.name;
    EXPECT_EQ(out.findings[0].rule, row.rule) << row.name;
    EXPECT_EQ(out.findings[0].at.to_string(), row.place) << row.name;
    EXPECT_TRUE(out.objects.empty()) << row.name;
  }
}

TEST(Load, DuplicatesNameBothPlaces) {
  const std::string one = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";
  const std::string two = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: demo\n";
  const std::vector<SourceFile> files{{"a.yaml", one}, {"b.yaml", one}, {"c.yaml", two}};
  const Manifests apart = manifests_from(files);
  ASSERT_EQ(apart.findings.size(), 1U);
  EXPECT_EQ(apart.findings[0].rule, "manifest.duplicate-object");
  EXPECT_EQ(apart.findings[0].at.to_string(), "b.yaml:4:3");
  EXPECT_THAT(apart.findings[0].message, testing::HasSubstr("a.yaml:1:1"));
  EXPECT_EQ(apart.objects.size(), 2U);

  const Manifests with_default = manifests_from(files, {.limits = {}, .default_namespace = "demo"});
  EXPECT_EQ(with_default.findings.size(), 2U);
  EXPECT_EQ(with_default.objects.size(), 1U);
}

TEST(Load, RenderedInputHasNoPositions) {
  const std::vector<SourceFile> files{{"kustomize overlays/prod",
                                       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\nkind: A\n",
                                       true}};
  const Manifests out = manifests_from(files);
  ASSERT_EQ(out.objects.size(), 1U);
  EXPECT_EQ(out.objects[0].at("/metadata/name").to_string(), "kustomize overlays/prod");
  ASSERT_EQ(out.findings.size(), 2U);
  EXPECT_EQ(out.findings[0].at.to_string(), "kustomize overlays/prod");
}

TEST(Load, TemplatesGetAHint) {
  const Manifests out = load("apiVersion: v1\nkind: A\nmetadata:\n  name: {{ .Release.Name }}-x\n");
  ASSERT_EQ(out.findings.size(), 1U);
  EXPECT_THAT(out.findings[0].hint, testing::HasSubstr("Helm chart"));
}

TEST(Load, FileRoles) {
  const std::vector<std::pair<const char*, FileRole>> rows{
      {"web.yaml", FileRole::kManifest},
      {"deep/web.yml", FileRole::kManifest},
      {"web.json", FileRole::kManifest},
      {"web.YAML", FileRole::kOther},
      {"README.md", FileRole::kOther},
      {"overlays/prod/kustomization.yaml", FileRole::kKustomization},
      {"Kustomization", FileRole::kKustomization},
      {"chart/Chart.yaml", FileRole::kHelmChart},
      {"chart/values.yaml", FileRole::kHelmValues},
      {"chart/values-prod.yml", FileRole::kHelmValues},
      {"prod.values.yaml", FileRole::kHelmValues},
      {"values.schema.json", FileRole::kHelmValues},
      {"my-values.yaml", FileRole::kManifest},
  };
  for (const auto& [path, role] : rows) EXPECT_EQ(file_role(path), role) << path;
}

TEST(Load, ShippedBaselinesAreClean) {
  std::vector<SourceFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(INSTANTEXEC_SOURCE_DIR "/config/baselines")) {
    std::ifstream in(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(in), {}}});
  }
  const Manifests out = manifests_from(files);
  for (const auto& finding : out.findings) ADD_FAILURE() << finding.at.to_string() << ": " << finding.message;
  EXPECT_EQ(out.objects.size(), 24U);
  for (const auto& manifest : out.objects) {
    const bool is_namespace = manifest.object.kind() == "Namespace";
    EXPECT_EQ(is_namespace ? manifest.object.name() : manifest.object.ns(), "synergymesh-system");
  }
}

}  // namespace
}  // namespace instantexec::manifest
