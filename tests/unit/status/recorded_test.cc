#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "source_dir.h"
#include "status/status.h"

// Rollouts recorded on a real control plane (tests/support/record_health.py): what the watches told gives the
// verdict that a person wrote beside it, and it still does when events come in another order, twice, late or
// not at all, as long as the last state of each object arrives, which a relist sees to.
namespace instantexec::status {
namespace {

namespace fs = std::filesystem;

struct Step {
  double at = 0;  // seconds after the rollout was asked for
  bool deleted = false;
  model::Object object;
};

struct Recording {
  std::string name;
  std::vector<Step> steps;
  Context context;
  std::string subject;
  std::string status;
  std::string reason;
};

model::Json parse(const std::string& text, const fs::path& file) {
  auto json = model::parse_json(text);
  EXPECT_TRUE(json) << file << ": " << text;
  return json ? *std::move(json) : model::Json::object();
}

std::string read(const fs::path& file) {
  std::stringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

Recording load(const fs::path& folder) {
  const model::Json about = parse(read(folder / "case.json"), folder);
  Recording out;
  out.name = folder.filename();
  out.subject = model::get_string(about, "/subject");
  out.status = model::get_string(about, "/status");
  out.reason = model::get_string(about, "/reason");
  out.context.applied_at = parse_rfc3339(model::get_string(about, "/applied")).value_or(Timestamp{});
  out.context.now = parse_rfc3339(model::get_string(about, "/now")).value_or(Timestamp{});
  EXPECT_LT(out.context.applied_at, out.context.now) << folder;
  std::map<std::string, model::Json> states;
  std::ifstream lines(folder / "stream.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const model::Json event = parse(line, folder);
    model::Json& state = states[model::get_string(event, "/uid")];
    if (const model::Json* patch = model::find(event, "/patch")) state.merge_patch(*patch);
    model::Json object = state;
    object["metadata"]["resourceVersion"] = model::get_string(event, "/rv");
    const model::Json* at = model::find(event, "/at");
    EXPECT_TRUE(at != nullptr && at->is_number()) << line;
    out.steps.push_back(
        {at == nullptr ? 0.0 : at->get<double>(), model::get_bool(event, "/deleted"), {std::move(object)}});
  }
  return out;
}

std::vector<Recording> recordings() {
  std::vector<fs::path> folders;
  for (const auto& entry :
       fs::directory_iterator(fs::path(INSTANTEXEC_SOURCE_DIR) / "tests" / "golden" / "health")) {
    folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  std::vector<Recording> out;
  for (const fs::path& folder : folders) out.push_back(load(folder));
  return out;
}

// `now`: seconds after the rollout was asked for; unset: when the verdict is asked for.
model::ObjectStatus judge(const Recording& recording, const std::vector<Step>& steps,
                          std::optional<double> now = {}) {
  ChildIndex index;
  for (const Step& step : steps) {
    if (step.deleted) {
      index.erase(step.object);
    } else {
      index.upsert(step.object);
    }
  }
  const model::Object* subject = index.find(recording.subject);
  Context context = recording.context;
  if (now) context.now = context.applied_at + Duration{static_cast<std::int64_t>(*now * 1000)};
  return subject == nullptr ? model::ObjectStatus{} : assess(*subject, index, context).status;
}

// What a watch may do to a stream.
struct Trouble {
  bool reorder = false;
  bool repeat = false;
  bool lose = false;
};

std::vector<Step> disturbed(const std::vector<Step>& steps, const Trouble& trouble, std::mt19937& random) {
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < steps.size(); ++i) last[steps[i].object.uid()] = i;
  std::vector<Step> out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool lost = trouble.lose && last[steps[i].object.uid()] != i && random() % 2 == 0;
    const auto times = (lost ? 0U : 1U) + (trouble.repeat ? random() % 3 : 0U);
    for (std::size_t n = 0; n < times; ++n) out.push_back(steps[i]);
  }
  if (trouble.reorder) std::shuffle(out.begin(), out.end(), random);
  return out;
}

TEST(Recorded, ThereAreEnoughOfBothKinds) {
  const auto all = recordings();
  const auto failed =
      std::count_if(all.begin(), all.end(), [](const Recording& one) { return one.status == "Failed"; });
  EXPECT_GE(all.size(), 20U);
  EXPECT_GE(failed, 8);
  EXPECT_GE(static_cast<std::ptrdiff_t>(all.size()) - failed, 8);
}

TEST(Recorded, GiveTheVerdictWrittenBesideThem) {
  for (const Recording& recording : recordings()) {
    const auto got = judge(recording, recording.steps);
    EXPECT_EQ(model::to_string(got.status), recording.status) << recording.name << ": " << got.message;
    EXPECT_EQ(got.reason, recording.reason) << recording.name << ": " << got.message;
  }
}

// What is good is at no moment called failed.
TEST(Recorded, NothingGoodIsEverFailed) {
  for (const Recording& recording : recordings()) {
    if (recording.status == "Failed") continue;
    std::vector<Step> seen;
    for (const Step& step : recording.steps) {
      seen.push_back(step);
      const auto got = judge(recording, seen, step.at);
      EXPECT_FALSE(got.doomed()) << recording.name << " after " << seen.size() << ": " << got.message;
    }
  }
}

TEST(Recorded, DisturbedStreamsGiveTheSameVerdict) {
  const unsigned seeds = std::getenv("INSTANTEXEC_NIGHTLY") != nullptr ? 200 : 10;
  constexpr Trouble kTroubles[] = {{true, false, false}, {false, true, false}, {false, false, true},
                                   {true, true, false},  {true, false, true},  {true, true, true}};
  for (const Recording& recording : recordings()) {
    for (const Trouble& trouble : kTroubles) {
      for (unsigned seed = 1; seed <= seeds; ++seed) {
        std::mt19937 random(seed);
        const auto got = judge(recording, disturbed(recording.steps, trouble, random));
        ASSERT_EQ(model::to_string(got.status), recording.status)
            << recording.name << ", seed " << seed << ", reordered " << trouble.reorder << ", repeated "
            << trouble.repeat << ", lost " << trouble.lose << ": " << got.message;
      }
    }
  }
}

}  // namespace
}  // namespace instantexec::status
