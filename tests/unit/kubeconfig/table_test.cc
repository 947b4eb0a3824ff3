#include <gtest/gtest.h>

#include <set>

#include "row.h"

namespace instantexec::kube::testing {
namespace {

// A part that begins with "!" must not appear.
void expect_says(const Laid& laid, const std::string& text, const Texts& parts) {
  for (const std::string& part : parts) {
    const bool absent = part.front() == '!';
    const std::string wanted = laid.expand(absent ? part.substr(1) : part);
    EXPECT_EQ(text.find(wanted) == std::string::npos, absent) << "\"" << wanted << "\" in: " << text;
  }
}

class KubeconfigTable : public ::testing::TestWithParam<Row> {};

TEST_P(KubeconfigTable, GivesWhatTheRowSays) {
  const Row& row = GetParam();
  SCOPED_TRACE(row.name);
  Laid laid(row);
  auto config = load_client_config(laid.input());
  if (!row.error.empty()) {
    ASSERT_FALSE(config) << "succeeded";
    EXPECT_EQ(config.error().code->name, row.error) << config.error().to_string();
    expect_says(laid, config.error().to_string() + "\n" + std::string(config.error().next_step()), row.says);
    return;
  }
  ASSERT_TRUE(config) << config.error().to_string();
  auto rendered = render(*config);
  for (const auto& [key, value] : row.expected) {
    ASSERT_TRUE(rendered.contains(key)) << key;
    EXPECT_EQ(rendered[key], laid.expand(value)) << key;
  }
  expect_says(laid, rendered["warnings"], row.says);
  EXPECT_FALSE(row.expected.empty()) << "the row asserts nothing";
}

std::string test_name(const ::testing::TestParamInfo<Row>& info) {
  std::string out;
  for (const char c : info.param.name) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

INSTANTIATE_TEST_SUITE_P(Rules, KubeconfigTable, ::testing::ValuesIn(all_rows()), test_name);

TEST(KubeconfigTableItself, HasManyRowsWithDistinctNames) {
  std::set<std::string> names;
  for (const Row& row : all_rows()) names.insert(row.name);
  EXPECT_EQ(names.size(), all_rows().size());
  EXPECT_GE(names.size(), 60U);
}

}  // namespace
}  // namespace instantexec::kube::testing
