#include "analyze/language.h"

#include <gtest/gtest.h>

namespace instantexec::analyze {
namespace {

struct Row {
  const char* path;
  Language language;
  bool vendored;
};

TEST(Language, ByNameAndExtension) {
  const Row rows[] = {{"config/web.yaml", Language::kYaml, false},
                      {"a/b.YML", Language::kYaml, false},
                      {"cmd/main.go", Language::kGo, false},
                      {"vendor/x/main.go", Language::kGo, true},
                      {"x.tsx", Language::kTsx, false},
                      {"lib/a.h", Language::kCpp, false},
                      {"Dockerfile", Language::kText, false},
                      {".gitignore", Language::kText, false},
                      {"bin/tool", Language::kText, false},
                      {"x.php", Language::kUnknown, false},
                      {"package-lock.json", Language::kJson, true},
                      {"api/types.pb.go", Language::kGo, true},
                      {"distant/a.py", Language::kPython, false}};
  for (const auto& row : rows) {
    EXPECT_EQ(language_of(row.path), row.language) << row.path;
    EXPECT_EQ(is_vendored(row.path), row.vendored) << row.path;
  }
}

}  // namespace
}  // namespace instantexec::analyze
