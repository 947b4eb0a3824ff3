#include "base/text.h"

#include <gtest/gtest.h>

namespace instantexec {
namespace {

struct SanitiseRow {
  const char* name;
  std::string in;
  std::string out;
};

TEST(Sanitise, MakesHiddenCharactersVisible) {
  const SanitiseRow rows[] = {
      {"plain text stays", "hello 繁體中文 ✓", "hello 繁體中文 ✓"},
      {"newline and tab stay", "a\n\tb", "a\n\tb"},
      {"escape sequence", "\x1b[31mred", "\\x1b[31mred"},
      {"carriage return", "done\rfail", "done\\x0dfail"},
      {"delete", "a\x7f", "a\\x7f"},
      {"C1 control as UTF-8",
       "\xc2\x9b"
       "31m",
       "\\u009b31m"},
      {"right-to-left override",
       "\xe2\x80\xae"
       "txt",
       "\\u202etxt"},
      {"zero width space",
       "a\xe2\x80\x8b"
       "b",
       "a\\u200bb"},
      {"byte order mark", "\xef\xbb\xbfx", "\\ufeffx"},
      {"invalid byte",
       "a\xff"
       "b",
       "a\\xffb"},
      {"overlong slash", "\xc0\xaf", "\\xc0\\xaf"},
      {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"cut sequence", "\xe2\x80", "\\xe2\\x80"},
      {"NUL", std::string("a\0b", 3), "a\\x00b"},
  };
  for (const auto& row : rows) EXPECT_EQ(sanitise(row.in), row.out) << row.name;
}

TEST(Sanitise, LineFormKeepsToOneLineAndLimit) {
  EXPECT_EQ(sanitise_line("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(sanitise_line("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(sanitise_line("abcdefghi", 8), "abcde…");
  EXPECT_EQ(sanitise_line("繁體中文", 7), "繁…") << "never cuts inside a character";
}

TEST(Text, TrimSplitJoin) {
  EXPECT_EQ(trim("  a b \n"), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(split("a::b", ':'), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ':'), (std::vector<std::string_view>{""}));
  const std::vector<std::string> parts{"a", "b"};
  EXPECT_EQ(join(parts, ", "), "a, b");
}

TEST(Text, NearestSuggestsOnlyWhatIsNear) {
  const std::vector<std::string> words{"deploy", "validate", "rollback"};
  EXPECT_EQ(nearest("delpoy", words), "deploy");
  EXPECT_EQ(nearest("validte", words), "validate");
  EXPECT_EQ(nearest("xyz", words), std::nullopt);
}

TEST(Text, Counted) {
  EXPECT_EQ(counted(1, "object"), "1 object");
  EXPECT_EQ(counted(0, "object"), "0 objects");
  EXPECT_EQ(counted(2, "policy", "policies"), "2 policies");
}

}  // namespace
}  // namespace instantexec
