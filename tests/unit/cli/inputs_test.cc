#include "cli/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/temp_dir.h"

namespace instantexec::cli {
namespace {

using instantexec::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

InputSources of(const TempDir& dir) {
  InputSources out;
  out.paths = {dir.path()};
  return out;
}

// With --prune an object that is not read would be deleted.
TEST(LoadInputs, ALinkedManifestIsAnError) {
  const TempDir dir;
  dir.write("a.yaml", kConfigMap);
  std::filesystem::create_symlink("a.yaml", dir.path("b.yaml"));
  const auto inputs = load_inputs(of(dir), {});
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().code->name, "file.unsafe-path");
  EXPECT_THAT(inputs.error().message, HasSubstr("b.yaml: symbolic link"));

  // By its own name the user vouches for it.
  InputSources named;
  named.paths = {dir.path("b.yaml")};
  EXPECT_TRUE(load_inputs(named, {}));
}

TEST(LoadInputs, OtherLinksAndSpecialFilesAreWarnings) {
  const TempDir dir;
  dir.write("a.yaml", kConfigMap);
  std::filesystem::create_directory_symlink("/", dir.path("rootfs"));
  ASSERT_EQ(::mkfifo(dir.path("pipe").c_str(), 0600), 0);
  const auto inputs = load_inputs(of(dir), {});
  ASSERT_TRUE(inputs) << inputs.error().to_string();
  EXPECT_EQ(inputs->files.size(), 1U);
  EXPECT_THAT(inputs->warnings,
              ElementsAre(HasSubstr("pipe: not a regular file"), HasSubstr("rootfs: symbolic link")));
}

}  // namespace
}  // namespace instantexec::cli
