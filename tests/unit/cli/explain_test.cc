#include "cli/explain.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/error_catalog.h"
#include "cli/finding_catalog.h"

namespace instantexec::cli {
namespace {

std::string text_of(const std::string& topic) {
  const auto text = explain(topic);
  EXPECT_TRUE(text.has_value()) << (text ? "" : text.error().to_string());
  return text ? *text : std::string();
}

TEST(Explain, FindingsHaveAMeaningAndANextStep) {
  EXPECT_EQ(text_of("server.quota"),
            "server.quota\n"
            "  The object would exceed a ResourceQuota of its namespace.\n"
            "  Next: lower the requests, or raise the quota\n");
  for (const FindingRow& finding : all_findings()) {
    const std::string text = text_of(std::string(finding.id));
    EXPECT_TRUE(text.starts_with(std::string(finding.id) + "\n  ")) << text;
    EXPECT_NE(text.find("\n  Next: "), std::string::npos) << text;
  }
}

TEST(Explain, AnErrorCodeComesBeforeAFindingOfTheSameId) {
  for (const char* both : {"yaml.duplicate-key", "access.missing", "record.too-large"}) {
    const auto rows = all_findings();
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.id == both; }));
    EXPECT_NE(text_of(both).find("\n  Exit code: "), std::string::npos) << both;
  }
}

TEST(Explain, AMisspeltTopicSuggestsTheNearest) {
  struct Row {
    const char* topic;
    const char* suggestion;
  };
  for (const Row& row : {Row{"server.qota", "server.quota"}, Row{"workload.imagetag", "workload.image-tag"},
                         Row{"reference.secrets", "reference.secret"}, Row{"prune.keep", "prune.kept"},
                         Row{"kubeconfig.invald", "kubeconfig.invalid"}, Row{"exit-code", "exit-codes"}}) {
    const auto text = explain(row.topic);
    ASSERT_FALSE(text.has_value()) << row.topic;
    EXPECT_EQ(text.error().code->name, "explain.unknown");
    EXPECT_EQ(text.error().next_step(), std::string("did you mean \"") + row.suggestion + "\"?");
  }
}

TEST(Explain, WithoutATopicListsEverything) {
  const std::string text = text_of("");
  const auto codes = text.find("\nError codes:\n");
  const auto findings = text.find("\nFindings:\n");
  ASSERT_NE(codes, std::string::npos);
  ASSERT_NE(findings, std::string::npos);
  EXPECT_EQ(text.find("Exit codes:\n"), 0U);
  EXPECT_LT(codes, findings);
  for (const ErrorCode* code : all_error_codes()) {
    const auto at = text.find("\n  " + std::string(code->name) + " ", codes);
    EXPECT_LT(at, findings) << code->name;
  }
  for (const FindingRow& finding : all_findings()) {
    EXPECT_NE(text.find("\n  " + std::string(finding.id) + " ", findings), std::string::npos) << finding.id;
  }
}

TEST(FindingCatalog, IdsAreSortedAndUnique) {
  const auto rows = all_findings();
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1].id, rows[i].id);
}

TEST(FindingCatalog, TextsAreShortSentences) {
  for (const FindingRow& finding : all_findings()) {
    SCOPED_TRACE(finding.id);
    ASSERT_FALSE(finding.id.empty());
    ASSERT_FALSE(finding.meaning.empty());
    ASSERT_FALSE(finding.next.empty());
    EXPECT_LE(finding.meaning.size(), 110U);
    EXPECT_LE(finding.next.size(), 110U);
    EXPECT_TRUE(finding.meaning.ends_with('.'));
    EXPECT_FALSE(finding.next.ends_with('.'));
  }
}

}  // namespace
}  // namespace instantexec::cli
