#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "manifest/yaml.h"
#include "source_dir.h"
#include "status/bundled_rules.h"
#include "status/rule_reader.h"
#include "status/status.h"

// Live custom resources of many projects with the health their maintainers expect, as `health -f` judges
// them: a snapshot, without the time of a change. The folder is $INSTANTEXEC_TEST_DATA/health, by default
// ../shared/data/health. With INSTANTEXEC_HEALTH_MISSES=1 every case that is not exact is printed.
//
// exact: Healthy is Current, Progressing is InProgress (or Terminating for an object that is being deleted),
// Degraded is Failed, Suspended is Suspended, Unknown is Unknown. "Missing" (the thing that the object stands
// for is not there) has no word of its own here: InProgress. false ready: Current, and not Healthy. false
// failed: Failed, and not Degraded.
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

struct Case {
  std::string file;
  std::string expected;
  model::Object object;
};

std::vector<Case> load_cases(const fs::path& folder) {
  std::vector<Case> out;
  const auto index = model::parse_json(read(folder / "index.json"));
  if (!index || !index->is_array()) return out;
  for (const model::Json& entry : *index) {
    Case one{model::get_string(entry, "/file"), model::get_string(entry, "/status"), {}};
    const auto documents = manifest::parse_yaml(read(folder / one.file), one.file);
    if (!documents || documents->empty()) continue;  // one file has a key twice, which our reader refuses
    one.object = model::Object{documents->front().value};
    out.push_back(std::move(one));
  }
  return out;
}

bool exact(const std::string& expected, const model::Object& object, model::HealthStatus got) {
  using enum model::HealthStatus;
  if (expected == "Healthy") return got == kCurrent;
  if (expected == "Degraded") return got == kFailed;
  if (expected == "Suspended") return got == kSuspended;
  if (expected == "Unknown") return got == kUnknown;
  return got == kInProgress || (got == kTerminating && object.terminating());
}

struct Score {
  int cases = 0;
  int exact = 0;
  int unwell = 0;  // not Healthy by their maintainers
  int false_ready = 0;
  int false_failed = 0;

  void add(const Case& one, const model::ObjectStatus& got) {
    ++cases;
    if (status::exact(one.expected, one.object, got.status)) ++exact;
    if (one.expected != "Healthy") {
      ++unwell;
      if (got.status == model::HealthStatus::kCurrent) ++false_ready;
    }
    if (got.status == model::HealthStatus::kFailed && one.expected != "Degraded") ++false_failed;
  }
};

std::ostream& operator<<(std::ostream& out, const Score& score) {
  const auto percent = [](int part, int whole) { return whole == 0 ? 0.0 : 100.0 * part / whole; };
  return out << fmt::format(
             "{} of {} exact ({:.1f} %), {} of {} not ready called ready ({:.1f} %), {} false failed",
             score.exact, score.cases, percent(score.exact, score.cases), score.false_ready, score.unwell,
             percent(score.false_ready, score.unwell), score.false_failed);
}

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(corpus() / "index.json")) GTEST_SKIP() << corpus() << " is not there";
    cases_ = load_cases(corpus());
    ASSERT_GT(cases_.size(), 500u);
  }

  // `rules_for`: the rules in force for an object.
  template <typename RulesFor>
  Score score(std::string_view title, RulesFor rules_for) const {
    const bool misses = std::getenv("INSTANTEXEC_HEALTH_MISSES") != nullptr;
    Score all;
    std::map<std::string, Score> groups;
    for (const Case& one : cases_) {
      Context context;
      context.options.declared_failures = true;
      const std::vector<CustomRule> rules = rules_for(one.object);
      context.rules = rules;
      const model::ObjectStatus got = compute(one.object, {}, {}, context);
      all.add(one, got);
      groups[one.file.substr(0, one.file.find('/'))].add(one, got);
      if (misses && !exact(one.expected, one.object, got.status)) {
        std::cout << fmt::format("{} {} -> {} {}: {}\n", one.expected, one.file, model::to_string(got.status),
                                 got.reason, got.message);
      }
    }
    if (misses) {
      for (const auto& [group, part] : groups) std::cout << group << ": " << part << "\n";
    }
    std::cout << title << ": " << all << "\n";
    return all;
  }

  std::vector<Case> cases_;
};

std::vector<CustomRule> load_bundled() {
  std::vector<CustomRule> out;
  for (const BundledFile& file : bundled_rules()) {
    const auto documents = manifest::parse_yaml(file.text, file.name);
    EXPECT_TRUE(documents) << documents.error().message;
    const auto rules = read_rules(documents->front().value, "bundled");
    EXPECT_TRUE(rules) << file.name << ": " << rules.error().message;
    out.insert(out.end(), rules->begin(), rules->end());
  }
  return out;
}

TEST_F(Corpus, EveryGroupLeftOutInTurn) {
  const std::vector<CustomRule> bundled = load_bundled();
  const Score got = score("every API group left out in turn", [&](const model::Object& object) {
    // Without the rules that name the group, whichever kinds of it they are for.
    std::vector<CustomRule> rest;
    for (const CustomRule& rule : bundled) {
      CustomRule any = rule;
      any.kinds.clear();
      if (!any.applies_to(object.gvk())) rest.push_back(rule);
    }
    return rest;
  });
  EXPECT_GE(got.exact * 100, got.cases * 80);
  EXPECT_LE(got.false_ready * 100, got.unwell * 15);
  EXPECT_EQ(got.false_failed, 0);
}

TEST_F(Corpus, WithBundledRules) {
  const std::vector<CustomRule> bundled = load_bundled();
  const Score got = score("with bundled rules", [&](const model::Object&) { return bundled; });
  EXPECT_GE(got.exact * 100, got.cases * 97);
  EXPECT_EQ(got.false_failed, 0);
}

}  // namespace
}  // namespace instantexec::status
