#include <gtest/gtest.h>

#include "engine/lock.h"
#include "engine/session.h"
#include "unit/engine/scripted.h"
#include "unit/engine/world.h"

// Taking the lock of a release and giving it back, without a release around it.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const LockWish kWish{"web", "default", Duration{60'000}};

model::Object stored_lease(const World& world) {
  const auto lease = world.get("Lease", "instantexec-web", "coordination.k8s.io");
  return lease ? *lease : model::Object{};
}

// A Lease that `holder` took and does not renew.
model::Object put_lease(World& world, const std::string& holder, const model::Json& duration = 30) {
  model::Object lease;
  lease.json = {
      {"apiVersion", "coordination.k8s.io/v1"},
      {"kind", "Lease"},
      {"metadata", {{"name", "instantexec-web"}, {"namespace", "default"}}},
      {"spec",
       {{"holderIdentity", holder}, {"leaseTransitions", 7}, {"renewTime", "2026-01-01T00:00:00.000000Z"}}}};
  if (!duration.is_null()) lease.json["spec"]["leaseDurationSeconds"] = duration;
  EXPECT_TRUE(world.server.act(CreateRequest{lease, "someone", false}).ok());
  return stored_lease(world);
}

std::size_t asked(const World& world, const std::string& verb) {
  std::size_t out = 0;
  for (const sim::AuditEntry& entry : world.server.audit()) {
    if (entry.ref.kind == "Lease" && entry.verb == verb) ++out;
  }
  return out;
}

std::string code_of(const Result<LockTaken>& taken) {
  return taken ? "taken" : std::string(taken.error().code->name);
}

// Every request for the Lease with that verb is answered so; counts them.
std::shared_ptr<std::size_t> answer_leases(World& world, const std::string& verb, sim::Fault fault,
                                           std::size_t times = 1'000'000) {
  auto count = std::make_shared<std::size_t>(0);
  world.server.faults.on_request = [verb, fault, times, count](const sim::RequestInfo& info) {
    if (info.ref.kind != "Lease" || info.verb != verb || ++*count > times) return sim::Fault{};
    return fault;
  };
  return count;
}
sim::Fault status(int code) {
  sim::Fault out;
  out.kind = sim::Fault::Kind::kAnswer;
  out.http_status = code;
  return out;
}

TEST(Acquire, AFreeLockIsTakenWithTheNextEpoch) {
  World world;
  Session session(world.environment());
  const auto taken = acquire_lock(session, kWish, std::nullopt);
  ASSERT_TRUE(taken) << taken.error().to_string();
  EXPECT_FALSE(taken->as_known);
  EXPECT_FALSE(taken->from_the_dead);
  const model::Object lease = stored_lease(world);
  EXPECT_EQ(lease_holder(lease), session.holder());
  EXPECT_EQ(lease_epoch(lease), 1U);
  EXPECT_EQ(model::get_int(lease.json, "/spec/leaseDurationSeconds"), 30);
  EXPECT_EQ(model::get_string(lease.json, "/spec/acquireTime"),
            model::get_string(lease.json, "/spec/renewTime"));
  EXPECT_EQ(lease.labels().at("instantexec.dev/release"), "web");
  EXPECT_EQ(lease.ns(), "default");
  EXPECT_TRUE(session.may_write());
  ASSERT_NE(session.keeper(), nullptr);
  EXPECT_EQ(session.keeper()->lease(), lease);
  EXPECT_EQ(world.sink.phases(), std::vector<std::string>{"locking"});
}

TEST(Acquire, WhatIsKnownOfTheLeaseSavesTheLook) {
  struct Row {
    const char* name;
    const char* holder;  // null: there is no Lease
    bool from_the_dead;
  };
  for (const Row& row :
       {Row{"none", nullptr, false}, {"given back", "", false}, {"of this very process", "me", true}}) {
    World world;
    Environment environment = world.environment();
    environment.holder = "me";
    const model::Object known = row.holder == nullptr ? model::Object{} : put_lease(world, row.holder);
    Session session(environment);
    const auto begin = world.server.now();
    const auto taken = acquire_lock(session, kWish, known);
    ASSERT_TRUE(taken) << row.name;
    EXPECT_TRUE(taken->as_known) << row.name;
    EXPECT_EQ(taken->from_the_dead, row.from_the_dead) << row.name;
    EXPECT_EQ(asked(world, "get"), 0U) << row.name;
    EXPECT_EQ(lease_epoch(stored_lease(world)), row.holder == nullptr ? 1U : 8U) << row.name;
    EXPECT_LT((world.server.now() - begin).count(), 1000) << row.name;
  }
}

TEST(Acquire, WhatWasKnownAndIsStaleIsReadAgain) {
  World world;
  const model::Object known = put_lease(world, "");
  model::Object newer = known;
  newer.json["spec"]["leaseTransitions"] = 8;
  ASSERT_TRUE(world.server.act(ReplaceRequest{newer, "someone", false}).ok());
  Session session(world.environment());
  const auto taken = acquire_lock(session, kWish, known);
  ASSERT_TRUE(taken) << taken.error().to_string();
  EXPECT_FALSE(taken->as_known) << "somebody worked in between";
  EXPECT_EQ(lease_epoch(stored_lease(world)), 9U);
}

TEST(Acquire, ADeadHolderIsWatchedForTheLengthItSaid) {
  struct Row {
    const char* name;
    model::Json seconds;
    std::int64_t least;
    std::int64_t most;
  };
  const std::vector<Row> rows = {
      {"its length", 12, 12'000, 16'000},
      {"none said", nullptr, 30'000, 34'000},
      {"a second", 1, 1000, 4000},
      {"a day counts as an hour", 86'400, 3'600'000, 3'604'000},
  };
  for (const Row& row : rows) {
    World world;
    put_lease(world, "a dead one", row.seconds);
    Session session(world.environment());
    const auto begin = world.server.now();
    const auto taken = acquire_lock(session, {"web", "default", std::chrono::hours(2)}, std::nullopt);
    ASSERT_TRUE(taken) << row.name;
    EXPECT_TRUE(taken->from_the_dead) << row.name;
    const auto waited = (world.server.now() - begin).count();
    EXPECT_GE(waited, row.least) << row.name;
    EXPECT_LE(waited, row.most) << row.name;
    EXPECT_EQ(world.sink.texts(), "waiting for the lock held by a dead one\n") << row.name << ": said once";
  }
}

TEST(Acquire, ARenewalBeginsTheWaitAnew) {
  World world;
  put_lease(world, "a slow one", 10);
  world.server.timeline().at(world.server.now() + Duration{9000}, [&] {
    model::Object lease = stored_lease(world);
    lease.json["spec"]["renewTime"] = "2026-01-01T00:00:09.000000Z";
    ASSERT_TRUE(world.server.act(ReplaceRequest{lease, "x", false}).ok());
  });
  Session session(world.environment());
  const auto begin = world.server.now();
  ASSERT_TRUE(acquire_lock(session, kWish, std::nullopt));
  EXPECT_GE((world.server.now() - begin).count(), 19'000);
}

TEST(Acquire, GivesUpAtItsTimeAndNamesTheHolder) {
  for (const std::int64_t limit : {0, 5000}) {
    World world;
    put_lease(world, "the \x1b[31mother one");
    Session session(world.environment());
    const auto begin = world.server.now();
    const auto taken = acquire_lock(session, {"web", "default", Duration{limit}}, std::nullopt);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code->name, "release.locked");
    EXPECT_NE(taken.error().message.find("web is locked by the \\x1b[31mother one"), std::string::npos)
        << taken.error().message;
    EXPECT_NE(taken.error().message.find("2026-01-01T00:00:00.000000Z"), std::string::npos);
    const auto waited = (world.server.now() - begin).count();
    EXPECT_GE(waited, limit);
    EXPECT_LE(waited, limit + 100) << "the last wait ends with the time";
    EXPECT_EQ(session.keeper(), nullptr);
    EXPECT_EQ(world.sink.texts().empty(), limit == 0) << "nothing is said to be waited for without a wait";
  }
}

TEST(Acquire, AnInterruptionEndsTheWait) {
  World world;
  put_lease(world, "the other one");
  world.client().interrupt(2, Duration{3000});
  Session session(world.environment());
  const auto begin = world.server.now();
  EXPECT_EQ(code_of(acquire_lock(session, kWish, std::nullopt)), "interrupted");
  EXPECT_LE((world.server.now() - begin).count(), 3100);
  EXPECT_EQ(lease_holder(stored_lease(world)), "the other one");
}

TEST(Acquire, AnInterruptionWhileTheLockIsLookedAtEndsIt) {
  World world;
  sim::Fault signal;
  signal.kind = sim::Fault::Kind::kInterrupt;
  const auto looks = answer_leases(world, "get", signal);
  Session session(world.environment());
  EXPECT_EQ(code_of(acquire_lock(session, kWish, std::nullopt)), "interrupted");
  EXPECT_EQ(*looks, 1U);
  EXPECT_EQ(asked(world, "create"), 0U) << "it was free, and is not wanted any more";
}

TEST(Acquire, RefusalsEndItAndSayWhat) {
  for (const char* verb : {"get", "create"}) {
    World world;
    const auto count = answer_leases(world, verb, status(403));
    Session session(world.environment());
    const auto taken = acquire_lock(session, kWish, std::nullopt);
    ASSERT_FALSE(taken) << verb;
    EXPECT_NE(taken.error().to_string().find("locking release web"), std::string::npos)
        << taken.error().to_string();
    EXPECT_EQ(*count, 1U) << verb << ": a refusal is not asked for twice";
    EXPECT_EQ(session.keeper(), nullptr);
  }
}

// No adapter gives such an answer; the lock is not taken because of one.
TEST(Acquire, ARejectionWithoutAReasonIsOneToo) {
  for (const bool when_reading : {true, false}) {
    Scripted server;
    server.answer = [&](const Request& request) {
      return reply(std::holds_alternative<GetRequest>(request) != when_reading ? 404 : 418);
    };
    RecordingSink sink;
    Session session(Environment{server, server, sink, "me"});
    const auto taken = acquire_lock(session, kWish, std::nullopt);
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().to_string().find(when_reading ? "was not read" : "was not taken"),
              std::string::npos)
        << taken.error().to_string();
    EXPECT_EQ(session.keeper(), nullptr);
  }
}

TEST(Acquire, ALostAnswerIsSettledByLooking) {
  World world;
  sim::Fault lost;
  lost.kind = sim::Fault::Kind::kDropAnswer;
  const auto count = answer_leases(world, "create", lost, 1);
  Session session(world.environment());
  const auto taken = acquire_lock(session, kWish, model::Object{});
  ASSERT_TRUE(taken) << taken.error().to_string();
  EXPECT_FALSE(taken->as_known);
  EXPECT_EQ(lease_holder(stored_lease(world)), session.holder());
  EXPECT_EQ(*count, 1U);
  EXPECT_EQ(lease_epoch(stored_lease(world)), 2U) << "its own, taken again";
}

TEST(Acquire, AServerThatFailsIsAskedOnlySoOften) {
  for (const int code : {500, 429}) {
    World world;
    const auto count = answer_leases(world, "create", status(code));
    Session session(world.environment());
    const auto begin = world.server.now();
    const auto taken = acquire_lock(session, kWish, std::nullopt);
    ASSERT_FALSE(taken) << code;
    EXPECT_NE(taken.error().to_string().find("locking release web"), std::string::npos);
    EXPECT_EQ(*count, static_cast<std::size_t>(kMaxRepetitions) + 1) << code;
    EXPECT_GE((world.server.now() - begin).count(), 20'000) << "and more and more seldom";
  }
}

TEST(Acquire, LostRacesAreTriedAgainAtOnceAndThenSlowly) {
  struct Row {
    std::size_t races;
    bool won;
    std::int64_t least;
    std::int64_t most;
  };
  // So many at once, from then on one in two seconds.
  constexpr auto kNoWait = static_cast<std::size_t>(kMaxRepetitions);
  for (const Row& row : {Row{3, true, 0, 500},
                         {kNoWait, true, 0, 500},
                         {kNoWait + 1, true, 2000, 2500},
                         {kNoWait + 3, true, 6000, 6500},
                         {1000, false, 60'000, 60'500}}) {
    World world;
    const auto count = answer_leases(world, "create", status(409), row.races);
    Session session(world.environment());
    const auto begin = world.server.now();
    EXPECT_EQ(acquire_lock(session, kWish, std::nullopt).has_value(), row.won) << row.races;
    const auto waited = (world.server.now() - begin).count();
    EXPECT_GE(waited, row.least) << row.races;
    EXPECT_LE(waited, row.most) << row.races;
    EXPECT_LE(*count, row.won ? row.races + 1 : static_cast<std::size_t>(kMaxRepetitions) + 32) << row.races;
  }
}

TEST(Acquire, GivingItBackKeepsTheEpoch) {
  World world;
  Session session(world.environment());
  ASSERT_TRUE(acquire_lock(session, kWish, std::nullopt));
  release_lock(session);
  EXPECT_EQ(lease_holder(stored_lease(world)), "");
  EXPECT_EQ(lease_epoch(stored_lease(world)), 1U);
  EXPECT_EQ(session.keeper(), nullptr);
  release_lock(session);
  EXPECT_EQ(asked(world, "replace"), 1U) << "there is nothing to give back any more";
}

TEST(Acquire, WhoWantsToStopGivesItBackWithoutMuchWaiting) {
  for (const bool interrupted : {false, true}) {
    World world;
    Session session(world.environment());
    ASSERT_TRUE(acquire_lock(session, kWish, std::nullopt));
    if (interrupted) world.client().interrupt(2);
    session.pause(Duration{1});
    ASSERT_EQ(session.interrupted(), interrupted);
    sim::Fault slow;
    slow.kind = sim::Fault::Kind::kSlowAnswer;
    slow.delay = Duration{60'000};
    answer_leases(world, "replace", slow);
    const auto begin = world.server.now();
    release_lock(session);
    EXPECT_EQ((world.server.now() - begin).count(), interrupted ? 1500 : 10'000);
    EXPECT_EQ(lease_holder(stored_lease(world)), "") << "it is stored, though nobody was told";
  }
}

TEST(Acquire, WhoIsNotSureToHoldItDoesNotGiveItBack) {
  World world;
  Session session(world.environment());
  ASSERT_TRUE(acquire_lock(session, kWish, std::nullopt));
  world.server.run_for(kGiveUpAfter);
  release_lock(session);
  EXPECT_EQ(asked(world, "replace"), 0U);
  EXPECT_NE(lease_holder(stored_lease(world)), "");
  EXPECT_EQ(session.keeper(), nullptr);
}

}  // namespace
}  // namespace instantexec::engine
