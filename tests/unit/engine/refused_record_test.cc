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

// --- the lock ---

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
    world.server.faults.on_request = [&,
                                      inner = world.server.faults.on_request](const sim::RequestInfo& info) {
      const bool last = info.verb == "apply" && !info.dry_run && info.ref.name == "strict";
      return last ? sim::Fault{sim::Fault::Kind::kDieAfterCommit} : inner(info);
    };
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
  world.server.faults.on_request =
      [&, inner = world.server.faults.on_request](const sim::RequestInfo& info) mutable {
        const bool last = info.verb == "apply" && !info.dry_run && info.ref.name == "strict";
        return last ? sim::Fault{sim::Fault::Kind::kDieAfterCommit} : inner(info);
      };
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
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      const bool last = info.verb == "apply" && !info.dry_run && info.ref.name == wanted.back().name();
      return last ? sim::Fault{sim::Fault::Kind::kDieAfterCommit} : sim::Fault{};
    };
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
