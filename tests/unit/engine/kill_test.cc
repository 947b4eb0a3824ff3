#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <map>

#include "unit/engine/world.h"

// Ends the process at every request of eight kinds of work, and lets another one recover.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kBetter = "registry.example/web:2";
const std::string kMissing = "registry.example/web:does-not-exist";

model::Object stateful_set(const std::string& image) {
  model::Object out = deployment("db", image, 2);
  out.json["kind"] = "StatefulSet";
  out.json["spec"]["serviceName"] = "db";
  return out;
}

std::vector<model::Object> web(const std::string& value, const std::string& image) {
  return {config("a", value), secret("s", value), deployment("web", image), service("web")};
}

// An interrupted update, for the scenario that recovers from it.
void leave_unfinished(World& world) {
  sim::Fault die;
  die.kind = sim::Fault::Kind::kDieAfterCommit;
  world.server.faults.on_request = [die](const sim::RequestInfo& info) {
    return info.verb == "apply" && !info.dry_run && info.ref.kind == "Deployment" ? die : sim::Fault{};
  };
  EXPECT_THROW((void)world.deploy(web("2", kBetter)), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
}

struct Scenario {
  const char* name;
  std::function<void(World&)> prepare;
  std::function<Result<model::DeployReport>(World&)> work;
};

std::vector<Scenario> scenarios() {
  const auto deployed = [](const std::vector<model::Object>& objects) {
    return [objects](World& world) { ASSERT_EQ(world.deploy_word(objects), "deployed"); };
  };
  const auto deploys = [](const std::vector<model::Object>& objects) {
    return [objects](World& world) { return world.deploy(objects); };
  };
  const auto two = [](World& world) {
    ASSERT_EQ(world.deploy_word(web("1", kGood)), "deployed");
    auto next = web("2", kBetter);
    next.push_back(config("added", "1"));
    ASSERT_EQ(world.deploy_word(next), "deployed");
  };
  auto more = web("1", kGood);
  more.push_back(config("old", "1"));
  more.push_back(secret("older", "1"));
  return {
      {"Create", [](World&) {}, deploys(web("1", kGood))},
      {"Update", deployed(web("1", kGood)), deploys(web("2", kBetter))},
      {"Prune", deployed(more), deploys(web("1", kGood))},
      {"CustomResource", deployed({config("a", "1")}),
       deploys({config("a", "2"), widget_definition(), widget()})},
      {"StatefulSet", deployed({stateful_set(kGood), config("a", "1")}),
       deploys({stateful_set(kBetter), config("a", "2")})},
      {"FailingRollout", deployed(web("1", kGood)), deploys(web("2", kMissing))},
      {"Rollback", two, [](World& world) { return rollback(world.environment(), world.options, 0); }},
      {"Recover",
       [](World& world) {
         ASSERT_EQ(world.deploy_word(web("1", kGood)), "deployed");
         leave_unfinished(world);
       },
       [](World& world) { return world.recover(); }},
  };
}

// At which point of the request.
enum class Boundary { kBeforeSending, kBeforeTheAnswer, kAfterTheAnswer };

void arm(World& world, std::uint64_t k, Boundary boundary) {
  const std::uint64_t first = world.server.faults.requests;
  world.server.faults.on_request = [&world, first, k, boundary](const sim::RequestInfo& info) -> sim::Fault {
    if (info.index != first + k) return {};
    sim::Fault out;
    if (boundary == Boundary::kBeforeSending) out.kind = sim::Fault::Kind::kDie;
    if (boundary == Boundary::kBeforeTheAnswer) out.kind = sim::Fault::Kind::kDieAfterCommit;
    if (boundary == Boundary::kAfterTheAnswer) {
      world.server.timeline().at(world.server.now() + Duration{5}, [] { throw Killed(); });
    }
    return out;
  };
}

std::size_t chunks_and_heads(World& world) {
  std::size_t out = 0;
  for (const auto& snapshot : world.server.store().list("", "Secret", "default")) {
    if (snapshot->name().starts_with("instantexec.")) ++out;
  }
  return out;
}

// Identity differs between worlds.
Picture without_identity(Picture picture) {
  for (auto& [ref, json] : picture) {
    json.erase("uid");
    if (json.contains("spec") && json["spec"].is_object()) {
      json["spec"].erase("clusterIP");
      json["spec"].erase("clusterIPs");
    }
  }
  return picture;
}

struct Tally {
  std::size_t kills = 0;
  std::map<std::string, std::size_t> endings;
};

// One kill, and what a recovery makes of it.
void kill_once(const Scenario& scenario, const Picture& wanted, std::uint64_t k, Boundary boundary,
               Tally& tally) {
  World world;
  world.options.accept_irreversible = true;
  scenario.prepare(world);
  // Work that was left unfinished before counts from the state before that.
  const bool recovers = std::string(scenario.name) == "Recover";
  const Picture before = recovers ? wanted : world.picture();
  arm(world, k, boundary);
  try {
    (void)scenario.work(world);
    world.server.faults.on_request = nullptr;
    world.server.run_for(Duration{10});
    return;
  } catch (const Killed&) {
    ++tally.kills;
  }
  world.server.faults.on_request = nullptr;
  world.restart();
  const std::string at = std::string(scenario.name) + " killed at request " + std::to_string(k);
  const auto result = world.recover();
  ASSERT_TRUE(result) << at << ": " << result.error().to_string();
  ++tally.endings[word(result)];
  const bool is_new = differences(without_identity(wanted), without_identity(world.picture())).empty();
  const bool is_old = recovers ? is_new : differences(before, world.picture()).empty();
  EXPECT_TRUE(is_old || is_new) << at << ", " << word(result) << "\n" << differences(before, world.picture());
  EXPECT_TRUE(word(result) != "rolled_back" || is_old) << at << "\n" << differences(before, world.picture());
  EXPECT_EQ(word(world.recover()), "nothing_to_do") << at;
  // With nothing to do it leaves a dead run's lock to run out, and its chunks to whoever takes the lock over.
  if (word(result) == "nothing_to_do") return;
  EXPECT_EQ(release_status(world.environment(), world.options)->lock_holder, "") << at;
  const std::size_t revisions = history(world.environment(), world.options)->size();
  EXPECT_LE(chunks_and_heads(world), revisions + 1) << at << ": chunks that nothing names are left";
}

class KillHarness : public ::testing::TestWithParam<std::size_t> {};

TEST_P(KillHarness, ARecoveryBringsTheOldOrTheNew) {
  const Scenario scenario = scenarios()[GetParam()];
  World undisturbed;
  undisturbed.options.accept_irreversible = true;
  scenario.prepare(undisturbed);
  const std::uint64_t before = undisturbed.server.faults.requests;
  ASSERT_TRUE(scenario.work(undisturbed));
  const std::uint64_t requests = undisturbed.server.faults.requests - before;
  const Picture wanted = undisturbed.picture();
  Tally tally;
  std::uint64_t shift = 0;
  for (const Boundary boundary :
       {Boundary::kBeforeSending, Boundary::kBeforeTheAnswer, Boundary::kAfterTheAnswer}) {
    for (const std::uint64_t k : moments(requests, 4, shift += 2))
      kill_once(scenario, wanted, k, boundary, tally);
  }
  std::cout << scenario.name << ": " << requests << " requests, " << tally.kills << " kills";
  for (const auto& [ending, count] : tally.endings) std::cout << ", " << count << " " << ending;
  std::cout << "\n";
  EXPECT_GT(tally.kills, nightly() ? requests * 2 : 6U);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, KillHarness, ::testing::Range<std::size_t>(0, 8),
                         [](const auto& index) { return std::string(scenarios()[index.param].name); });

}  // namespace
}  // namespace instantexec::engine
