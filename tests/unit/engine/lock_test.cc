#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kBetter = "registry.example/web:2";

std::vector<model::Object> first() {
  return {config("a", "1"), deployment("web", kGood)};
}

std::vector<model::Object> second(const std::string& image) {
  return {config("a", "2"), deployment("web", image)};
}

TEST(Lock, TwoClientsNeverWriteTogether) {
  // The second one starts while the first one waits for its rollout; it has to wait, and then plan again.
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  sim::ClientOptions other_options;
  other_options.name = "other";
  sim::SimCluster other(world.server, other_options);
  RecordingSink sink;
  // The other process is played from within the first one's request: it finds the lock taken.
  std::string outcome;
  bool started = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (started || info.verb != "apply" || info.dry_run) return {};
    started = true;
    ReleaseOptions impatient = world.options;
    impatient.lock_timeout = Duration{0};
    outcome = word(engine::deploy({other, other, sink, "other"}, impatient, manifests({config("c", "3")})));
    return {};
  };
  EXPECT_EQ(world.deploy_word({config("c", "2")}), "deployed");
  // Its lock was respected, or it found work of the first one that it must not touch.
  EXPECT_EQ(outcome, "error: release.locked");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "2");
}

TEST(Lock, AnotherHolderIsNamed) {
  World world;
  ASSERT_EQ(world.deploy_word(first()), "deployed");
  // A holder that keeps renewing.
  const auto renew = [&](auto&& self) -> void {
    model::Object lease = *world.get("Lease", "instantexec-web", "coordination.k8s.io");
    lease.json["spec"]["holderIdentity"] = "someone else";
    lease.json["spec"]["renewTime"] = format_rfc3339_micro(world.server.wall());
    (void)world.server.act(ReplaceRequest{lease, "someone", false});
    world.server.timeline().at(world.server.now() + Duration{5000}, [&, self] { self(self); });
  };
  renew(renew);
  world.options.lock_timeout = Duration{60'000};
  const auto result = world.deploy(second(kBetter));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code->name, "release.locked");
  EXPECT_EQ(result.error().code->exit, ExitCode::kLocked);
  EXPECT_NE(result.error().message.find("someone else"), std::string::npos);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "1");
}

TEST(Lock, ADeadHolderIsReplacedAfterItsTimeOnly) {
  World world;
  ASSERT_EQ(world.deploy_word(first()), "deployed");
  model::Object lease = *world.get("Lease", "instantexec-web", "coordination.k8s.io");
  lease.json["spec"]["holderIdentity"] = "a dead one";
  // Its clock was an hour ahead, which must not matter.
  lease.json["spec"]["renewTime"] = format_rfc3339_micro(world.server.wall() + Duration{3'600'000});
  ASSERT_TRUE(world.server.act(ReplaceRequest{lease, "x", false}).ok());
  const auto epoch = model::get_int(lease.json, "/spec/leaseTransitions");
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word(second(kBetter)), "deployed");
  EXPECT_GE((world.server.now() - started).count(), 30'000);
  EXPECT_EQ(model::get_int(world.get("Lease", "instantexec-web", "coordination.k8s.io")->json,
                           "/spec/leaseTransitions"),
            epoch + 1);
}

// A server that never lets anybody win, whatever its reason, is not asked faster than it answers.
TEST(Lock, RacesLostForEverEndInTimeAndWithFewRequests) {
  World world;
  world.options.lock_timeout = Duration{20'000};
  std::uint64_t asked = 0;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    sim::Fault fault;
    if (info.ref.kind == "Lease" && info.verb != "get") {
      ++asked;
      fault.kind = sim::Fault::Kind::kAnswer;
      fault.http_status = 409;
    }
    return fault;
  };
  const auto result = world.deploy(first());
  ASSERT_FALSE(result);
  EXPECT_LE(asked, 30U);
}

TEST(Lock, IsRenewedWhileARolloutTakesLong) {
  World world;
  world.options.timeout = std::chrono::minutes(2);
  world.options.rollback_on_failure = false;
  std::set<std::string> renewals;
  world.server.store().listen([&](const sim::Change& change) {
    if (change.after && change.after->kind() == "Lease") {
      renewals.insert(model::get_string(change.after->json, "/spec/renewTime"));
    }
  });
  EXPECT_EQ(world.deploy_word({never_ready("lb")}), "failed_kept");
  EXPECT_GE(renewals.size(), 10U);
}

TEST(Lock, WhoLosesItStopsWriting) {
  World world;
  ASSERT_EQ(world.deploy_word(first()), "deployed");
  // Somebody takes the lock over while the rollout is watched.
  bool taken = false;
  world.server.store().listen([&](const sim::Change& change) {
    if (taken || !change.after || change.after->name() != "a") return;
    taken = true;
    world.server.timeline().at(world.server.now() + Duration{50}, [&] {
      model::Object lease = *world.get("Lease", "instantexec-web", "coordination.k8s.io");
      lease.json["spec"]["holderIdentity"] = "the next one";
      lease.json["spec"]["leaseTransitions"] = model::get_int(lease.json, "/spec/leaseTransitions") + 1;
      ASSERT_TRUE(world.server.act(ReplaceRequest{lease, "x", false}).ok());
    });
  });
  auto objects = second(kGood);
  objects.push_back(never_ready("lb"));
  const auto result = world.deploy(objects);
  EXPECT_EQ(word(result), "error: release.lock-lost");
  const auto writes = world.server.writes();
  // Nothing but reads after the lease told so.
  EXPECT_EQ(model::get_string(world.get("Lease", "instantexec-web", "coordination.k8s.io")->json,
                              "/spec/holderIdentity"),
            "the next one");
}

// Lets several clients of one simulated cluster take turns, a few milliseconds of virtual time each. Each
// lives in a thread of its own, because an operation is one call; only the one whose turn it is runs.
class Turns {
 public:
  explicit Turns(std::size_t clients) : here_(clients, true) {}

  void begin(std::size_t client) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return turn_ == client; });
  }
  void pass(std::size_t client) {
    std::unique_lock lock(mutex_);
    next();
    changed_.wait(lock, [&] { return turn_ == client; });
  }
  void end(std::size_t client) {
    const std::unique_lock lock(mutex_);
    here_[client] = false;
    next();
  }

 private:
  void next() {
    for (std::size_t i = 1; i <= here_.size(); ++i) {
      const std::size_t candidate = (turn_ + i) % here_.size();
      if (!here_[candidate]) continue;
      turn_ = candidate;
      break;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> here_;
  std::size_t turn_ = 0;
};

class TakingTurns final : public Cluster {
 public:
  TakingTurns(sim::SimCluster& inner, Turns& turns, std::size_t number)
      : inner_(inner), turns_(turns), number_(number) {}

  Result<ClusterInfo> info() override { return inner_.info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return inner_.catalog(refresh);
  }
  RequestId submit(Request request) override { return inner_.submit(std::move(request)); }
  WatchId watch(WatchRequest request) override { return inner_.watch(std::move(request)); }
  void cancel_watch(WatchId id) override { inner_.cancel_watch(id); }
  [[nodiscard]] std::size_t capacity() const override { return inner_.capacity(); }
  ClusterEvent wait(Instant deadline) override {
    while (true) {
      const Instant until = std::min(deadline, inner_.now() + Duration{3});
      ClusterEvent event = inner_.wait(until);
      if (!std::holds_alternative<DeadlinePassed>(event) || inner_.now() >= deadline) return event;
      turns_.pass(number_);
    }
  }

 private:
  sim::SimCluster& inner_;
  Turns& turns_;
  std::size_t number_;
};

// Eight clients deploy the same release over and over. The audit trail of the server must not show one of
// them writing between two writes of another one's run.
TEST(Lock, EightClientsNeverOverlap) {
  constexpr std::size_t kClients = 8;
  const std::size_t rounds = nightly() ? 200 : 4;
  World world;
  Turns turns(kClients);
  std::vector<std::string> outcomes(kClients * rounds);
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < kClients; ++number) {
    threads.emplace_back([&, number] {
      turns.begin(number);
      for (std::size_t round = 0; round < rounds; ++round) {
        const std::string name = std::to_string(number) + "/" + std::to_string(round);
        sim::ClientOptions client;
        client.name = name;
        sim::SimCluster inner(world.server, client);
        TakingTurns cluster(inner, turns, number);
        RecordingSink sink;
        ReleaseOptions options = world.options;
        options.lock_timeout = std::chrono::hours(10);
        outcomes[number * rounds + round] =
            word(engine::deploy({cluster, inner, sink, "holder " + name}, options,
                                manifests({config("a", name), config("b", name), secret("s", name)})));
      }
      turns.end(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& outcome : outcomes) EXPECT_EQ(outcome, "deployed");
  std::vector<std::string> runs;
  for (const sim::AuditEntry& entry : world.server.writes()) {
    const bool record = entry.ref.kind == "Lease" || entry.ref.name.starts_with("instantexec.");
    if (record || !entry.changed) continue;
    if (runs.empty() || runs.back() != entry.client) runs.push_back(entry.client);
  }
  EXPECT_EQ(runs.size(), kClients * rounds);
  EXPECT_EQ(std::set<std::string>(runs.begin(), runs.end()).size(), runs.size()) << "two runs overlapped";
  const auto revisions = history(world.environment(), world.options);
  ASSERT_TRUE(revisions);
  EXPECT_EQ((*revisions)[0].revision, static_cast<int>(kClients * rounds));
}

}  // namespace
}  // namespace instantexec::engine
