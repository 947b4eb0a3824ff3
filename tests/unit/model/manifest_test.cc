#include "model/manifest.h"

#include <gtest/gtest.h>

namespace instantexec::model {
namespace {

Manifest sample() {
  Manifest manifest;
  manifest.range = {"web.yaml", {1, 1}, {9, 1}};
  PositionTable table;
  table["/spec"] = {4, 1};
  table["/spec/replicas"] = {5, 3};
  manifest.positions = std::make_shared<const PositionTable>(std::move(table));
  return manifest;
}

TEST(Manifest, FindsTheFieldOrItsNearestAncestor) {
  const Manifest manifest = sample();
  EXPECT_EQ(manifest.at("/spec/replicas").to_string(), "web.yaml:5:3");
  EXPECT_EQ(manifest.at("/spec/template/spec").to_string(), "web.yaml:4:1");
  EXPECT_EQ(manifest.at("/metadata/name").to_string(), "web.yaml:1:1");
  EXPECT_EQ(manifest.at("").to_string(), "web.yaml:1:1");
}

TEST(Manifest, WithoutPositionsThereIsOnlyTheDocument) {
  Manifest manifest = sample();
  manifest.positions = nullptr;
  EXPECT_EQ(manifest.at("/spec/replicas").to_string(), "web.yaml:1:1");
}

TEST(SourceRange, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((SourceRange{"a.yaml", {}, {}}).to_string(), "a.yaml");
  EXPECT_EQ((SourceRange{"a.yaml", {3, 0}, {}}).to_string(), "a.yaml:3");
}

}  // namespace
}  // namespace instantexec::model
