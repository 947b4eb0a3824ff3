#include <gtest/gtest.h>

#include <set>

#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kBetter = "registry.example/web:2";
const std::string kMissing = "registry.example/web:does-not-exist";

std::vector<model::Object> first() {
  return {config("a", "1"), config("gone", "1"), secret("s", "x"), deployment("web", kGood), service("web")};
}

std::vector<model::Object> second(const std::string& image) {
  return {config("a", "2"), config("new", "1"), secret("s", "y"), deployment("web", image), service("web")};
}

// What a good second release looks like, made without any fault.
Picture after_second() {
  World world;
  EXPECT_EQ(world.deploy_word(first()), "deployed");
  EXPECT_EQ(world.deploy_word(second(kBetter)), "deployed");
  return world.picture();
}

// Identity differs between worlds and creation marks between runs; values and owners must not.
std::string value_differences(const Picture& wanted, const Picture& found) {
  Picture a = wanted;
  Picture b = found;
  for (Picture* picture : {&a, &b}) {
    for (auto& [ref, json] : *picture) {
      json.erase("uid");
      if (json.contains("spec")) json["spec"].erase("clusterIP"), json["spec"].erase("clusterIPs");
    }
  }
  return differences(a, b);
}

struct FaultCase {
  const char* name;
  sim::Fault fault;
};

std::vector<FaultCase> passing_faults() {
  using Kind = sim::Fault::Kind;
  return {
      {"connection refused", {Kind::kRefuseConnection, 0, Duration{0}, 2}},
      {"request lost", {Kind::kDropRequest, 0, Duration{0}, 2}},
      {"answer lost", {Kind::kDropAnswer, 0, Duration{0}, 2}},
      {"late commit", {Kind::kLateCommit, 504, Duration{3000}, 2}},
      {"429", {Kind::kAnswer, 429, Duration{0}, 2}},
      {"500", {Kind::kAnswer, 500, Duration{0}, 2}},
      {"503", {Kind::kAnswer, 503, Duration{0}, 2}},
      {"slow", {Kind::kDelay, 0, Duration{5000}, 2}},
  };
}

// Requests that a second release makes when nothing goes wrong.
std::uint64_t requests_of_second(const std::string& image) {
  World world;
  EXPECT_EQ(world.deploy_word(first()), "deployed");
  const auto before = world.server.faults.requests;
  (void)world.deploy(second(image));
  return world.server.faults.requests - before;
}

// One passing fault at every request of a release: it still ends as if nothing had happened.
TEST(Faults, APassingFaultAnywhereDoesNotChangeTheOutcome) {
  const Picture wanted = after_second();
  const std::uint64_t requests = requests_of_second(kBetter);
  ASSERT_GT(requests, 15U);
  std::uint64_t shift = 0;
  for (const FaultCase& one : passing_faults()) {
    for (const std::uint64_t k : moments(requests, 3, shift++)) {
      World world;
      ASSERT_EQ(world.deploy_word(first()), "deployed");
      world.server.faults.on_request = sim::at_request(world.server.faults.requests + k, one.fault);
      const auto result = world.deploy(second(kBetter));
      EXPECT_EQ(word(result), "deployed") << one.name << " at " << k;
      world.server.run_for(Duration{60'000});
      EXPECT_EQ(value_differences(wanted, world.picture()), "") << one.name << " at " << k;
    }
  }
}

// The same during a release that fails and is undone.
TEST(Faults, APassingFaultAnywhereDoesNotDisturbAnUndo) {
  const std::uint64_t requests = requests_of_second(kMissing);
  std::uint64_t shift = 0;
  for (const FaultCase& one : passing_faults()) {
    for (const std::uint64_t k : moments(requests, 3, shift++)) {
      World world;
      ASSERT_EQ(world.deploy_word(first()), "deployed");
      const Picture before = world.picture();
      world.server.faults.on_request = sim::at_request(world.server.faults.requests + k, one.fault);
      const auto result = world.deploy(second(kMissing));
      EXPECT_EQ(word(result), "rolled_back") << one.name << " at " << k;
      world.server.run_for(Duration{60'000});
      EXPECT_EQ(differences(before, world.picture()), "") << one.name << " at " << k;
    }
  }
}

// Deploys and dies at the k-th request; false when the run ended before.
bool deploy_and_die(World& world, const std::vector<model::Object>& objects, std::uint64_t k,
                    sim::Fault::Kind kind) {
  sim::Fault fault;
  fault.kind = kind;
  world.server.faults.on_request = sim::at_request(world.server.faults.requests + k, fault);
  bool died = false;
  try {
    (void)world.deploy(objects);
  } catch (const Killed&) {
    died = true;
  }
  world.server.faults.on_request = nullptr;
  world.restart();
  return died;
}

class Kills : public ::testing::TestWithParam<sim::Fault::Kind> {};

TEST_P(Kills, AtAnyRequestARecoveryBringsTheOldOrTheNew) {
  const Picture wanted = after_second();
  const std::uint64_t requests = requests_of_second(kBetter);
  std::set<std::string> seen;
  // Often enough to meet the few requests between the commit point and the end.
  for (const std::uint64_t k : moments(requests, 12)) {
    World world;
    ASSERT_EQ(world.deploy_word(first()), "deployed");
    const Picture before = world.picture();
    ASSERT_TRUE(deploy_and_die(world, second(kBetter), k, GetParam())) << k;
    const auto result = world.recover();
    ASSERT_TRUE(result) << "killed at " << k << ": " << result.error().to_string();
    seen.insert(word(result));
    const bool is_old = differences(before, world.picture()).empty();
    const bool is_new = value_differences(wanted, world.picture()).empty();
    EXPECT_TRUE(is_old || is_new) << "killed at " << k << ", " << word(result) << "\n"
                                  << differences(before, world.picture());
    EXPECT_TRUE(word(result) != "rolled_back" || is_old) << k;
    EXPECT_TRUE(word(result) != "deployed" || is_new) << k;
    // A second recovery has nothing to do, and the next deploy works.
    EXPECT_EQ(word(world.recover()), "nothing_to_do") << k;
    const auto next = world.deploy_word(second(kBetter));
    EXPECT_TRUE(next == "deployed" || next == "nothing_to_do") << k << ": " << next;
    EXPECT_EQ(value_differences(wanted, world.picture()), "") << k;
  }
  EXPECT_TRUE(seen.contains("rolled_back"));
  EXPECT_TRUE(seen.contains("nothing_to_do"));
  EXPECT_TRUE(seen.contains("deployed"));
}

TEST_P(Kills, DuringAnUndoARecoveryFinishesIt) {
  const std::uint64_t requests = requests_of_second(kMissing);
  for (const std::uint64_t k : moments(requests, 9)) {
    World world;
    ASSERT_EQ(world.deploy_word(first()), "deployed");
    const Picture before = world.picture();
    ASSERT_TRUE(deploy_and_die(world, second(kMissing), k, GetParam())) << k;
    const auto result = world.recover();
    ASSERT_TRUE(result) << "killed at " << k << ": " << result.error().to_string();
    EXPECT_EQ(differences(before, world.picture()), "") << "killed at " << k << ", " << word(result);
  }
}

TEST_P(Kills, ResumingBringsTheNew) {
  const Picture wanted = after_second();
  const std::uint64_t requests = requests_of_second(kBetter);
  std::size_t resumed = 0;
  for (const std::uint64_t k : moments(requests, 12)) {
    World world;
    ASSERT_EQ(world.deploy_word(first()), "deployed");
    const Picture before = world.picture();
    ASSERT_TRUE(deploy_and_die(world, second(kBetter), k, GetParam())) << k;
    const auto result = world.recover(true);
    ASSERT_TRUE(result) << "killed at " << k << ": " << result.error().to_string();
    if (word(result) == "nothing_to_do") {
      EXPECT_TRUE(differences(before, world.picture()).empty() ||
                  value_differences(wanted, world.picture()).empty())
          << k;
      continue;
    }
    EXPECT_EQ(word(result), "deployed") << k;
    EXPECT_EQ(value_differences(wanted, world.picture()), "") << k;
    EXPECT_EQ(world.deploy_word(second(kBetter)), "nothing_to_do") << k;
    ++resumed;
  }
  EXPECT_GT(resumed, 2U);
}

// Killed in the release, killed again in the recovery, then recovered.
TEST_P(Kills, TwiceAndRecoveredTheThirdTime) {
  const std::uint64_t requests = requests_of_second(kBetter);
  for (const std::uint64_t k : moments(requests, 4)) {
    for (std::uint64_t j = 1; j < 60; j += nightly() ? 1 : 7) {
      World world;
      ASSERT_EQ(world.deploy_word(first()), "deployed");
      const Picture before = world.picture();
      ASSERT_TRUE(deploy_and_die(world, second(kBetter), k, GetParam()));
      sim::Fault fault;
      fault.kind = GetParam();
      world.server.faults.on_request = sim::at_request(world.server.faults.requests + j, fault);
      bool died = false;
      try {
        (void)world.recover();
      } catch (const Killed&) {
        died = true;
      }
      world.server.faults.on_request = nullptr;
      world.restart();
      const auto result = world.recover();
      ASSERT_TRUE(result) << k << ", " << j << ": " << result.error().to_string();
      const bool forward = word(result) == "deployed" ||
                           differences(before, world.picture()).find("gone is gone") != std::string::npos;
      EXPECT_TRUE(forward || differences(before, world.picture()).empty()) << k << ", " << j;
      if (!died) break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Moments, Kills,
                         ::testing::Values(sim::Fault::Kind::kDie, sim::Fault::Kind::kDieAfterCommit),
                         [](const auto& moment) {
                           return moment.param == sim::Fault::Kind::kDie ? "BeforeSending"
                                                                         : "BeforeTheAnswer";
                         });

TEST(Interruption, StopsWritingAndLeavesTheRestToRecover) {
  const std::uint64_t requests = requests_of_second(kMissing);
  sim::Fault fault;
  fault.kind = sim::Fault::Kind::kInterrupt;
  for (const std::uint64_t k : moments(requests, 9)) {
    World world;
    ASSERT_EQ(world.deploy_word(first()), "deployed");
    const Picture before = world.picture();
    world.server.faults.on_request = sim::at_request(world.server.faults.requests + k, fault);
    Instant interrupted_at;
    auto rule = world.server.faults.on_request;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      auto out = rule(info);
      if (out.kind == sim::Fault::Kind::kInterrupt) interrupted_at = world.server.now();
      return out;
    };
    const auto result = world.deploy(second(kMissing));
    EXPECT_LE((world.server.now() - interrupted_at).count(), 5000) << k;
    const std::string outcome = word(result);
    EXPECT_TRUE(outcome == "interrupted" || outcome == "error: interrupted" ||
                outcome == "error: unfinished" || outcome == "rolled_back")
        << k << ": " << outcome;
    EXPECT_TRUE(outcome != "error: interrupted" || differences(before, world.picture()).empty()) << k;
    world.server.faults.on_request = nullptr;
    world.restart();
    const auto recovered = world.recover();
    ASSERT_TRUE(recovered) << k << ": " << recovered.error().to_string();
    EXPECT_EQ(differences(before, world.picture()), "") << k << ": " << outcome << ", " << word(recovered);
  }
}

TEST(Interruption, WithNothingToUndoChangesNothing) {
  World world;
  world.client().interrupt(2);
  EXPECT_EQ(world.deploy_word(first()), "error: interrupted");
  EXPECT_TRUE(world.server.writes().empty());
}

// A kind that has been defined and is not served yet: what is waited for is no write.
TEST(Interruption, TheLockIsGivenBackWhenEveryWriteWasAnswered) {
  World world;
  world.options.accept_irreversible = true;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  world.server.faults.on_request =
      sim::at_match("apply", "CustomResourceDefinition", 2, {sim::Fault::Kind::kInterrupt});
  EXPECT_EQ(world.deploy_word({config("a", "1"), widget_definition(), widget()}), "interrupted");
  const auto lease = world.get("Lease", "instantexec-web", "coordination.k8s.io");
  ASSERT_TRUE(lease);
  EXPECT_EQ(model::get_string(lease->json, "/spec/holderIdentity"), "");
}

// Nothing is under way before the lock is taken, so no answer is waited for.
TEST(Interruption, BeforeTheLockItEndsAtOnceThoughTheServerIsSilent) {
  const std::vector<std::pair<const char*, std::function<std::string(World&)>>> rows = {
      {"deploy", [](World& world) { return world.deploy_word(second(kBetter)); }},
      {"plan",
       [](World& world) {
         return std::string(
             plan_release(world.environment(), world.options, manifests(second(kBetter))).error().code->name);
       }},
      {"rollback", [](World& world) { return word(rollback(world.environment(), world.options, 0)); }},
      {"recover", [](World& world) { return word(world.recover()); }}};
  for (const auto& [name, run] : rows) {
    for (const std::uint64_t answered : {0U, 1U, 2U, 12U}) {
      World world;
      ASSERT_EQ(world.deploy_word(first()), "deployed");
      ASSERT_EQ(world.deploy_word(second(kBetter)), "deployed");
      const auto last = world.server.faults.requests + answered;
      world.server.faults.on_request = [&](const sim::RequestInfo& info) {
        sim::Fault fault;
        if (info.index > last) fault.kind = sim::Fault::Kind::kDropRequest;
        return fault;
      };
      const Instant started = world.server.now();
      world.client().interrupt(2, Duration{400});
      const std::string outcome = run(world);
      if (outcome == "nothing_to_do") continue;  // all that it asked was answered
      EXPECT_TRUE(outcome.ends_with("interrupted")) << name << " " << answered << ": " << outcome;
      EXPECT_LE((world.server.now() - started).count(), 1000) << name << " " << answered;
    }
  }
}

// The server finishes a request that it has taken in, even after the client is dead and its lock was taken
// over.
TEST(LateCommit, OfADeadRunIsUndone) {
  for (const bool creates : {true, false}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
    const Picture before = world.picture();
    sim::Fault die;
    die.kind = sim::Fault::Kind::kDie;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
      if (info.verb != "apply" || info.dry_run) return {};
      world.server.timeline().at(world.server.now() + Duration{40'000},
                                 [&world, request = *info.request] { (void)world.server.act(request); });
      return die;
    };
    const auto next =
        creates ? std::vector{config("c", "1"), config("d", "1")} : std::vector{config("c", "2")};
    EXPECT_THROW((void)world.deploy(next), Killed);
    world.server.faults.on_request = nullptr;
    world.restart();
    EXPECT_EQ(word(world.recover()), "rolled_back");
    world.server.run_for(Duration{60'000});
    EXPECT_EQ(differences(before, world.picture()), "") << creates;
  }
}

TEST(Outage, OfAMinuteInTheMiddleIsSurvived) {
  for (const bool answers_lost : {false, true}) {
    World world;
    ASSERT_EQ(world.deploy_word(first()), "deployed");
    const Picture wanted = after_second();
    const auto start = world.server.now() + Duration{30};
    world.server.faults.on_request = [&](const sim::RequestInfo&) -> sim::Fault {
      if (world.server.now() < start || world.server.now() >= start + Duration{25'000}) return {};
      sim::Fault fault;
      fault.kind = answers_lost ? sim::Fault::Kind::kDropRequest : sim::Fault::Kind::kRefuseConnection;
      return fault;
    };
    EXPECT_EQ(world.deploy_word(second(kBetter)), "deployed") << answers_lost;
    EXPECT_EQ(value_differences(wanted, world.picture()), "") << answers_lost;
  }
}

// Past the commit point there is no way back: what is left to delete is left to the next run, and said so.
TEST(Outage, DuringDeletionsIsFinishedByTheNextRun) {
  const Picture wanted = after_second();
  World world;
  ASSERT_EQ(world.deploy_word(first()), "deployed");
  world.server.faults.on_request = [](const sim::RequestInfo& info) -> sim::Fault {
    sim::Fault fault;
    if (info.verb == "delete") {
      fault.kind = sim::Fault::Kind::kAnswer;
      fault.http_status = 503;
    }
    return fault;
  };
  const auto result = world.deploy(second(kBetter));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code->exit, ExitCode::kInterrupted) << result.error().to_string();
  EXPECT_TRUE(world.get("ConfigMap", "gone"));
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "deployed");
  EXPECT_EQ(value_differences(wanted, world.picture()), "");
}

TEST(Outage, ThatLastsLeavesTheWorkRecorded) {
  World world;
  ASSERT_EQ(world.deploy_word(first()), "deployed");
  const Picture before = world.picture();
  bool down = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    down = down || (info.verb == "apply" && !info.dry_run);
    sim::Fault fault;
    fault.kind = down ? sim::Fault::Kind::kRefuseConnection : sim::Fault::Kind::kNone;
    return fault;
  };
  const auto result = world.deploy(second(kBetter));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code->exit, ExitCode::kInterrupted) << result.error().to_string();
  EXPECT_EQ(result.error().next_step(), "kubectl instantexec recover");
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

}  // namespace
}  // namespace instantexec::engine
