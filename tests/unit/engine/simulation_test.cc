#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "unit/engine/world.h"

// Long random lives of one release: deploys, rollbacks, deaths, lost answers and edits by others, checked
// after every step by rules that know nothing of the engine.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

class Life {
 public:
  explicit Life(std::uint32_t seed) : random_(seed) { world_.options.timeout = std::chrono::seconds(30); }

  void step() {
    edit_by_others();
    const Picture before = world_.picture();
    const bool back = !history_.empty() && roll(6) == 0;
    const std::vector<model::Object> wanted = back ? std::vector<model::Object>{} : release();
    disturb();
    std::string outcome;
    try {
      outcome = word(back ? rollback(world_.environment(), world_.options, 0) : world_.deploy(wanted));
    } catch (const Killed&) {
      outcome = "killed";
    }
    world_.server.faults.on_request = nullptr;
    trace_ += (back ? "rollback" : "deploy") + std::string(" -> ") + outcome;
    if (outcome == "killed" || outcome == "interrupted" || outcome == "error: unfinished") {
      world_.restart();
      const auto recovered = world_.recover();
      ASSERT_TRUE(recovered) << trace_ << recovered.error().to_string();
      outcome = word(recovered) == "nothing_to_do" ? "killed" : word(recovered);
      trace_ += " -> " + outcome;
    }
    trace_ += "\n";
    check(outcome, before, back, wanted);
  }

  [[nodiscard]] const std::string& trace() const { return trace_; }

 private:
  std::uint32_t roll(std::uint32_t sides) { return static_cast<std::uint32_t>(random_() % sides); }

  std::vector<model::Object> release() {
    std::vector<model::Object> out = {config("base", std::to_string(roll(4)))};
    for (const char* name : {"one", "two", "three"}) {
      if (roll(2) == 0) out.push_back(config(name, std::to_string(roll(4))));
    }
    if (roll(3) > 0) out.push_back(secret("s", std::to_string(roll(3))));
    if (roll(3) > 0) {
      const char* images[] = {"registry.example/web:1", "registry.example/web:2",
                              "registry.example/web:crash"};
      out.push_back(deployment("web", images[roll(3)]));
    }
    return out;
  }

  // Beside the release, and in fields of its objects that it does not set.
  void edit_by_others() {
    if (roll(3) == 0) world_.foreign_apply(config("theirs", std::to_string(roll(4))));
    if (roll(3) == 0 && world_.get("ConfigMap", "base") != nullptr) {
      model::Object edit = config("base", "");
      edit.json["data"] = {{"extra", std::to_string(roll(4))}};
      world_.foreign_apply(edit);
    }
  }

  void disturb() {
    using Kind = sim::Fault::Kind;
    static constexpr Kind kKinds[] = {Kind::kDie,         Kind::kDieAfterCommit, Kind::kDropAnswer,
                                      Kind::kDropRequest, Kind::kInterrupt,      Kind::kAnswer,
                                      Kind::kSlowAnswer};
    if (roll(2) == 0) return;
    sim::Fault fault;
    fault.kind = kKinds[roll(7)];
    fault.http_status = 503;
    fault.delay = Duration{2000};
    world_.server.faults.on_request = sim::at_request(world_.server.faults.requests + 1 + roll(35), fault);
  }

  static bool ended_before_writing(const std::string& outcome) {
    return outcome == "killed" || outcome == "error: interrupted" || outcome == "nothing_to_do" ||
           outcome == "error: revision.not-found" || outcome == "refused";
  }

  void check(const std::string& outcome, const Picture& before, bool back,
             const std::vector<model::Object>& wanted) {
    const Picture after = world_.picture();
    // Killed with nothing to recover: before the first write, or after the last.
    const bool finished = outcome == "killed" && !differences(before, after).empty();
    if (!finished && (outcome == "rolled_back" || ended_before_writing(outcome))) {
      EXPECT_EQ(differences(before, after), "") << trace_;
      return;
    }
    ASSERT_TRUE(finished || outcome == "deployed") << trace_;
    history_.push_back(back ? std::vector<model::Object>{} : wanted);
    if (!back) check_wanted(wanted);
    const auto theirs = before.find({"", "ConfigMap", "default", "theirs"});
    if (theirs != before.end()) {
      EXPECT_EQ(after.at(theirs->first), theirs->second) << trace_;
    }
  }

  // Everything wanted is there with its values, and nothing else of the release is.
  void check_wanted(const std::vector<model::Object>& wanted) {
    std::set<model::ObjectRef> refs;
    for (const model::Object& object : wanted) {
      refs.insert(object.ref());
      const auto live = world_.server.get(object.ref());
      ASSERT_NE(live, nullptr) << trace_ << object.ref().to_string();
      const bool as_wanted =
          object.kind() == "ConfigMap"
              ? model::get_string(live->json, "/data/key") == model::get_string(object.json, "/data/key")
              : object.kind() != "Deployment" ||
                    model::get_string(live->json, "/spec/template/spec/containers/0/image") ==
                        model::get_string(object.json, "/spec/template/spec/containers/0/image");
      EXPECT_TRUE(as_wanted) << trace_ << object.ref().to_string();
    }
    for (const auto& [ref, snapshot] : world_.server.store().all()) {
      if (snapshot->annotation("instantexec.dev/created-by").empty()) continue;
      EXPECT_TRUE(refs.contains(ref)) << trace_ << ref.to_string() << " was left behind";
    }
  }

  World world_;
  std::mt19937 random_;
  std::vector<std::vector<model::Object>> history_;
  std::string trace_;
};

TEST(Simulation, ARandomLifeKeepsItsPromises) {
  const char* given = std::getenv("INSTANTEXEC_SEED");
  const std::uint32_t first =
      given == nullptr ? 1 : static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
  const std::uint32_t lives = given != nullptr ? 1 : nightly() ? 400 : 8;
  for (std::uint32_t seed = first; seed < first + lives; ++seed) {
    Life life(seed);
    for (int i = 0; i < 25 && !::testing::Test::HasFailure(); ++i) life.step();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "INSTANTEXEC_SEED=" << seed << "\n" << life.trace();
  }
  std::cout << lives << " lives of 25 steps, seeds from " << first << "\n";
}

}  // namespace
}  // namespace instantexec::engine
