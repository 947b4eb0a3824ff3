#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "os/errors.h"
#include "os/files.h"
#include "support/temp_dir.h"

namespace instantexec::os {
namespace {

using instantexec::testing::TempDir;
using Names = std::vector<std::string>;

TEST(ListFiles, SortedRelativeAndWithoutLinks) {
  const TempDir dir;
  for (const char* name : {"b.yaml", "a/z.yaml", "a/b/c.yaml", "B.yaml", ".git/config", "a/.hidden"}) {
    dir.write(name, "x");
  }
  std::filesystem::create_symlink("b.yaml", dir.path("link.yaml"));
  std::filesystem::create_directory_symlink("/", dir.path("a/rootfs"));
  ASSERT_EQ(::mkfifo(dir.path("pipe").c_str(), 0600), 0);

  const auto all = list_files(dir.path());
  ASSERT_TRUE(all) << all.error().to_string();
  EXPECT_EQ(all->files, (Names{"B.yaml", "a/b/c.yaml", "a/z.yaml", "b.yaml"}));
  EXPECT_EQ(all->skipped, (std::vector<SkippedFile>{{"a/rootfs", "symbolic link"},
                                                    {"link.yaml", "symbolic link"},
                                                    {"pipe", "not a regular file"}}));

  const auto flat = list_files(dir.path(), {.recursive = false});
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->files, (Names{"B.yaml", "b.yaml"}));

  const auto hidden = list_files(dir.path(), {.hidden = true});
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->files.size(), 6U);
}

TEST(ListFiles, LimitsAndMissingRoot) {
  const TempDir dir;
  for (const char* name : {"1", "2", "3", "d/e/f/4"}) dir.write(name, "x");
  const auto too_many = list_files(dir.path(), {.max_files = 3});
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().code->name, "file.too-large");
  EXPECT_TRUE(list_files(dir.path(), {.max_files = 4}));
  const auto too_deep = list_files(dir.path(), {.max_depth = 2});
  ASSERT_FALSE(too_deep);
  EXPECT_EQ(too_deep.error().code->name, "file.too-large");
  const auto missing = list_files(dir.path("none"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code->name, "file.missing");
}

}  // namespace
}  // namespace instantexec::os
