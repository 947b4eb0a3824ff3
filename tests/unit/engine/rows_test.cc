#include <gtest/gtest.h>

#include <functional>

#include "unit/engine/world.h"

// Rows of the failure model that need a fault of their own, each on a deploy, a rollback and a recovery.
// docs/architecture/failure-tests.md says which test covers which row.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

using Rule = std::function<sim::Fault(const sim::RequestInfo&)>;
using Kind = sim::Fault::Kind;

std::vector<model::Object> first() {
  return {config("a", "1"), config("gone", "1"), deployment("web", "registry.example/web:1")};
}

std::vector<model::Object> second() {
  return {config("a", "2"), config("new", "1"), deployment("web", "registry.example/web:2")};
}

struct VerbCase {
  const char* name;
  std::function<void(World&)> prepare;
  std::function<Result<model::DeployReport>(World&)> act;
  const char* undisturbed;  // how it ends when nothing goes wrong
};

void leave_unfinished(World& world) {
  sim::Fault die;
  die.kind = Kind::kDieAfterCommit;
  world.server.faults.on_request = [die](const sim::RequestInfo& info) {
    return info.verb == "apply" && !info.dry_run && info.ref.kind == "Deployment" ? die : sim::Fault{};
  };
  EXPECT_THROW((void)world.deploy(second()), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
}

std::vector<VerbCase> verbs() {
  const auto prepared = [](World& world) { ASSERT_EQ(world.deploy_word(first()), "deployed"); };
  return {{"Deploy", prepared, [](World& world) { return world.deploy(second()); }, "deployed"},
          {"Rollback",
           [prepared](World& world) {
             prepared(world);
             ASSERT_EQ(world.deploy_word(second()), "deployed");
           },
           [](World& world) { return rollback(world.environment(), world.options, 0); }, "deployed"},
          {"Recover",
           [prepared](World& world) {
             prepared(world);
             leave_unfinished(world);
           },
           [](World& world) { return world.recover(); }, "rolled_back"}};
}

// A write of an object of the release.
bool touches(const sim::RequestInfo& info) {
  const bool writes = info.verb == "apply" || info.verb == "patch" || info.verb == "delete";
  const bool record = info.ref.kind == "Lease" || info.ref.name.starts_with("instantexec.");
  return writes && !info.dry_run && !record;
}

// Values and owners, without what differs from one cluster to the next.
Picture anonymous(Picture picture) {
  for (auto& [ref, json] : picture) json.erase("uid");
  return picture;
}

Picture without_deployments(Picture picture) {
  std::erase_if(picture, [](const auto& entry) { return entry.first.kind == "Deployment"; });
  return anonymous(std::move(picture));
}

class Rows : public ::testing::TestWithParam<std::size_t> {
 protected:
  Rows() : verb_(verbs()[GetParam()]) {
    World undisturbed;
    verb_.prepare(undisturbed);
    EXPECT_EQ(word(verb_.act(undisturbed)), verb_.undisturbed);
    wanted_ = anonymous(undisturbed.picture());
    verb_.prepare(world_);
    before_ = world_.picture();
  }

  // As if nothing had happened.
  void expect_undisturbed(const Result<model::DeployReport>& result) {
    EXPECT_EQ(word(result), verb_.undisturbed) << (result ? "" : result.error().to_string());
    EXPECT_EQ(differences(wanted_, anonymous(world_.picture())), "");
  }

  // The fault for every request from the first write of an object on, for so long.
  Rule from_the_first_write(sim::Fault fault, Duration length) {
    return [this, fault, length, begun = std::optional<Instant>()](const sim::RequestInfo& info) mutable {
      if (!begun && touches(info)) begun = world_.server.now();
      const bool now = begun && world_.server.now() < *begun + length;
      return now ? fault : sim::Fault{};
    };
  }

  VerbCase verb_;
  World world_;
  Picture wanted_;
  Picture before_;
};

// Row 5: nothing is written after a signal, and five seconds later the run has ended.
TEST_P(Rows, AnInterruptionStopsTheWritesAndEndsTheRun) {
  for (std::uint64_t k = 1;; k += 5) {
    World world;
    verb_.prepare(world);
    std::optional<Instant> signal;
    std::uint64_t requests = 0;
    int late = 0;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      sim::Fault out;
      if (signal) {
        if (touches(info) && world.server.now() > *signal) ++late;
      } else if (++requests == k) {
        signal = world.server.now();
        out.kind = Kind::kInterrupt;
      }
      return out;
    };
    const auto result = verb_.act(world);
    if (!signal) break;
    EXPECT_LE((world.server.now() - *signal).count(), 5000) << k;
    EXPECT_EQ(late, 0) << k;
    world.server.faults.on_request = nullptr;
    world.restart();
    EXPECT_TRUE(world.recover()) << k;
    ASSERT_LT(k, 1000U);
  }
}

// Rows 11 to 13: the API server or its store is away for a while.
TEST_P(Rows, AnOutageOfHalfAMinuteIsSurvived) {
  world_.server.faults.on_request =
      from_the_first_write({Kind::kDropRequest, 0, Duration{0}, 2}, Duration{25'000});
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  expect_undisturbed(result);
}

TEST_P(Rows, AnOutageThatLastsLeavesWorkThatARecoveryFinishes) {
  const auto start = world_.server.now();
  world_.server.faults.on_request =
      from_the_first_write({Kind::kRefuseConnection, 0, Duration{0}, 2}, std::chrono::hours(1));
  const auto result = verb_.act(world_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code->exit, ExitCode::kInterrupted) << result.error().to_string();
  EXPECT_LT(world_.server.now() - start, Duration{600'000});
  world_.server.faults.on_request = nullptr;
  world_.restart();
  EXPECT_EQ(word(world_.recover()), "rolled_back");
}

// Row 15: everybody is told to come back later.
TEST_P(Rows, AStormOf429IsWaitedOut) {
  world_.server.faults.on_request =
      from_the_first_write({Kind::kAnswer, 429, Duration{0}, 2}, Duration{15'000});
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  expect_undisturbed(result);
}

// Row 22: somebody edits an object between the plan, or the look of an undo, and the write. Their field
// stays, and nothing is written over an object that is not the one that was planned for.
TEST_P(Rows, AnEditJustBeforeTheWriteStays) {
  bool edited = false;
  world_.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (edited || !touches(info) || info.ref.name != "a") return sim::Fault{};
    edited = true;
    model::Object edit = config("a", "");
    edit.json["data"] = {{"theirs", "x"}};
    world_.foreign_apply(edit);
    return sim::Fault{};
  };
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  ASSERT_TRUE(edited);
  EXPECT_EQ(word(result), "rolled_back") << (result ? "" : result.error().to_string());
  const auto now = world_.get("ConfigMap", "a");
  EXPECT_EQ(model::get_string(now->json, "/data/theirs"), "x");
  // A rollback had the second release before it, the others the first.
  EXPECT_EQ(model::get_string(now->json, "/data/key"), std::string(verb_.name) == "Rollback" ? "2" : "1");
  if (std::string(verb_.name) == "Recover") return;
  ASSERT_TRUE(result->cause);
  EXPECT_NE(result->cause->summary.find("someone else changed it"), std::string::npos)
      << result->cause->summary;
}

// Row 16: an admission webhook cannot be called for a while, or not any more. Nothing has been stored then,
// so an undo need not wait for writes that may yet take effect.
TEST_P(Rows, AnAdmissionWebhookThatIsDownForAWhile) {
  world_.server.faults.on_request =
      from_the_first_write({Kind::kNoWebhook, 0, Duration{0}, 2}, Duration{15'000});
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  expect_undisturbed(result);
}

TEST_P(Rows, AnAdmissionWebhookThatIsDownForGood) {
  world_.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (touches(info) && info.ref.kind == "Deployment") fault.kind = Kind::kNoWebhook;
    return fault;
  };
  const auto start = world_.server.now();
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  ASSERT_TRUE(result) << result.error().to_string();
  if (std::string(verb_.name) != "Recover") {
    EXPECT_EQ(word(result), "rolled_back");
    EXPECT_LT(world_.server.now() - start, Duration{50'000}) << "half a minute of trying and no quarantine";
    EXPECT_EQ(differences(before_, world_.picture()), "");
    return;
  }
  EXPECT_EQ(word(result), "rollback_incomplete");
  world_.restart();
  expect_undisturbed(world_.recover());
}

// Row 19: the rights to write Deployments are taken away half-way. What may be undone is undone, the rest is
// named, and with the rights back a recovery finishes.
TEST_P(Rows, RightsTakenAwayHalfWay) {
  world_.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (touches(info) && info.ref.kind == "Deployment") fault = {Kind::kAnswer, 403, Duration{0}, 2};
    return fault;
  };
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  ASSERT_TRUE(result) << result.error().to_string();
  if (std::string(verb_.name) != "Recover") {
    EXPECT_EQ(word(result), "rolled_back");
    EXPECT_EQ(differences(before_, world_.picture()), "");
    return;
  }
  EXPECT_EQ(word(result), "rollback_incomplete");
  ASSERT_TRUE(result->verification);
  ASSERT_EQ(result->verification->differences.size(), 1U);
  EXPECT_NE(result->verification->differences[0].find("Deployment"), std::string::npos);
  world_.restart();
  expect_undisturbed(world_.recover());
}

// Row 38: a conversion webhook goes down. Every look at objects of the kind and every write of them ends in
// 500, others work. Nothing of the kind is written unseen, all else is put back, and when the webhook answers
// again a recovery finishes the work.
TEST_P(Rows, AConversionWebhookThatGoesDown) {
  std::size_t written = 0;
  world_.server.faults.on_request = [&](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.ref.kind != "Deployment") return fault;
    if (written > 0) fault = {Kind::kAnswer, 500, Duration{0}, 2};
    if (touches(info) && written++ == 0) fault.kind = Kind::kDropAnswer;
    return fault;
  };
  const auto start = world_.server.now();
  const auto result = verb_.act(world_);
  EXPECT_EQ(written, 1U) << "written again without a look";
  EXPECT_LT(world_.server.now() - start, Duration{600'000});
  EXPECT_EQ(word(result), "partly_undone");
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_TRUE(result->verification);
  EXPECT_NE(result->verification->differences.at(0).find("Deployment default/web: could not be read"),
            std::string::npos);
  const Picture& back = std::string(verb_.name) == "Recover" ? wanted_ : before_;
  EXPECT_EQ(differences(without_deployments(back), without_deployments(world_.picture())), "");
  world_.server.faults.on_request = nullptr;
  world_.restart();
  EXPECT_EQ(word(world_.recover()), "rolled_back");
  EXPECT_EQ(differences(anonymous(back), anonymous(world_.picture())), "");
}

// Row 38 again: it is down before the first write, which therefore does not happen. A recovery does the rest.
TEST_P(Rows, AConversionWebhookThatIsDown) {
  const std::size_t written = world_.server.writes().size();
  world_.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.ref.kind == "Deployment") fault = {Kind::kAnswer, 500, Duration{0}, 2};
    return fault;
  };
  const bool recovers = std::string(verb_.name) == "Recover";
  const auto result = verb_.act(world_);
  EXPECT_EQ(result.has_value(), recovers) << word(result);
  for (std::size_t i = written; i < world_.server.writes().size(); ++i) {
    const std::string kind = world_.server.writes()[i].ref.kind;
    EXPECT_TRUE(kind == "Lease" || kind == "Secret" || (recovers && kind == "ConfigMap")) << kind;
  }
  if (recovers) {
    EXPECT_EQ(word(result), "partly_undone");
    EXPECT_EQ(differences(without_deployments(wanted_), without_deployments(world_.picture())), "");
  } else {
    EXPECT_EQ(differences(before_, world_.picture()), "");
  }
  world_.server.faults.on_request = nullptr;
  world_.restart();
  expect_undisturbed(verb_.act(world_));
}

// Row 27: a finalizer that nobody serves, on an object that is to go. It is named and never removed.
TEST_P(Rows, AStuckFinalizerIsNamedAndLeft) {
  const bool recovers = std::string(verb_.name) == "Recover";
  const std::string name = std::string(verb_.name) == "Deploy" ? "gone" : "new";
  if (recovers && world_.get("ConfigMap", name) == nullptr) return;
  model::Object held = config(name, "");
  held.json.erase("data");
  held.json["metadata"]["finalizers"] = {"example.org/never"};
  world_.foreign_apply(held);
  const auto result = verb_.act(world_);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(word(result), recovers ? "rollback_incomplete" : "deployed");
  std::string texts;
  for (const auto& outcome : result->objects) texts += outcome.message + "\n";
  if (result->verification) {
    for (const std::string& line : result->verification->differences) texts += line + "\n";
  }
  EXPECT_NE(texts.find(recovers ? "deletion is pending" : "example.org/never"), std::string::npos) << texts;
  ASSERT_NE(world_.get("ConfigMap", name), nullptr);
  EXPECT_TRUE(world_.get("ConfigMap", name)->terminating());
}

// Row 31: a quota that appears after the plan was checked. The write is refused late, the release undone.
TEST_P(Rows, AQuotaThatFillsUpLate) {
  if (std::string(verb_.name) == "Recover") return;  // creates nothing
  bool filled = false;
  world_.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (touches(info) && !filled) {
      filled = true;
      model::Object quota{model::Json{{"apiVersion", "v1"},
                                      {"kind", "ResourceQuota"},
                                      {"metadata", {{"name", "full"}, {"namespace", "default"}}},
                                      {"spec", {{"hard", {{"count/configmaps", "0"}}}}}}};
      world_.foreign_apply(quota);
    }
    return {};
  };
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  EXPECT_TRUE(filled);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(word(result), "rolled_back");
  world_.foreign_delete({model::Json{{"apiVersion", "v1"},
                                     {"kind", "ResourceQuota"},
                                     {"metadata", {{"name", "full"}, {"namespace", "default"}}}}});
  EXPECT_EQ(differences(before_, world_.picture()), "");
}

// Row 25: somebody creates an object that is about to be created. It stays theirs.
TEST_P(Rows, AnObjectThatAppearsIsNotAdopted) {
  if (std::string(verb_.name) == "Recover") return;  // creates nothing
  const std::string name = std::string(verb_.name) == "Deploy" ? "new" : "gone";
  bool appeared = false;
  world_.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (touches(info) && !appeared) {
      appeared = true;
      world_.foreign_apply(config(name, "theirs"));
    }
    return {};
  };
  const auto result = verb_.act(world_);
  world_.server.faults.on_request = nullptr;
  EXPECT_TRUE(appeared);
  EXPECT_EQ(word(result), "rolled_back") << (result ? "" : result.error().to_string());
  ASSERT_NE(world_.get("ConfigMap", name), nullptr);
  EXPECT_EQ(model::get_string(world_.get("ConfigMap", name)->json, "/data/key"), "theirs");
  world_.foreign_delete(config(name, ""));
  EXPECT_EQ(differences(before_, world_.picture()), "");
}

// Row 21: stopped (SIGSTOP) for longer than the lock lives while somebody else takes it. Awake again it
// writes nothing.
TEST_P(Rows, StoppedPastItsLockItWritesNothing) {
  bool stopped = false;
  std::size_t writes_at_stop = 0;
  world_.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (!touches(info) || stopped) return {};
    stopped = true;
    // Asleep as far as its clock and the answer are concerned: somebody else has the lock meanwhile.
    model::Object lease = *world_.get("Lease", "instantexec-web", "coordination.k8s.io");
    lease.json["spec"]["holderIdentity"] = "the next one";
    lease.json["spec"]["leaseTransitions"] = model::get_int(lease.json, "/spec/leaseTransitions") + 1;
    EXPECT_TRUE(world_.server.act(ReplaceRequest{lease, "", false}).ok());
    sim::Fault fault;
    fault.kind = Kind::kDropRequest;
    fault.delay = Duration{40'000};
    writes_at_stop = world_.server.writes().size();
    world_.server.run_for(Duration{40'000});
    return fault;
  };
  const auto result = verb_.act(world_);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(word(result), "error: release.lock-lost");
  const auto writes = world_.server.writes();
  for (std::size_t i = writes_at_stop; i < writes.size(); ++i) {
    EXPECT_FALSE(writes[i].changed) << writes[i].verb << " " << writes[i].ref.to_string();
  }
}

// Row 26: nothing can be created there, and nothing can be put back. It ends, and does not say that all is
// well.
TEST(Terminating, ANamespaceThatIsBeingDeletedEndsTheRelease) {
  World world;
  world.options.ns = "shop";
  const auto in_shop = [](model::Object object) {
    object.json["metadata"]["namespace"] = "shop";
    return object;
  };
  CreateRequest shop;
  shop.body.json = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}};
  ASSERT_TRUE(world.server.act(shop).ok());
  ASSERT_EQ(world.deploy_word({in_shop(config("a", "1"))}), "deployed");
  // What keeps the namespace from going at once.
  model::Object held = in_shop(config("held", "1"));
  held.json["metadata"]["finalizers"] = {"example.org/never"};
  world.foreign_apply(held);
  bool deleted = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (!touches(info) || deleted) return {};
    deleted = true;
    world.foreign_delete(
        {model::Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}}});
    world.server.run_for(Duration{500});
    return {};
  };
  const auto started = world.server.now();
  const auto result = world.deploy({in_shop(config("a", "2")), in_shop(config("new", "1"))});
  EXPECT_TRUE(deleted);
  EXPECT_LT(world.server.now() - started, Duration{900'000});
  EXPECT_NE(word(result), "deployed");
  EXPECT_NE(word(result), "rolled_back");
}

// Row 35: whose clock is wrong by an hour does the same, and takes no less time over a dead run's lock.
TEST_P(Rows, AClockThatIsAnHourOff) {
  const auto begun = world_.server.now();
  expect_undisturbed(verb_.act(world_));
  const Duration usual = world_.server.now() - begun;
  for (const int hours : {-1, 1}) {
    World world;
    verb_.prepare(world);
    world.clock_is_off = std::chrono::hours(hours);
    const auto start = world.server.now();
    const auto result = verb_.act(world);
    EXPECT_EQ(word(result), verb_.undisturbed) << hours << (result ? "" : result.error().to_string());
    EXPECT_EQ(differences(wanted_, anonymous(world.picture())), "") << hours;
    EXPECT_EQ((world.server.now() - start).count(), usual.count()) << hours;
  }
}

INSTANTIATE_TEST_SUITE_P(Verbs, Rows, ::testing::Range<std::size_t>(0, 3),
                         [](const auto& index) { return std::string(verbs()[index.param].name); });

}  // namespace
}  // namespace instantexec::engine
