#include "analyze/naming.h"

#include <gtest/gtest.h>

namespace instantexec::analyze {
namespace {

std::vector<model::Object> named(const std::vector<std::string>& names) {
  std::vector<model::Object> out;
  for (const auto& name : names) {
    out.push_back(
        model::Object{{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}}});
  }
  return out;
}

TEST(Naming, DominantStyleAndPrefix) {
  const auto patterns =
      detect_naming_patterns(named({"mesh-gateway", "mesh-controller", "mesh-config", "web"}));
  EXPECT_EQ(patterns.dominant_style, "kebab-case");
  EXPECT_EQ(patterns.common_prefix, "mesh-");
  EXPECT_DOUBLE_EQ(patterns.confidence, 1.0) << "a single word fits every style";
  EXPECT_TRUE(patterns.outliers.empty());
}

TEST(Naming, OutliersAreNamed) {
  const auto patterns = detect_naming_patterns(named({"a-b", "c-d", "e-f", "web_App"}));
  EXPECT_DOUBLE_EQ(patterns.confidence, 0.75);
  ASSERT_EQ(patterns.outliers.size(), 1U);
  EXPECT_EQ(patterns.outliers[0].name, "web_App");
}

TEST(Naming, NothingToSayAboutNothing) {
  const auto patterns = detect_naming_patterns(named({"", "system:node"}));
  EXPECT_EQ(patterns.names, 0U);
  EXPECT_EQ(patterns.dominant_style, "");
  EXPECT_DOUBLE_EQ(patterns.confidence, 0.0);
}

TEST(Naming, PrefixNeedsAMajority) {
  EXPECT_EQ(detect_naming_patterns(named({"a-x", "a-y", "b-x", "b-y"})).common_prefix, "");
}

}  // namespace
}  // namespace instantexec::analyze
