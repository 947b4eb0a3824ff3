#include "vcs/git_output.h"

#include <gtest/gtest.h>

namespace instantexec::vcs {
namespace {

using namespace std::string_literals;

TEST(ParseDiff, JoinsRawAndNumstat) {
  const auto files = parse_diff(
      ":100644 100644 aa bb M\0web.yaml\0"
      ":000000 100644 00 bb A\0new\tname.txt\0"
      ":100644 000000 aa 00 D\0gone.go\0"
      ":100644 100644 aa bb R086\0old.md\0docs/new.md\0"
      ":100644 100644 aa bb M\0logo.png\0"
      "3\t1\tweb.yaml\0"
      "7\t0\tnew\tname.txt\0"
      "0\t9\tgone.go\0"
      "2\t2\t\0old.md\0docs/new.md\0"
      "-\t-\tlogo.png\0"s);
  ASSERT_EQ(files.size(), 5U);
  EXPECT_EQ(files[0].path, "docs/new.md");
  EXPECT_EQ(files[0].old_path, "old.md");
  EXPECT_EQ(files[0].status, model::FileStatus::kRenamed);
  EXPECT_EQ(files[0].added, 2U);
  EXPECT_EQ(files[1].status, model::FileStatus::kDeleted);
  EXPECT_EQ(files[1].deleted, 9U);
  EXPECT_TRUE(files[2].binary);
  EXPECT_EQ(files[3].path, "new\tname.txt");
  EXPECT_EQ(files[3].added, 7U);
  EXPECT_EQ(files[4].added, 3U);
  EXPECT_EQ(files[4].deleted, 1U);
}

TEST(ParseDiff, ToleratesAnyText) {
  EXPECT_TRUE(parse_diff("").empty());
  EXPECT_TRUE(parse_diff("garbage").empty());
  EXPECT_TRUE(parse_diff(":1 2 3 4 R100\0only-one"s).empty());
  EXPECT_TRUE(parse_diff("5\t5\tunknown\0"s).empty());
}

TEST(ParseNames, DropsEmptyOnes) {
  EXPECT_EQ(parse_names("a\0b c\0"s), (std::vector<std::string>{"a", "b c"}));
  EXPECT_TRUE(parse_names("").empty());
}

TEST(Log, CountsFilesAuthorsAndExperience) {
  const auto log = parse_log(
      "\x01"
      "2000\x02"
      "me@x\n\nlib/a.cc\nlib/b.cc\n"
      "\x01"
      "1500\x02"
      "you@x\n\nlib/a.cc\n"
      "\x01"
      "1000\x02"
      "me@x\n\ndocs/z.md\n");
  ASSERT_EQ(log.size(), 3U);
  model::Change change;
  change.files.resize(1);
  change.files[0].path = "lib/a.cc";
  const auto history = summarise_log(log, change, "me@x", Timestamp{Duration{2'500'000}});
  ASSERT_EQ(history.files.size(), 1U);
  EXPECT_EQ(history.files[0].prior_changes, 2U);
  EXPECT_EQ(history.files[0].authors, 2U);
  EXPECT_EQ(history.files[0].age, Duration{500'000});
  EXPECT_EQ(history.author_changes, 2U);
  EXPECT_EQ(history.author_subsystem_changes, 1U);
  EXPECT_NEAR(history.author_recent_changes, 2.0, 0.001);
}

TEST(CommitId, OnlyHexadecimalDigits) {
  EXPECT_TRUE(is_commit_id("0123456789abcdef0123456789abcdef01234567"));
  for (const char* text : {"", "abc", "HEAD", "--output=/etc/passwd", "0123456789ABCDEF", "0123456 --x"}) {
    EXPECT_FALSE(is_commit_id(text)) << text;
  }
}

}  // namespace
}  // namespace instantexec::vcs
