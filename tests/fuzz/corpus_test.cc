#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/fuzz.h"
#include "source_dir.h"

// The kept inputs of the fuzz targets, without a fuzzer: those that once broke something, and those that
// reach every part of what is fuzzed.
namespace instantexec::fuzz {
namespace {

namespace fs = std::filesystem;

class Corpus : public ::testing::TestWithParam<Target> {};

TEST_P(Corpus, HoldsItsPromises) {
  const fs::path folder = fs::path(INSTANTEXEC_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().name;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  ASSERT_FALSE(files.empty()) << folder;
  std::sort(files.begin(), files.end());
  GetParam().run({});
  for (const fs::path& file : files) {
    // A broken promise aborts, and this says for which input.
    std::fprintf(stderr, "%s\n", file.c_str());
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    ASSERT_TRUE(stream) << "cannot be read";
    GetParam().run(bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus, ::testing::ValuesIn(targets()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(CorpusFolders, EveryFolderBelongsToATarget) {
  for (const auto& entry : fs::directory_iterator(fs::path(INSTANTEXEC_SOURCE_DIR) / "tests/fuzz/corpus")) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(std::any_of(targets().begin(), targets().end(), [&](const Target& t) {
      return t.name == name;
    })) << name;
  }
}

}  // namespace
}  // namespace instantexec::fuzz
