#include "analyze/features.h"

#include <gtest/gtest.h>

namespace instantexec::analyze {
namespace {

model::FileChange file(std::string path, std::uint32_t added, std::uint32_t deleted) {
  model::FileChange out;
  out.path = std::move(path);
  out.added = added;
  out.deleted = deleted;
  return out;
}

TEST(Features, EmptyChangeIsAllZero) {
  const auto features = compute_features({}, {});
  EXPECT_EQ(features.nf, 0);
  EXPECT_EQ(features.entropy, 0);
  EXPECT_EQ(features.lt, 0);
  EXPECT_FALSE(features.fix);
}

TEST(Features, DiffusionAndSize) {
  model::Change change;
  change.files = {file("lib/a/x.cc", 10, 2), file("lib/a/y.cc", 0, 0), file("docs/z.md", 6, 0),
                  file("README.md", 6, 0)};
  const auto features = compute_features(change, {});
  EXPECT_EQ(features.ns, 3) << "lib, docs and the root";
  EXPECT_EQ(features.nd, 3);
  EXPECT_EQ(features.nf, 4);
  EXPECT_EQ(features.la, 22);
  EXPECT_EQ(features.ld, 2);
  EXPECT_NEAR(features.entropy, 1.5 / 2.0, 1e-12) << "shares 1/2, 1/4, 1/4, 0 over four files";
}

TEST(Features, EvenSpreadHasEntropyOne) {
  model::Change change;
  change.files = {file("a", 5, 0), file("b", 0, 5)};
  EXPECT_NEAR(compute_features(change, {}).entropy, 1.0, 1e-12);
}

struct FixRow {
  const char* message;
  bool fix;
};

TEST(Features, RepairsAreWholeWords) {
  const FixRow rows[] = {{"fix: crash on start", true},    {"Fixes #12", true},
                         {"add prefix option", false},     {"debug logging", false},
                         {"Revert \"feature\"", true},     {"feat: BUG tracker link", true},
                         {"feat(api): fixed-width", true}, {"", false}};
  for (const auto& row : rows) {
    model::Change change;
    change.message = row.message;
    EXPECT_EQ(compute_features(change, {}).fix, row.fix) << row.message;
  }
}

TEST(Features, HistoryIsAveragedPerFile) {
  model::ChangeHistory history;
  history.files = {{"a", 100, 4, 2, Duration{86'400'000 * 10LL}}, {"b", 50, 0, 0, Duration{0}}};
  history.author_changes = 7;
  const auto features = compute_features({}, history);
  EXPECT_EQ(features.lt, 75);
  EXPECT_EQ(features.nuc, 2);
  EXPECT_EQ(features.age, 5);
  EXPECT_EQ(features.ndev, 2);
  EXPECT_EQ(features.exp, 7);
}

}  // namespace
}  // namespace instantexec::analyze
