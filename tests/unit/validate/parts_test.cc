#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "validate/glob.h"
#include "validate/quantity.h"
#include "validate/selector.h"
#include "validate/workload.h"

namespace instantexec::validate {
namespace {

using model::Json;

TEST(Quantity, Values) {
  const std::vector<std::pair<const char*, double>> rows{
      {"0", 0},     {"100m", 0.1},    {"1.5", 1.5},   {"2Gi", 2147483648.0}, {"1k", 1000},
      {"1E", 1e18}, {"12e3", 12000},  {"12E-1", 1.2}, {"1e+2", 100},         {"-1", -1},
      {"+1", 1},    {"500u", 0.0005}, {".5", 0.5},    {"1Ki", 1024},         {"3Ti", 3298534883328.0}};
  for (const auto& [text, value] : rows) {
    const auto read = parse_quantity(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_DOUBLE_EQ(*read, value) << text;
  }
  for (const char* text : {"", "m", "1mi", "1 Gi", "abc", "1.2.3", "0x10", "1e", "--1", "Gi"}) {
    EXPECT_FALSE(parse_quantity(text).has_value()) << text;
  }
  EXPECT_DOUBLE_EQ(quantity_of(&static_cast<const Json&>(Json(2))).value_or(0), 2);
  EXPECT_FALSE(quantity_of(nullptr).has_value());
}

TEST(Selector, LabelSelector) {
  const Labels labels{{"app", "web"}, {"tier", "front"}};
  const std::vector<std::pair<const char*, bool>> rows{
      {R"({})", true},
      {R"({"matchLabels": {"app": "web"}})", true},
      {R"({"matchLabels": {"app": "api"}})", false},
      {R"({"matchLabels": {"zone": "a"}})", false},
      {R"({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api", "web"]}]})", true},
      {R"({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]})", false},
      {R"({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]})", true},
      {R"({"matchExpressions": [{"key": "tier", "operator": "Exists"}]})", true},
      {R"({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]})", false},
      {R"({"matchExpressions": [{"key": "tier", "operator": "Is"}]})", false},
      {R"({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "zone", "operator": "Exists"}]})",
       false},
  };
  for (const auto& [selector, matches] : rows) {
    EXPECT_EQ(label_selector_matches(Json::parse(selector), labels), matches) << selector;
  }
  EXPECT_TRUE(equality_selector_matches({{"app", "web"}}, labels));
  EXPECT_FALSE(equality_selector_matches({}, labels));
}

TEST(Glob, Patterns) {
  struct Row {
    const char* pattern;
    const char* path;
    bool matches;
  };
  const std::vector<Row> rows{
      {"README.md", "README.md", true},
      {"README.md", "docs/README.md", false},
      {"*.md", "README.md", true},
      {"*.md", "docs/a.md", false},
      {"**/*.md", "README.md", true},
      {"**/*.md", "a/b/c.md", true},
      {"docs/**", "docs/a/b", true},
      {"docs/**", "docs", true},
      {"docs/**", "doc/a", false},
      {"**/.env", "a/.env", true},
      {"**/.env", "a/.environment", false},
      {"a/**/z", "a/z", true},
      {"a/**/z", "a/b/c/z", true},
      {"a/**/z", "a/b/c/y", false},
      {"?.c", "x.c", true},
      {"?.c", "xy.c", false},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "aXbY", false},
      {"**", "any/thing", true},
  };
  for (const Row& row : rows)
    EXPECT_EQ(glob_matches(row.pattern, row.path), row.matches) << row.pattern << " " << row.path;
}

TEST(Workload, FieldPaths) {
  EXPECT_EQ(field_path(""), "");
  EXPECT_EQ(field_path("/spec/containers/0/image"), "spec.containers[0].image");
  EXPECT_EQ(field_path("/metadata/labels/app.kubernetes.io~1name"),
            "metadata.labels[app.kubernetes.io/name]");
}

TEST(Workload, FindsThePodOfEveryKind) {
  const std::vector<std::pair<const char*, const char*>> rows{
      {R"({"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a"}]}})", "/spec/containers/0"},
      {R"({"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}})",
       "/spec/template/spec/containers/0"},
      {R"({"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"initContainers":[{"name":"a"}]}}}}}})",
       "/spec/jobTemplate/spec/template/spec/initContainers/0"},
  };
  for (const auto& [json, pointer] : rows) {
    const model::Object object{Json::parse(json)};
    const auto workload = workload_of(object, nullptr, "demo");
    ASSERT_TRUE(workload.has_value()) << json;
    ASSERT_EQ(workload->containers.size(), 1U) << json;
    EXPECT_EQ(workload->containers[0].pointer, pointer);
    EXPECT_EQ(workload->ns, "demo");
  }
  const model::Object other{Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap"})")};
  EXPECT_FALSE(workload_of(other, nullptr, "demo").has_value());
}

}  // namespace
}  // namespace instantexec::validate
