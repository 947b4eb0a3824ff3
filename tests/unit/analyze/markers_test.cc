#include "analyze/markers.h"

#include <gtest/gtest.h>

namespace instantexec::analyze {
namespace {

struct Row {
  const char* name;
  const char* text;
  std::size_t findings;
};

TEST(MergeMarkers, OnlyWholeConflictsCount) {
  const Row rows[] = {
      {"clean", "a\nb\n", 0},
      {"conflict", "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n", 1},
      {"conflict with CRLF", "<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> topic\r\n", 1},
      {"diff3 style", "<<<<<<< ours\nb\n||||||| base\na\n=======\nc\n>>>>>>> theirs\n", 1},
      {"two conflicts", "<<<<<<<\n=======\n>>>>>>>\nx\n<<<<<<<\n=======\n>>>>>>>\n", 2},
      {"heading underline", "Title\n=======\ntext\n", 0},
      {"longer run", "<<<<<<<<<<\n==========\n>>>>>>>>>>\n", 0},
      {"indented text about markers", "  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n", 0},
      {"opening only", "<<<<<<< HEAD\ntext\n", 0},
      {"quoted shell heredocs", "cat <<<<<<<x\n", 0},
  };
  for (const auto& row : rows) EXPECT_EQ(find_merge_markers("f", row.text).size(), row.findings) << row.name;
}

TEST(MergeMarkers, PointToTheOpeningLine) {
  const auto found =
      find_merge_markers("web.yaml", "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> topic\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at.to_string(), "web.yaml:2:1");
  EXPECT_EQ(found[0].severity, model::Severity::kError);
}

}  // namespace
}  // namespace instantexec::analyze
