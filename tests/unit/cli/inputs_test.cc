#include "cli/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "os/files.h"
#include "support/temp_dir.h"

namespace instantexec::cli {
namespace {

using instantexec::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

InputSources of(const TempDir& dir) {
  InputSources out;
  out.paths = {dir.path()};
  return out;
}

// With --prune an object that is not read would be deleted.
TEST(LoadInputs, ALinkedManifestIsAnError) {
  const TempDir dir;
  dir.write("a.yaml", kConfigMap);
  std::filesystem::create_symlink("a.yaml", dir.path("b.yaml"));
  const auto inputs = load_inputs(of(dir), {});
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().code->name, "file.unsafe-path");
  EXPECT_THAT(inputs.error().message, HasSubstr("b.yaml: symbolic link"));

  // By its own name the user vouches for it.
  InputSources named;
  named.paths = {dir.path("b.yaml")};
  EXPECT_TRUE(load_inputs(named, {}));
}

TEST(LoadInputs, OtherLinksAndSpecialFilesAreWarnings) {
  const TempDir dir;
  dir.write("a.yaml", kConfigMap);
  std::filesystem::create_directory_symlink("/", dir.path("rootfs"));
  ASSERT_EQ(::mkfifo(dir.path("pipe").c_str(), 0600), 0);
  const auto inputs = load_inputs(of(dir), {});
  ASSERT_TRUE(inputs) << inputs.error().to_string();
  EXPECT_EQ(inputs->files.size(), 1U);
  EXPECT_THAT(inputs->warnings,
              ElementsAre(HasSubstr("pipe: not a regular file"), HasSubstr("rootfs: symbolic link")));
}

TEST(LoadInputs, ANameOfHelmValuesHidesNoObjects) {
  const TempDir dir;
  dir.write("a.yaml", kConfigMap);
  dir.write("values.yaml", kConfigMap);
  dir.write("prod.values.yaml", std::string("# of the shop\n---\n") + kConfigMap);
  dir.write("values-eu.yaml", "replicas: 3\n");
  dir.write("chart/Chart.yaml", "name: c\n");
  dir.write("chart/values.yaml", kConfigMap);
  const auto inputs = load_inputs(of(dir), {});
  ASSERT_TRUE(inputs) << inputs.error().to_string();
  EXPECT_EQ(inputs->files.size(), 3U);
  EXPECT_THAT(inputs->warnings,
              ElementsAre(HasSubstr("chart"), HasSubstr("values-eu.yaml has the name of Helm values")));
  std::filesystem::create_symlink("a.yaml", dir.path("values-us.yaml"));
  EXPECT_FALSE(load_inputs(of(dir), {}));
}

// A program of that name which notes its arguments and then runs `does`.
void fake(const TempDir& dir, const std::string& name, const std::string& does) {
  dir.write(name, "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$(dirname \"$0\")/arguments\"\n" + does + "\n");
  std::filesystem::permissions(dir.path(name), std::filesystem::perms::owner_all);
}

std::string arguments(const TempDir& dir) {
  return *os::read_file(dir.path("arguments"), {.max_bytes = 10'000});
}

TEST(LoadInputs, KustomizeAndChartsAreRenderedByTheirPrograms) {
  const TempDir bin;
  const std::string prints = std::string("cat <<'END'\n") + kConfigMap + "END";
  fake(bin, "kubectl", prints);
  fake(bin, "helm", prints);
  const os::Environment environment{{"PATH", bin.path()}};

  InputSources overlay;
  overlay.kustomize = "overlays/prod";
  auto inputs = load_inputs(overlay, environment);
  ASSERT_TRUE(inputs) << inputs.error().to_string();
  ASSERT_EQ(inputs->files.size(), 1U);
  EXPECT_EQ(inputs->files[0].bytes, kConfigMap);
  EXPECT_EQ(inputs->files[0].name, "overlays/prod");
  EXPECT_EQ(arguments(bin), "kustomize\n--\noverlays/prod\n");

  InputSources chart;
  chart.helm_chart = "charts/shop";
  chart.helm_values = {"one.yaml", "two.yaml"};
  chart.release = "shop";
  chart.ns = "demo";
  inputs = load_inputs(chart, environment);
  ASSERT_TRUE(inputs) << inputs.error().to_string();
  EXPECT_EQ(inputs->files[0].bytes, kConfigMap);
  EXPECT_EQ(arguments(bin),
            "template\n--namespace\ndemo\n--include-crds\n--values\none.yaml\n--values\ntwo.yaml\n--"
            "\nshop\ncharts/shop\n");
}

TEST(LoadInputs, WhatARendererSaysIsTold) {
  const TempDir bin;
  fake(bin, "kubectl", "echo 'no such overlay' >&2; exit 3");
  InputSources overlay;
  overlay.kustomize = "nowhere";
  const auto failed = load_inputs(overlay, {{"PATH", bin.path()}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code->name, "input.tool-failed");
  EXPECT_THAT(failed.error().message, HasSubstr("no such overlay"));
  const auto missing = load_inputs(overlay, {{"PATH", "/nonexistent"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code->name, "program.missing");
}

}  // namespace
}  // namespace instantexec::cli
