#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "unit/engine/world.h"

// Admission that refuses the records or the lock of the very release that brought it.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kBroken = "registry.example/web:does-not-exist";

model::Object policy(const std::string& name, const std::string& action = "Deny") {
  return {{{"apiVersion", "admissionregistration.k8s.io/v1"},
           {"kind", "ValidatingAdmissionPolicyBinding"},
           {"metadata", {{"name", name}}},
           {"spec", {{"policyName", "strict"}, {"validationActions", model::Json::array({action})}}}}};
}

model::Object webhook() {
  model::Json hook{{"name", "strict.example.org"},
                   {"sideEffects", "None"},
                   {"admissionReviewVersions", model::Json::array({"v1"})},
                   {"clientConfig", {{"url", "https://hooks.example.org"}}}};
  return {{{"apiVersion", "admissionregistration.k8s.io/v1"},
           {"kind", "ValidatingWebhookConfiguration"},
           {"metadata", {{"name", "strict"}}},
           {"webhooks", model::Json::array({std::move(hook)})}}};
}

// Of which kinds it refuses our records while it is there.
struct Strict {
  bool secrets = false;
  bool leases = false;
  int status = 422;  // 0: a webhook that cannot be called
};

bool denies(const model::Object& gate) {
  return gate.kind() == "ValidatingWebhookConfiguration" ||
         model::get_string(gate.json, "/spec/validationActions/0") == "Deny";
}

// An API server goes on for a moment after the policy is gone.
constexpr Duration kForgets{3'000};

void enforce(World& world, const model::Object& gate, Strict strict) {
  world.server.faults.on_request = [&world, ref = gate.ref(), strict,
                                    until = Instant{}](const sim::RequestInfo& info) mutable {
    sim::Fault fault;
    const auto there = world.server.get(ref);
    if (there != nullptr && denies(*there)) until = world.server.now() + kForgets;
    const bool writes = info.verb == "replace" || info.verb == "create";
    const bool refuses =
        (strict.secrets && info.ref.kind == "Secret") || (strict.leases && info.ref.kind == "Lease");
    if (!writes || !refuses || world.server.now() >= until) return fault;
    fault.kind = strict.status == 0 ? sim::Fault::Kind::kNoWebhook : sim::Fault::Kind::kAnswer;
    fault.http_status = strict.status;
    return fault;
  };
}

// The run dies as soon as the object is written.
void die_when_written(World& world, const std::string& name) {
  world.server.faults.on_request = [name,
                                    inner = world.server.faults.on_request](const sim::RequestInfo& info) {
    const bool last = info.verb == "apply" && !info.dry_run && info.ref.name == name;
    if (last) return sim::Fault{sim::Fault::Kind::kDieAfterCommit};
    return inner ? inner(info) : sim::Fault{};
  };
}

// What stands in the namespace and what the release says of itself, after a failed release and another good
// one.
void expect_as_before(World& world, const Picture& before, const std::string& what) {
  EXPECT_EQ(differences(before, world.picture()), "") << what;
  world.restart();
  EXPECT_EQ(word(world.recover()), "nothing_to_do") << what;
  EXPECT_EQ(world.deploy_word({config("a", "3")}), "deployed") << what;
}

TEST(RefusedRecord, OfAReleaseThatFailsIsUndoneAllTheSame) {
  for (const int status : {422, 403, 400, 413, 0}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    const Picture before = world.picture();
    const auto gate = status == 0 ? webhook() : policy("strict");
    enforce(world, gate, {.secrets = true, .status = status});
    const auto report = world.deploy({config("a", "2"), gate, deployment("web", kBroken)});
    ASSERT_TRUE(report) << status << ": " << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack) << status;
    EXPECT_THAT(report->warnings, testing::Contains(testing::HasSubstr("before the record could say so")))
        << status;
    expect_as_before(world, before, std::to_string(status));
  }
}

// Nothing is wrong with it but that nobody could ever say that it is there.
TEST(RefusedRecord, OfAHealthyReleaseTakesItBack) {
  for (const bool prunes : {false, true}) {
    World world;
    world.options.prune = true;
    std::vector<model::Object> first{config("a", "1")};
    if (prunes) first.push_back(config("old", "1"));
    ASSERT_EQ(world.deploy_word(first), "deployed");
    const Picture before = world.picture();
    enforce(world, policy("strict"), {.secrets = true});
    const auto report = world.deploy({config("a", "2"), policy("strict")});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack) << prunes;
    ASSERT_TRUE(report->cause);
    EXPECT_EQ(report->cause->object.kind, "Secret");
    EXPECT_THAT(report->cause->summary, testing::HasSubstr("422"));
    EXPECT_EQ(report->revision, 1);
    expect_as_before(world, before, prunes ? "prunes" : "does not prune");
  }
}

TEST(RefusedRecord, ByAnExistingPolicyThatTheReleaseMakesStrict) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), policy("strict", "Audit")}), "deployed");
  const Picture before = world.picture();
  enforce(world, policy("strict"), {.secrets = true});
  EXPECT_EQ(world.deploy_word({config("a", "2"), policy("strict"), deployment("web", kBroken)}),
            "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

// Somebody else's: everything is back, the record cannot say so, and a recovery finishes it.
TEST(RefusedRecord, BySomebodyElseLeavesTheRecordToARecovery) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  const Picture before = world.picture();
  enforce(world, policy("theirs"), {.secrets = true});
  world.server.timeline().at(world.server.now() + Duration{500},
                             [&] { world.foreign_apply(policy("theirs")); });
  const auto report = world.deploy({config("a", "2"), deployment("web", kBroken)});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code->name, "unfinished");
  EXPECT_THAT(report.error().message, testing::HasSubstr("422"));
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "1")
      << "put back all the same";
  world.restart();
  EXPECT_EQ(word(world.recover()), "error: unfinished");
  world.foreign_delete(policy("theirs"));
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

TEST(RefusedRecord, WithoutRollbackIsLeftToARecovery) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  const Picture before = world.picture();
  enforce(world, policy("strict"), {.secrets = true});
  world.options.rollback_on_failure = false;
  EXPECT_EQ(world.deploy_word({config("a", "2"), policy("strict")}), "error: unfinished");
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

// A run died as it put things back, which its record said before the policy was in force.
TEST(RefusedRecord, OfARecoveryIsWrittenOnceThePolicyIsForgotten) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  const Picture before = world.picture();
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    const bool last = info.verb == "delete" && info.ref.name == "strict";
    return last ? sim::Fault{sim::Fault::Kind::kDie} : sim::Fault{};
  };
  EXPECT_THROW((void)world.deploy({config("a", "2"), policy("strict"), deployment("web", kBroken)}), Killed);
  enforce(world, policy("strict"), {.secrets = true});
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

// The user stops the undo that was begun without a record.
TEST(RefusedRecord, AnUndoThatIsStoppedIsFinishedByARecovery) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  const Picture before = world.picture();
  enforce(world, policy("theirs"), {.secrets = true});
  world.foreign_apply(policy("other"));
  world.server.timeline().at(world.server.now() + Duration{500},
                             [&] { world.foreign_apply(policy("theirs")); });
  world.server.faults.on_request =
      [&, inner = world.server.faults.on_request](const sim::RequestInfo& info) mutable {
        if (info.verb == "delete" && info.ref.name == "web") return sim::Fault{sim::Fault::Kind::kInterrupt};
        return inner(info);
      };
  EXPECT_EQ(world.deploy_word({config("a", "2"), deployment("web", kBroken)}), "interrupted");
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  world.foreign_delete(policy("theirs"));
  world.foreign_delete(policy("other"));
  EXPECT_EQ(differences(before, world.picture()), "");
}

// An earlier try of the same write, of which nobody heard, may still be done.
TEST(RefusedRecord, IsNotBelievedWhileAnEarlierTryIsOpen) {
  struct Row {
    const char* name;
    sim::Fault first;
    std::string result;
    std::string value;
  };
  for (const Row& row :
       {Row{"done late", {sim::Fault::Kind::kLateCommit, 0, Duration{15'000}}, "deployed", "2"},
        Row{"never done", {sim::Fault::Kind::kDropRequest}, "rolled_back", "1"}}) {
    World world;
    world.options.prune = true;
    ASSERT_EQ(world.deploy_word({config("a", "1"), config("old", "1")}), "deployed");
    world.server.faults.on_request = [&, writes = 0](const sim::RequestInfo& info) mutable {
      if (info.verb != "replace" || info.ref.name != "instantexec.web") return sim::Fault{};
      ++writes;
      if (writes == 2) return row.first;  // committing
      if (writes == 3) return sim::Fault{sim::Fault::Kind::kAnswer, 422};
      return sim::Fault{};
    };
    EXPECT_EQ(world.deploy_word({config("a", "2")}), row.result) << row.name;
    EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), row.value) << row.name;
    EXPECT_EQ(world.get("ConfigMap", "old") == nullptr, row.value == "2") << row.name;
    world.server.faults.on_request = nullptr;
    world.restart();
    EXPECT_EQ(word(world.recover()), "nothing_to_do") << row.name;
  }
}

TEST(RefusedRecord, IsNotBelievedByWhoIsStoppedBeforeTheEarlierTryIsOver) {
  World world;
  world.options.prune = true;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("old", "1")}), "deployed");
  world.server.faults.on_request = [&, writes = 0](const sim::RequestInfo& info) mutable {
    if (info.verb != "replace" || info.ref.name != "instantexec.web") return sim::Fault{};
    ++writes;
    if (writes == 2) return sim::Fault{sim::Fault::Kind::kLateCommit, 0, Duration{15'000}};
    if (writes != 3) return sim::Fault{};
    world.server.timeline().at(world.server.now() + Duration{2'000},
                               [&world] { world.client().interrupt(2); });
    return sim::Fault{sim::Fault::Kind::kAnswer, 422};
  };
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "error: unfinished");
  world.server.faults.on_request = nullptr;
  world.server.run_for(Duration{60'000});
  world.restart();
  EXPECT_EQ(word(world.recover()), "deployed") << "it was past the commit point";
  EXPECT_EQ(world.get("ConfigMap", "old"), nullptr);
}

// --- objects of the release ---

// What the policy of the release has refused is put back once the policy is forgotten.
TEST(RefusedUndo, IsTriedAgainOnceThePolicyIsForgotten) {
  for (const bool changed : {false, true}) {
    for (const int status : {403, 422}) {
      World world;
      std::vector<model::Object> first{config("a", "1")};
      if (changed) first.push_back(policy("strict", "Audit"));
      ASSERT_EQ(world.deploy_word(first), "deployed");
      const Picture before = world.picture();
      world.server.faults.on_request = [&world, status,
                                        until = Instant{}](const sim::RequestInfo& info) mutable {
        const auto there = world.server.get(policy("strict").ref());
        if (there != nullptr && denies(*there)) until = world.server.now() + kForgets;
        const bool refused =
            info.verb == "patch" && info.ref.kind == "ConfigMap" && world.server.now() < until;
        return refused ? sim::Fault{sim::Fault::Kind::kAnswer, status} : sim::Fault{};
      };
      EXPECT_EQ(world.deploy_word({config("a", "2"), policy("strict"), deployment("web", kBroken)}),
                "rolled_back")
          << changed << status;
      EXPECT_EQ(differences(before, world.picture()), "") << changed << status;
    }
  }
}

// What is lost for another reason does not come back by waiting.
TEST(RefusedUndo, IsNotWaitedForWhenNothingWasRefused) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  world.server.store().listen([&world, done = false](const sim::Change& change) mutable {
    if (done || !change.after || change.after->name() != "a") return;
    done = true;
    world.server.timeline().at(world.server.now() + Duration{100},
                               [&world] { world.foreign_delete(config("a", "")); });
  });
  std::optional<Instant> failed;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (!failed && info.verb == "delete" && info.ref.name == "web") failed = world.server.now();
    return sim::Fault{};
  };
  EXPECT_EQ(world.deploy_word({config("a", "2"), policy("strict"), deployment("web", kBroken)}),
            "rollback_incomplete");
  ASSERT_TRUE(failed);
  EXPECT_LT(world.server.now() - *failed, Duration{5'000});
}

// Refused by a policy of others, or for good: then it is said. Stopped, or without the lock, it ends.
TEST(RefusedUndo, EndsInTime) {
  struct Row {
    const char* name;
    std::string result;
  };
  for (const Row& row : {Row{"refused for good", "rollback_incomplete"}, Row{"stopped", "interrupted"},
                         Row{"lock lost", "error: release.lock-lost"}}) {
    const std::string what = row.name;
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
    int tries = 0;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      if (info.verb != "patch" || info.ref.name != "a") return sim::Fault{};
      ++tries;
      if (tries == 2 && what == "stopped") {
        world.server.timeline().at(world.server.now() + Duration{100},
                                   [&world] { world.client().interrupt(2); });
      }
      if (tries == 2 && what == "lock lost") {
        auto lease = *world.get("Lease", "instantexec-web", "coordination.k8s.io");
        lease.json["spec"]["holderIdentity"] = "another";
        world.server.store().put(std::move(lease));
      }
      return sim::Fault{sim::Fault::Kind::kAnswer, 403};
    };
    EXPECT_EQ(
        world.deploy_word({config("a", "2"), config("b", "2"), policy("strict"), deployment("web", kBroken)}),
        row.result)
        << what;
    EXPECT_EQ(model::get_string(world.get("ConfigMap", "b")->json, "/data/key"), "1") << what;
    EXPECT_LE(tries, 15) << "once a second";
  }
}

// --- the lock ---

// Past the commit point there would be no way back.
TEST(RefusedLock, IsNoticedBeforeTheReleaseIsCalledDeployed) {
  for (const bool waits : {true, false}) {
    World world;
    world.options.wait = waits;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    const Picture before = world.picture();
    enforce(world, policy("strict"), {.leases = true});
    const auto report = world.deploy({config("a", "2"), policy("strict")});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack) << waits;
    ASSERT_TRUE(report->cause);
    EXPECT_EQ(report->cause->object.kind, "Lease");
    expect_as_before(world, before, "healthy at once");
  }
}

TEST(RefusedLock, ThatIsStoppedWhileItIsTriedIsLeftToARecovery) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  const Picture before = world.picture();
  world.server.store().listen([&world](const sim::Change& change) {
    if (!change.after || change.after->name() != "strict") return;
    world.server.timeline().at(world.server.now() + Duration{1'500},
                               [&world] { world.client().interrupt(2); });
  });
  EXPECT_EQ(world.deploy_word({config("a", "2"), policy("strict")}), "interrupted");
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

TEST(RefusedLock, ThatIsLostWhileItIsTriedEndsTheRun) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  world.server.store().listen([&world](const sim::Change& change) {
    if (!change.after || change.after->name() != "strict") return;
    world.server.timeline().at(world.server.now() + Duration{500}, [&world] {
      auto lease = *world.get("Lease", "instantexec-web", "coordination.k8s.io");
      lease.json["spec"]["holderIdentity"] = "another";
      world.server.store().put(std::move(lease));
    });
  });
  EXPECT_EQ(world.deploy_word({config("a", "2"), policy("strict")}), "error: release.lock-lost");
}

// A webhook of the cluster that restarts is no reason to take a release back.
TEST(RefusedLock, ByAWebhookOfOthersPasses) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  world.server.faults.on_request = [&world, down = Instant{}](const sim::RequestInfo& info) mutable {
    if (info.verb == "apply" && !info.dry_run && down == Instant{})
      down = world.server.now() + Duration{9'000};
    const bool calls = info.verb == "replace" && info.ref.kind == "Lease";
    return calls && world.server.now() < down ? sim::Fault{sim::Fault::Kind::kNoWebhook} : sim::Fault{};
  };
  world.options.timeout = std::chrono::seconds(30);
  world.server.store().listen([&world, done = false](const sim::Change& change) mutable {
    if (done || !change.after || change.after->name() != "gate") return;
    done = true;
    world.server.timeline().at(world.server.now() + Duration{20'000}, [&world] {
      auto gate = *world.get("Service", "gate");
      gate.json["status"]["loadBalancer"]["ingress"] = model::Json::array({{{"ip", "192.0.2.1"}}});
      world.server.store().put(std::move(gate));
    });
  });
  EXPECT_EQ(world.deploy_word({config("a", "2"), never_ready("gate")}), "deployed");
}

// Who may not write Leases learns nothing about what stands in their way, and touches nothing.
TEST(RefusedLock, ForLackOfARightTouchesNothing) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  die_when_written(world, "strict");
  EXPECT_THROW((void)world.deploy({config("a", "2"), policy("strict")}), Killed);
  world.server.faults.on_request = nullptr;
  world.allow = [](const model::Json& attributes) {
    return model::get_string(attributes, "/resource") != "leases" ||
           model::get_string(attributes, "/verb") == "get";
  };
  world.restart();
  EXPECT_EQ(word(world.recover()), "error: record.refused");
  EXPECT_NE(world.server.get(policy("strict").ref()), nullptr);
}

// Somebody else has taken the lock, gives it back all the time, or has dealt with the release, at the moment
// of the refusal; or it cannot be seen.
TEST(RefusedLock, OfWhatSomebodyElseWorksOnTouchesNothing) {
  struct Row {
    const char* name;
    std::string result;
  };
  for (const Row& row :
       {Row{"another has it", "error: release.locked"}, Row{"free again", "error: record.refused"},
        Row{"record", "error: record.refused"}, Row{"unseen", "error: record.refused"}}) {
    const std::string what = row.name;
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    die_when_written(world, "strict");
    EXPECT_THROW((void)world.deploy({config("a", "2"), policy("strict")}), Killed);
    world.server.faults.on_request = [&, tries = 0](const sim::RequestInfo& info) mutable {
      if (info.ref.kind != "Lease") return sim::Fault{};
      if (info.verb != "replace")
        return what == "unseen" && tries > 0 ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
      auto theirs = what == "record" ? *world.get("Secret", "instantexec.web")
                                     : *world.get("Lease", "instantexec-web", "coordination.k8s.io");
      if (what == "another has it") theirs.json["spec"]["holderIdentity"] = "another";
      if (what == "free again") theirs.json["spec"]["holderIdentity"] = "";
      theirs.json["metadata"]["labels"]["changed"] = std::to_string(++tries);
      world.server.store().put(std::move(theirs));
      return sim::Fault{sim::Fault::Kind::kAnswer, 422};
    };
    world.options.lock_timeout = Duration{60'000};
    world.restart();
    EXPECT_EQ(word(world.recover()), row.result) << what;
    EXPECT_NE(world.server.get(policy("strict").ref()), nullptr) << what;
  }
}

TEST(RefusedLock, FailsTheReleaseWhileThereIsTimeToPutItBack) {
  for (const int status : {422, 0}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    const Picture before = world.picture();
    const auto gate = status == 0 ? webhook() : policy("strict");
    enforce(world, gate, {.secrets = true, .leases = true, .status = status});
    const Instant begun = world.server.now();
    const auto report = world.deploy({config("a", "2"), gate, never_ready("gate")});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
    ASSERT_TRUE(report->cause);
    EXPECT_EQ(report->cause->object.kind, "Lease");
    EXPECT_LT(world.server.now() - begun, Duration{30'000});
    expect_as_before(world, before, std::to_string(status));
  }
}

// Noticed while objects are still being written.
TEST(RefusedLock, FailsTheReleaseWhileItIsApplied) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  const Picture before = world.picture();
  enforce(world, policy("strict"), {.leases = true});
  world.server.faults.on_request =
      [&, inner = world.server.faults.on_request](const sim::RequestInfo& info) mutable {
        const bool slow = info.verb == "apply" && !info.dry_run && info.ref.name == "a";
        return slow ? sim::Fault{sim::Fault::Kind::kDelay, 0, Duration{7'000}} : inner(info);
      };
  const auto report = world.deploy({policy("strict"), config("a", "2"), never_ready("gate")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  world.server.faults.on_request = nullptr;
  expect_as_before(world, before, "applied");
}

TEST(RefusedLock, OfARunThatDiedIsTakenOverAfterWhatRefusesItWasPutBack) {
  for (const bool changed : {false, true}) {
    World world;
    std::vector<model::Object> first{config("a", "1")};
    if (changed) first.push_back(policy("strict", "Audit"));
    ASSERT_EQ(world.deploy_word(first), "deployed");
    const Picture before = world.picture();
    enforce(world, policy("strict"), {.secrets = true, .leases = true});
    die_when_written(world, "strict");
    EXPECT_THROW((void)world.deploy({config("a", "2"), policy("strict")}), Killed);
    world.restart();
    const auto report = world.recover();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack) << changed;
    expect_as_before(world, before, changed ? "changed" : "created");
  }
}

// The next deploy does so first.
TEST(RefusedLock, OfARunThatDiedIsTakenOverByTheNextDeploy) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  enforce(world, policy("strict"), {.secrets = true, .leases = true});
  die_when_written(world, "strict");
  EXPECT_THROW((void)world.deploy({config("a", "2"), policy("strict")}), Killed);
  world.restart();
  EXPECT_EQ(world.deploy_word({config("a", "3")}), "deployed");
  EXPECT_EQ(world.server.get(policy("strict").ref()), nullptr);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "3");
}

// Nothing of the release is in the way, or it is wanted: then it is for people to clear.
TEST(RefusedLock, ThatIsNotDueToTheReleaseIsSaid) {
  for (const bool resume : {false, true}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    std::vector<model::Object> wanted{config("a", "2")};
    if (resume) wanted.push_back(policy("strict"));
    die_when_written(world, wanted.back().name());
    EXPECT_THROW((void)world.deploy(wanted), Killed);
    const auto gate = resume ? policy("strict") : policy("theirs");
    if (!resume) world.foreign_apply(gate);
    enforce(world, gate, {.leases = true});
    world.restart();
    const auto report = world.recover(resume);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code->name, "record.refused");
    EXPECT_EQ(report.error().code->exit, ExitCode::kUnreachable);
    EXPECT_THAT(std::string(report.error().next_step()), testing::HasSubstr("instantexec.dev/release pass"));
  }
}

}  // namespace
}  // namespace instantexec::engine
