#include "analyze/metrics.h"

#include <gtest/gtest.h>

namespace instantexec::analyze {
namespace {

TEST(Metrics, GoFunctionsAndNesting) {
  const auto metrics =
      measure_file("main.go",
                   "package main\n\n// entry\nfunc main() {\n\tif true {\n\t\tfor {\n\t\t}\n\t}\n}\n\n"
                   "func two() {\n}\n");
  EXPECT_EQ(metrics.depth, Depth::kSyntax);
  EXPECT_EQ(metrics.lines, 12U);
  EXPECT_EQ(metrics.functions, 2U);
  EXPECT_EQ(metrics.longest_function, 6U);
  EXPECT_EQ(metrics.deepest_nesting, 2U);
  EXPECT_EQ(metrics.comment_lines, 1U);
  EXPECT_EQ(metrics.error_bytes, 0U);
}

struct LanguageRow {
  const char* path;
  const char* text;
  std::size_t functions;
};

TEST(Metrics, EveryGrammarIsLinkedAndCounts) {
  const LanguageRow rows[] = {{"a.yaml", "a: 1\nb: [2, 3]\n", 0},
                              {"a.json", "{\"a\": 1}\n", 0},
                              {"a.py", "def f():\n    return 1\n", 1},
                              {"a.js", "const f = () => 1;\nfunction g() {}\n", 2},
                              {"a.ts", "function g(x: number): number { return x; }\n", 1},
                              {"a.tsx", "function G() { return <a/>; }\n", 1},
                              {"a.java", "class A { void f() {} }\n", 1},
                              {"a.c", "int f(void) { return 1; }\n", 1},
                              {"a.cc", "struct A { int f() const { return 1; } };\n", 1},
                              {"a.rs", "fn f() {}\n", 1},
                              {"a.sh", "f() { echo x; }\n", 1}};
  for (const auto& row : rows) {
    const auto metrics = measure_file(row.path, row.text);
    EXPECT_EQ(metrics.depth, Depth::kSyntax) << row.path;
    EXPECT_EQ(metrics.functions, row.functions) << row.path;
    EXPECT_EQ(metrics.error_bytes, 0U) << row.path;
  }
}

TEST(Metrics, SyntaxErrorsAreMeasured) {
  const auto metrics = measure_file("a.json", "{\"a\": 1, %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%}\n");
  EXPECT_EQ(metrics.depth, Depth::kSyntax);
  EXPECT_GT(metrics.error_bytes, 20U);
  EXPECT_EQ(sum_metrics({&metrics, 1}).syntax_error_files, 1U);
}

// After a macro that takes a declaration the parser calls much of the function an error, and constructs in it
// that it has understood.
TEST(Metrics, AMacroDoesNotMakeAnErrorOfAllAroundIt) {
  const std::string taken =
      "  if (!path.empty()) {\n    TRY_ASSIGN(auto all,\n               render(\"a\", {\"b\", \"c\", path}, "
      "path));\n"
      "    use(std::move(all));\n  }\n";
  const auto functions = [](int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
      out += "int f" + std::to_string(i) + "(int x) {\n  if (x > 1) return x + 1;\n  return 0;\n}\n\n";
    return out;
  };
  const std::string text = functions(20) +
                           "Status g(const std::string& path) {\n  if (path == \"-\") {\n"
                           "    TRY_ASSIGN(std::string bytes, read(0, \"x\", 3));\n  }\n" +
                           taken + taken + "  return {};\n}\n" + functions(5);
  const auto metrics = measure_file("a.cc", text);
  EXPECT_GT(metrics.error_bytes, 0U);
  EXPECT_FALSE(makes_no_sense(metrics)) << metrics.error_bytes << " of " << metrics.bytes;
}

// Only C and C++ have macros that look like errors.
TEST(Metrics, ALittleNonsenseIsTooMuchElsewhere) {
  std::string text = "{";
  for (int i = 0; i < 20; ++i) text += "\"key" + std::to_string(i) + "\": " + std::to_string(i) + ",\n";
  const auto metrics = measure_file("a.json", text + "%%%%%%%%%%%%%%%%%%%%%%%%% \"end\": 1}\n");
  EXPECT_GT(metrics.error_bytes * 20, metrics.bytes);
  EXPECT_LT(metrics.error_bytes * 5, metrics.bytes);
  EXPECT_TRUE(makes_no_sense(metrics));
}

TEST(Metrics, WhatIsNoSourceAtAllMakesNoSense) {
  EXPECT_TRUE(makes_no_sense(measure_file(
      "a.cc", "this is a letter to my aunt.\nHow are you? I am (not) well; if you come, bring cake.\n")));
}

TEST(Metrics, WhatIsNotReadSaysWhy) {
  EXPECT_EQ(measure_file("a.bin", std::string("a\0b", 3)).skipped_because, "binary");
  EXPECT_EQ(measure_file("a.go", std::string(kMaxFileBytes + 1, 'x')).skipped_because, "larger than 1 MB");
  EXPECT_EQ(measure_file("notes.md", "hello").depth, Depth::kText);
  EXPECT_EQ(measure_file("notes.md", "hello").lines, 1U);
}

TEST(Metrics, HostileNestingStaysBounded) {
  for (const char* path : {"a.js", "a.go", "a.py", "a.yaml", "a.json", "a.rs", "a.sh"}) {
    const std::string brackets(100'000, '[');
    EXPECT_EQ(measure_file(path, brackets).bytes, brackets.size()) << path;
  }
}

TEST(Metrics, SumsByLanguage) {
  const std::vector<FileMetrics> files{measure_file("a.yaml", "a: 1\n"),
                                       measure_file("b.yaml", "b: 1\nc: 2\n"), measure_file("x.md", "x\n"),
                                       skipped_file("big.go", "out of time")};
  const auto sum = sum_metrics(files);
  EXPECT_EQ(sum.total_files, 4U);
  EXPECT_EQ(sum.analyzed_files, 3U);
  EXPECT_EQ(sum.total_lines, 4U);
  EXPECT_EQ(sum.lines_by_language.at("YAML"), 3U);
}

}  // namespace
}  // namespace instantexec::analyze
