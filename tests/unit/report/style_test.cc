#include "report/style.h"

#include <gtest/gtest.h>

#include "report/table.h"

namespace instantexec::report {
namespace {

TEST(Style, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("déjà"), 4U);
  EXPECT_EQ(display_width("設定"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U) << "a combining mark takes no column";
  EXPECT_EQ(display_width("\xff\xfe"), 2U) << "stray bytes count, and nothing is read beyond them";
  EXPECT_EQ(display_width("\xe4\xb8"), 2U) << "a cut character";
}

TEST(Style, FitNeverExceedsItsColumns) {
  EXPECT_EQ(fit("deployment", 10), "deployment");
  EXPECT_EQ(fit("deployment", 5), "depl…");
  EXPECT_EQ(fit("設定値", 4), "設…") << "no half of a wide character";
  EXPECT_EQ(fit("設定", 1), "…");
  EXPECT_EQ(fit("abc", 0), "");
  for (std::size_t columns = 0; columns < 12; ++columns) {
    EXPECT_LE(display_width(fit("設定 deployment é", columns)), columns);
  }
}

TEST(Style, NamesAreKubectls) {
  EXPECT_EQ(resource_name({"apps", "Deployment", "demo", "web"}), "deployment.apps/web");
  EXPECT_EQ(resource_name({"", "ConfigMap", "demo", "a"}, "demo"), "configmap/a");
  EXPECT_EQ(resource_name({"", "ConfigMap", "other", "a"}, "demo"), "configmap/a (namespace other)");
  EXPECT_EQ(resource_name({"", "Namespace", "", "demo"}, "demo"), "namespace/demo");
  EXPECT_EQ(resource_name({"", "ConfigMap", "demo", "a\x1b[2J\n"}), "configmap/a\\x1b[2J\\n");
}

TEST(Style, ColoursOnlyWhenAsked) {
  EXPECT_EQ(paint({}, Colour::kRed, "x"), "x");
  EXPECT_EQ(paint({.colour = true}, Colour::kRed, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(paint({.colour = true}, Colour::kRed, ""), "");
}

TEST(Style, IndentsEveryLine) {
  EXPECT_EQ(indent("a\nb", "  "), "  a\n  b\n");
  EXPECT_EQ(indent("a\n", "> "), "> a\n");
  EXPECT_EQ(indent("", "  "), "");
}

TEST(Table, PadsByWidthAndKeepsRowsOnOneLine) {
  Table table({"NAME", "STATUS"});
  table.add({"設定", "ok"});
  table.add({"a\nb", "x", "surplus"});
  table.add({"only"});
  EXPECT_EQ(table.to_string(), "NAME   STATUS\n設定   ok\na\\nb   x\nonly\n");
}

}  // namespace
}  // namespace instantexec::report
