#include "engine/lock_keeper.h"

#include <gtest/gtest.h>

#include <stdexcept>

// The upkeep of a lock, request by request and millisecond by millisecond.
namespace instantexec::engine {
namespace {

class Wire final : public Cluster {
 public:
  Result<ClusterInfo> info() override { return ClusterInfo{}; }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool /*refresh*/) override { return nullptr; }
  RequestId submit(Request request) override {
    sent.push_back(std::move(request));
    return sent.size();
  }
  WatchId watch(WatchRequest /*request*/) override { return 0; }
  void cancel_watch(WatchId /*id*/) override {}
  ClusterEvent wait(Instant /*deadline*/) override { throw std::logic_error("a keeper does not wait"); }
  [[nodiscard]] std::size_t capacity() const override { return 1; }

  std::vector<Request> sent;
};

class StillClock final : public Clock {
 public:
  Instant now() override { throw std::logic_error("a keeper is told the time"); }
  Timestamp wall() override { return Timestamp{Duration{1'767'225'600'000}}; }
};

model::Object lease(const std::string& holder = "me", const std::string& version = "1",
                    const std::string& uid = "u", int epoch = 4) {
  return {model::Json{
      {"apiVersion", "coordination.k8s.io/v1"},
      {"kind", "Lease"},
      {"metadata",
       {{"name", "instantexec-web"}, {"namespace", "demo"}, {"uid", uid}, {"resourceVersion", version}}},
      {"spec", {{"holderIdentity", holder}, {"leaseTransitions", epoch}, {"renewTime", "then"}}}}};
}

// When the lock was taken, and when its first renewal is due.
constexpr Instant kTaken{Duration{1000}};
constexpr Instant kDue{kTaken.since_start + kRenewEvery};

// So long after that.
Instant at(std::int64_t milliseconds) {
  return kDue + Duration{milliseconds};
}

Response answer(RequestId id, Outcome outcome, int status, model::Object object = {}) {
  Response out;
  out.id = id;
  out.outcome = outcome;
  out.http_status = status;
  out.object = std::move(object);
  return out;
}
Response stored(RequestId id, model::Object object) {
  return answer(id, Outcome::kCommitted, 200, std::move(object));
}

struct Fixture {
  Wire wire;
  StillClock clock;
  LockKeeper keeper{lease(), "me", clock, kTaken};

  [[nodiscard]] bool last_is_read() const { return std::holds_alternative<GetRequest>(wire.sent.back()); }
  // Up to the point where the outcome of a renewal is not known: it is read at once, as request 2.
  void lose_sight() {
    keeper.work(wire, at(0));
    keeper.answered(answer(1, Outcome::kUnknown, 0), at(0));
    keeper.work(wire, at(0));
  }
};

TEST(LockKeeper, RenewsInTimeCountedFromWhenItSent) {
  Fixture f;
  EXPECT_EQ(f.keeper.next_due(kTaken), at(0));
  f.keeper.work(f.wire, at(-1));
  EXPECT_TRUE(f.wire.sent.empty());
  EXPECT_EQ(f.keeper.next_due(at(200)), at(200)) << "never in the past";
  f.keeper.work(f.wire, at(0));
  ASSERT_EQ(f.wire.sent.size(), 1U);
  const auto& renewal = std::get<ReplaceRequest>(f.wire.sent[0]);
  EXPECT_EQ(model::get_string(renewal.body.json, "/spec/renewTime"), "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(renewal.body.resource_version(), "1");
  EXPECT_EQ(renewal.field_manager, "");
  EXPECT_FALSE(renewal.dry_run);
  // One at a time; an answer is waited for three seconds.
  f.keeper.work(f.wire, at(500));
  EXPECT_EQ(f.wire.sent.size(), 1U);
  EXPECT_EQ(f.keeper.next_due(at(500)), at(3000));
  EXPECT_EQ(f.keeper.next_due(at(4000)), at(4000)) << "never in the past";
  EXPECT_EQ(f.keeper.renewed(), kTaken) << "not before it is stored";
  EXPECT_TRUE(f.keeper.answered(stored(1, lease("me", "2")), at(1000)));
  EXPECT_EQ(f.keeper.renewed(), at(0));
  EXPECT_EQ(f.keeper.lease().resource_version(), "2");
  EXPECT_EQ(f.keeper.next_due(at(1000)), kDue + kRenewEvery);
  f.keeper.work(f.wire, kDue + (kRenewEvery - Duration{1}));
  EXPECT_EQ(f.wire.sent.size(), 1U);
  f.keeper.work(f.wire, kDue + kRenewEvery);
  EXPECT_EQ(std::get<ReplaceRequest>(f.wire.sent.at(1)).body.resource_version(), "2");
  EXPECT_FALSE(f.keeper.lost());
}

TEST(LockKeeper, IsSafeUntilItHasToGiveUp) {
  Fixture f;
  EXPECT_TRUE(f.keeper.safe(kTaken));
  EXPECT_TRUE(f.keeper.safe(kTaken + (kGiveUpAfter - Duration{1})));
  EXPECT_FALSE(f.keeper.safe(kTaken + kGiveUpAfter));
  EXPECT_FALSE(f.keeper.lost()) << "it may become safe again";
  f.keeper.work(f.wire, at(14'000));
  f.keeper.answered(stored(1, lease("me", "2")), at(15'000));
  EXPECT_TRUE(f.keeper.safe(at(14'000) + (kGiveUpAfter - Duration{1})));
  EXPECT_FALSE(f.keeper.safe(at(14'000) + kGiveUpAfter));
}

TEST(LockKeeper, TakesOnlyItsOwnAnswers) {
  Fixture f;
  EXPECT_FALSE(f.keeper.answered(stored(1, lease()), kTaken)) << "nothing was asked";
  f.keeper.work(f.wire, at(0));
  EXPECT_FALSE(f.keeper.answered(stored(7, lease("x")), at(1)));
  EXPECT_EQ(f.keeper.next_due(at(1)), at(3000)) << "the renewal is still under way";
  EXPECT_TRUE(f.keeper.answered(stored(1, lease()), at(2)));
  EXPECT_FALSE(f.keeper.answered(stored(1, lease()), at(3)));
}

TEST(LockKeeper, TriesAgainWhatWasNotDone) {
  struct Row {
    const char* name;
    Response response;
  };
  const std::vector<Row> rows = {{"not sent", answer(1, Outcome::kNotSent, 0)},
                                 {"too many requests", answer(1, Outcome::kRejected, 429)}};
  for (const Row& row : rows) {
    Fixture f;
    f.keeper.work(f.wire, at(0));
    EXPECT_TRUE(f.keeper.answered(row.response, at(400))) << row.name;
    EXPECT_EQ(f.keeper.next_due(at(400)), at(2400)) << row.name;
    f.keeper.work(f.wire, at(2399));
    EXPECT_EQ(f.wire.sent.size(), 1U) << row.name;
    f.keeper.work(f.wire, at(2400));
    ASSERT_EQ(f.wire.sent.size(), 2U) << row.name;
    EXPECT_FALSE(f.last_is_read()) << row.name;
    EXPECT_EQ(f.keeper.renewed(), kTaken) << row.name;
  }
}

TEST(LockKeeper, LooksWhereTheOutcomeIsNotKnown) {
  for (const auto& [outcome, status] : {std::pair(Outcome::kUnknown, 0),
                                        {Outcome::kUnknown, 500},
                                        {Outcome::kRejected, 409},
                                        {Outcome::kRejected, 403}}) {
    Fixture f;
    f.keeper.work(f.wire, at(0));
    EXPECT_TRUE(f.keeper.answered(answer(1, outcome, status), at(100)));
    EXPECT_EQ(f.keeper.next_due(at(100)), at(100)) << status;
    f.keeper.work(f.wire, at(100));
    ASSERT_EQ(f.wire.sent.size(), 2U) << status;
    const auto* look = std::get_if<GetRequest>(&f.wire.sent[1]);
    ASSERT_NE(look, nullptr) << status;
    EXPECT_EQ(look->gvk, lease_gvk());
    EXPECT_EQ(look->ns, "demo");
    EXPECT_EQ(look->name, "instantexec-web");
    EXPECT_FALSE(f.keeper.lost()) << status;
  }
}

TEST(LockKeeper, GoesOnWhenTheLeaseStillIsItsOwn) {
  Fixture f;
  f.lose_sight();
  ASSERT_TRUE(f.last_is_read());
  EXPECT_TRUE(f.keeper.answered(stored(2, lease("me", "9")), at(300)));
  EXPECT_FALSE(f.keeper.lost());
  EXPECT_EQ(f.keeper.lease().resource_version(), "9");
  EXPECT_EQ(f.keeper.renewed(), kTaken) << "reading renews nothing";
  EXPECT_EQ(f.keeper.next_due(at(300)), at(300)) << "and so the renewal follows at once";
  f.keeper.work(f.wire, at(300));
  EXPECT_EQ(std::get<ReplaceRequest>(f.wire.sent.at(2)).body.resource_version(), "9");
}

// A refusal that nothing explains will be repeated; asking at once would go on as fast as the server answers.
TEST(LockKeeper, WaitsAfterARefusalThatNothingExplains) {
  Fixture f;
  f.keeper.work(f.wire, at(0));
  f.keeper.answered(answer(1, Outcome::kRejected, 403), at(100));
  f.keeper.work(f.wire, at(100));
  ASSERT_TRUE(f.last_is_read());
  EXPECT_TRUE(f.keeper.answered(stored(2, lease("me", "1")), at(200)));
  EXPECT_EQ(f.keeper.next_due(at(200)), at(2000));
  f.keeper.work(f.wire, at(1999));
  EXPECT_EQ(f.wire.sent.size(), 2U);
  f.keeper.work(f.wire, at(2000));
  ASSERT_EQ(f.wire.sent.size(), 3U);
  EXPECT_FALSE(f.last_is_read());
}

TEST(LockKeeper, IsLostToAnotherHolderEpochOrObject) {
  struct Row {
    const char* name;
    Response response;
  };
  const std::vector<Row> rows = {
      {"another holder", stored(2, lease("you", "9"))},
      {"nobody", stored(2, lease("", "9"))},
      {"created anew", stored(2, lease("me", "9", "u2"))},
      {"taken and given back meanwhile", stored(2, lease("me", "9", "u", 5))},
      {"gone", answer(2, Outcome::kRejected, 404)},
  };
  for (const Row& row : rows) {
    Fixture f;
    f.lose_sight();
    EXPECT_TRUE(f.keeper.answered(row.response, at(300))) << row.name;
    EXPECT_TRUE(f.keeper.lost()) << row.name;
    EXPECT_FALSE(f.keeper.safe(at(300))) << row.name;
    EXPECT_EQ(f.keeper.lease().resource_version(), "1") << row.name;
    EXPECT_EQ(f.keeper.next_due(at(300)), Instant{Duration::max()}) << row.name;
    f.keeper.work(f.wire, at(88'000));
    EXPECT_EQ(f.wire.sent.size(), 2U) << row.name << ": nothing is sent any more";
  }
}

TEST(LockKeeper, LooksAgainWhenTheLookFails) {
  Fixture f;
  f.lose_sight();
  EXPECT_TRUE(f.keeper.answered(answer(2, Outcome::kUnknown, 503), at(300)));
  EXPECT_FALSE(f.keeper.lost());
  EXPECT_EQ(f.keeper.next_due(at(300)), at(2300));
  f.keeper.work(f.wire, at(2300));
  ASSERT_EQ(f.wire.sent.size(), 3U);
  EXPECT_TRUE(f.last_is_read());
}

TEST(LockKeeper, GivesUpWaitingForAnAnswerAfterThreeSeconds) {
  Fixture f;
  f.keeper.work(f.wire, at(0));
  f.keeper.work(f.wire, at(2999));
  EXPECT_EQ(f.wire.sent.size(), 1U);
  f.keeper.work(f.wire, at(3000));
  ASSERT_EQ(f.wire.sent.size(), 2U);
  EXPECT_TRUE(f.last_is_read());
  // The answer that comes too late belongs to the keeper and says nothing.
  EXPECT_TRUE(f.keeper.answered(stored(1, lease("me", "77")), at(3500)));
  EXPECT_EQ(f.keeper.lease().resource_version(), "1");
  EXPECT_EQ(f.keeper.renewed(), kTaken);
  EXPECT_FALSE(f.keeper.answered(stored(1, lease()), at(3600))) << "once";
  EXPECT_TRUE(f.keeper.answered(stored(2, lease("me", "77")), at(3700)));
  EXPECT_EQ(f.keeper.lease().resource_version(), "77");
}

TEST(LockKeeper, ReadsLeases) {
  EXPECT_EQ(lease_holder(lease("me")), "me");
  EXPECT_EQ(lease_holder({}), "");
  EXPECT_EQ(lease_epoch(lease()), 4U);
  EXPECT_EQ(lease_epoch({}), 0U);
  EXPECT_EQ((Fixture{}).keeper.epoch(), 4U);
  EXPECT_EQ(lease_gvk(), (model::Gvk{"coordination.k8s.io", "v1", "Lease"}));
}

// Refusals are counted until a renewal succeeds; answers that say nothing of the request are none.
TEST(LockKeeper, CountsRefusalsInARow) {
  Fixture f;
  int now = 0;
  const auto renew = [&](Outcome outcome, int status, bool passing = false) {
    f.keeper.work(f.wire, at(now));
    auto response = answer(f.wire.sent.size(), outcome, status, lease());
    response.passing = passing;
    if (!response.ok()) response.error = make_error(errors::kInternal, std::to_string(status));
    EXPECT_TRUE(f.keeper.answered(response, at(now)));
    f.keeper.work(f.wire, at(now));
    if (f.last_is_read()) {
      EXPECT_TRUE(f.keeper.answered(stored(f.wire.sent.size(), lease()), at(now)));
    }
    now += 4'000;
  };
  EXPECT_EQ(f.keeper.refusals(), 0);
  renew(Outcome::kRejected, 422);
  EXPECT_EQ(f.keeper.refusals(), 1);
  renew(Outcome::kRejected, 403);
  EXPECT_EQ(f.keeper.refusals(), 2);
  EXPECT_EQ(f.keeper.refusal()->message, "403");
  renew(Outcome::kRejected, 500, true);
  EXPECT_EQ(f.keeper.refusals(), 3) << "a webhook";
  renew(Outcome::kUnknown, 500);
  renew(Outcome::kRejected, 409);
  renew(Outcome::kRejected, 429);
  EXPECT_EQ(f.keeper.refusals(), 3);
  EXPECT_FALSE(f.keeper.lost());
  renew(Outcome::kCommitted, 200);
  EXPECT_EQ(f.keeper.refusals(), 0);
  EXPECT_FALSE(f.keeper.refusal());
}

}  // namespace
}  // namespace instantexec::engine
