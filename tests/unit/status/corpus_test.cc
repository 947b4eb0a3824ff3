#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "manifest/yaml.h"
#include "status/status.h"

// Live custom resources of many projects with the health their maintainers expect. None of these kinds is
// known to the rules by name. The folder is $INSTANTEXEC_TEST_DATA/health, by default ../shared/data/health.
namespace instantexec::status {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  const char* data = std::getenv("INSTANTEXEC_TEST_DATA");
  const fs::path root =
      data != nullptr ? fs::path(data) : fs::path(INSTANTEXEC_SOURCE_DIR) / ".." / "shared" / "data";
  return root / "health";
}

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string_view expected_word(model::HealthStatus status) {
  switch (status) {
    case model::HealthStatus::kCurrent:
      return "Healthy";
    case model::HealthStatus::kFailed:
      return "Degraded";
    case model::HealthStatus::kSuspended:
      return "Suspended";
    default:
      return "Progressing";
  }
}

struct Score {
  int cases = 0;
  int exact = 0;
  int ready = 0;   // of the healthy ones, called ready
  int unwell = 0;  // not Healthy by their maintainers
  int false_ready = 0;
};

TEST(Corpus, UnknownKindsAreNeverFailedByMistake) {
  const fs::path folder = corpus();
  if (!fs::exists(folder / "index.json")) GTEST_SKIP() << folder << " is not there";
  const auto index = model::parse_json(read(folder / "index.json"));
  ASSERT_TRUE(index && index->is_array());
  Score score;
  for (const model::Json& entry : *index) {
    const std::string file = model::get_string(entry, "/file");
    const std::string expected = model::get_string(entry, "/status");
    const auto documents = manifest::parse_yaml(read(folder / file), file);
    if (!documents || documents->empty()) continue;  // one file has a key twice, which our reader refuses
    const model::Object object{documents->front().value};
    // What is ready has to be seen as such in the end; what is not must not pass for it soon after an apply.
    Context context;
    context.applied_at = Timestamp{Duration{4102444800000}};
    context.now = context.applied_at + std::chrono::seconds(expected == "Healthy" ? 60 : 5);
    const model::ObjectStatus got = compute(object, {}, {}, context);
    ++score.cases;
    if (expected_word(got.status) == expected) ++score.exact;
    if (got.status == model::HealthStatus::kFailed) {
      EXPECT_EQ(expected, "Degraded") << file << ": " << got.message;
    }
    if (expected == "Healthy") {
      if (got.status == model::HealthStatus::kCurrent) ++score.ready;
      continue;
    }
    ++score.unwell;
    if (got.status == model::HealthStatus::kCurrent) ++score.false_ready;
  }
  // Progressing and Degraded are told apart by rules of a kind only; ready and not ready by convention.
  EXPECT_GT(score.cases, 500);
  EXPECT_LE(score.false_ready * 100, score.unwell * 10) << "not ready, and called so";
  EXPECT_LE((score.cases - score.unwell - score.ready) * 100, (score.cases - score.unwell) * 5)
      << "well, and not called ready";
  std::cout << score.exact << " of " << score.cases << " exact, " << score.false_ready << " of "
            << score.unwell << " called ready by mistake\n";
}

}  // namespace
}  // namespace instantexec::status
