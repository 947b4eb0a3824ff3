#include <gtest/gtest.h>

#include <functional>

#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kBetter = "registry.example/web:2";

std::size_t writes(const World& world) {
  return world.server.writes().size();
}

TEST(Deploy, CreatesWatchesAndRecords) {
  World world;
  const auto report = world.deploy({config("c", "1"), deployment("web", kGood), service("web")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_EQ(report->revision, 1);
  EXPECT_EQ(report->previous_revision, 0);
  ASSERT_EQ(report->objects.size(), 3U);
  for (const auto& object : report->objects) {
    EXPECT_EQ(object.action, model::Action::kCreated) << object.object.to_string();
    EXPECT_EQ(object.health.status, model::HealthStatus::kCurrent) << object.object.to_string();
  }
  EXPECT_EQ(world.get("ConfigMap", "c")->labels().at("instantexec.dev/release"), "web");
  EXPECT_EQ(model::get_int(world.get("Deployment", "web", "apps")->json, "/status/availableReplicas"), 2);
  EXPECT_EQ(world.sink.phases(),
            (std::vector<std::string>{"planning", "locking", "saving", "applying", "waiting", "recording"}));
}

TEST(Deploy, TheSameAgainWritesNothing) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), secret("s", "x"), deployment("web", kGood)}), "deployed");
  const auto before = world.picture();
  const auto count = writes(world);
  const auto report = world.deploy({config("c", "1"), secret("s", "x"), deployment("web", kGood)});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kNothingToDo);
  EXPECT_EQ(report->revision, 1);
  EXPECT_EQ(writes(world), count);
  EXPECT_EQ(differences(before, world.picture()), "");
}

TEST(Deploy, WhatOthersWaitForIsWrittenFirst) {
  World world;
  ASSERT_EQ(world.deploy_word({service("web"), deployment("web", kGood), config("c", "1")}), "deployed");
  std::vector<std::string> kinds;
  for (const auto& entry : world.server.writes()) {
    if (entry.verb == "apply") kinds.push_back(entry.ref.kind);
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"ConfigMap", "Service", "Deployment"}));
}

TEST(Deploy, TouchesOnlyWhatDiffers) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  const std::string version = world.get("ConfigMap", "a")->resource_version();
  const auto report = world.deploy({config("a", "1"), config("b", "2")});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_EQ(report->revision, 2);
  EXPECT_EQ(report->previous_revision, 1);
  EXPECT_EQ(report->objects[0].action, model::Action::kUnchanged);
  EXPECT_EQ(report->objects[1].action, model::Action::kConfigured);
  EXPECT_EQ(world.get("ConfigMap", "a")->resource_version(), version);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "b")->json, "/data/key"), "2");
}

TEST(Deploy, PrunesWhatLeft) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  const auto report = world.deploy({config("a", "1")});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  ASSERT_EQ(report->objects.size(), 2U);
  EXPECT_EQ(report->objects[1].action, model::Action::kPruned);
  EXPECT_EQ(world.get("ConfigMap", "b"), nullptr);
  EXPECT_EQ(world.deploy_word({config("a", "1")}), "nothing_to_do");
}

// Past the commit point: the release stays, and so does the object in its list until a run may delete it.
TEST(Deploy, APruneThatIsRefusedIsLeftToTheNextRun) {
  for (const int status : {401, 403}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
    world.server.faults.on_request = [status](const sim::RequestInfo& info) {
      sim::Fault fault;
      if (info.verb == "delete" && info.ref.kind == "ConfigMap")
        fault = {sim::Fault::Kind::kAnswer, status, Duration{0}, 2};
      return fault;
    };
    const auto report = world.deploy({config("a", "2")});
    world.server.faults.on_request = nullptr;
    ASSERT_TRUE(report);
    EXPECT_EQ(report->result, model::DeployResult::kDeployed);
    ASSERT_EQ(report->objects.size(), 2U);
    EXPECT_EQ(report->objects[1].action, model::Action::kSkipped);
    EXPECT_NE(world.get("ConfigMap", "b"), nullptr);
    EXPECT_EQ(world.deploy_word({config("a", "2")}), "deployed");
    EXPECT_EQ(world.get("ConfigMap", "b"), nullptr);
  }
}

TEST(Deploy, WithoutPruningTheObjectStaysInTheRelease) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  world.options.prune = false;
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "deployed");
  EXPECT_NE(world.get("ConfigMap", "b"), nullptr);
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "nothing_to_do");
  world.options.prune = true;
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "deployed");
  EXPECT_EQ(world.get("ConfigMap", "b"), nullptr);
}

TEST(Deploy, RefusesBeforeTheFirstWrite) {
  World world;
  auto invalid = deployment("web", kGood);
  invalid.json["spec"]["template"]["metadata"]["labels"] = {{"app", "other"}};
  const auto report = world.deploy({config("c", "1"), invalid});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRefused);
  ASSERT_FALSE(report->findings.empty());
  EXPECT_EQ(report->findings[0].rule, "server.invalid");
  EXPECT_EQ(report->findings[0].at.begin.line, 11U);
  EXPECT_EQ(writes(world), 0U);
}

TEST(Deploy, DryRunWritesNothing) {
  World world;
  world.options.dry_run_server = true;
  EXPECT_EQ(world.deploy_word({config("c", "1")}), "dry_run");
  EXPECT_EQ(writes(world), 0U);
}

TEST(Deploy, FieldsOfOthersAreNotTakenUnlessAsked) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.foreign_apply(config("c", "theirs"));
  const auto report = world.deploy({config("c", "2")});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kRefused);
  EXPECT_EQ(report->findings[0].rule, "server.conflict");
  world.options.force_conflicts = true;
  EXPECT_EQ(world.deploy_word({config("c", "2")}), "deployed");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "2");
}

TEST(Deploy, ExecutesAPlanMadeEarlier) {
  World world;
  auto planned = plan_release(world.environment(), world.options, manifests({config("c", "1")}));
  ASSERT_TRUE(planned);
  EXPECT_EQ(writes(world), 0U);
  const auto report = deploy(world.environment(), world.options, std::move(*planned));
  EXPECT_EQ(word(report), "deployed");
}

TEST(SavedPlan, IsExecutedInAnotherProcess) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), config("old", "1"), deployment("web", kGood)}), "deployed");
  auto planned = plan_release(world.environment(), world.options,
                              manifests({config("c", "2"), secret("s", "x"), deployment("web", kBetter)}));
  ASSERT_TRUE(planned);
  const std::string file = plan::encode(freeze(*planned, world.options));
  const auto count = writes(world);
  world.restart();
  // New status, a new lease: nothing anybody wished for.
  world.server.run_for(Duration{60'000});
  const auto saved = plan::decode_saved_plan(file);
  ASSERT_TRUE(saved) << saved.error().to_string();
  auto again = thaw(world.environment(), world.options, *saved);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(writes(world), count);
  EXPECT_EQ(word(deploy(world.environment(), world.options, std::move(*again))), "deployed");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "2");
  EXPECT_EQ(world.get("ConfigMap", "old"), nullptr);
}

TEST(SavedPlan, IsRefusedWhenAnythingDrifted) {
  struct Row {
    const char* name;
    std::function<void(World&)> happens;
    const char* told;
  };
  const std::vector<Row> rows = {
      {"edited", [](World& world) { world.foreign_apply(config("c", "9")); }, "ConfigMap default/c"},
      {"edited beside",
       [](World& world) {
         auto edit = config("c", "1");
         edit.json["data"] = {{"other", "x"}};
         world.foreign_apply(edit);
       },
       "ConfigMap default/c changed since it was planned"},
      {"deleted", [](World& world) { world.foreign_delete(config("c", "")); }, "would be now: create"},
      {"created", [](World& world) { world.foreign_apply(config("new", "9")); }, "ConfigMap default/new"},
      {"secret edited",
       [](World& world) {
         auto edit = secret("s", "1");
         edit.json["stringData"] = {{"other", "x"}};
         world.foreign_apply(edit);
       },
       "Secret default/s changed"},
      {"another release",
       [](World& world) {
         ASSERT_EQ(world.deploy_word({config("c", "1"), secret("s", "1"), config("more", "1")}), "deployed");
       },
       "revision 2 is in force"},
  };
  for (const Row& row : rows) {
    World world;
    ASSERT_EQ(world.deploy_word({config("c", "1"), secret("s", "1")}), "deployed");
    auto planned = plan_release(world.environment(), world.options,
                                manifests({config("c", "2"), secret("s", "1"), config("new", "1")}));
    ASSERT_TRUE(planned);
    const plan::SavedPlan saved = freeze(*planned, world.options);
    row.happens(world);
    const auto count = writes(world);
    const auto again = thaw(world.environment(), world.options, saved);
    ASSERT_FALSE(again) << row.name;
    EXPECT_EQ(again.error().code->name, "plan.drifted") << row.name;
    EXPECT_NE(again.error().message.find(row.told), std::string::npos)
        << row.name << ": " << again.error().message;
    EXPECT_EQ(writes(world), count);
  }
}

// As when an admission webhook has come since.
TEST(SavedPlan, OtherFieldsThanPlannedStopIt) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  auto planned = plan_release(world.environment(), world.options, manifests({config("c", "2")}));
  ASSERT_TRUE(planned);
  plan::SavedPlan saved = freeze(*planned, world.options);
  EXPECT_TRUE(thaw(world.environment(), world.options, saved));
  ASSERT_EQ(saved.plan.steps.at(0).changes.size(), 1U);
  saved.plan.steps[0].changes[0].after = "another value";
  EXPECT_TRUE(thaw(world.environment(), world.options, saved));
  saved.plan.steps[0].changes[0].pointer = "/data/other";
  const auto again = thaw(world.environment(), world.options, saved);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("would change in other fields"), std::string::npos)
      << again.error().message;
}

TEST(SavedPlan, OfAnotherReleaseOrAlteredIsInvalid) {
  World world;
  auto planned = plan_release(world.environment(), world.options, manifests({config("c", "1")}));
  ASSERT_TRUE(planned);
  std::string file = plan::encode(freeze(*planned, world.options));
  auto other = world.options;
  other.release = "other";
  EXPECT_EQ(thaw(world.environment(), other, *plan::decode_saved_plan(file)).error().code->name,
            "plan.invalid");
  file.replace(file.find("\"prune\":true"), 12, "\"prune\":null");
  EXPECT_EQ(plan::decode_saved_plan(file).error().code->name, "plan.invalid");
  EXPECT_EQ(plan::decode_saved_plan("{}").error().code->name, "plan.invalid");
  EXPECT_EQ(plan::decode_saved_plan("").error().code->name, "plan.invalid");
}

TEST(Deploy, DoesNotExecuteAStalePlan) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  auto planned = plan_release(world.environment(), world.options, manifests({config("c", "2")}));
  ASSERT_TRUE(planned);
  ASSERT_EQ(world.deploy_word({config("c", "3")}), "deployed");
  EXPECT_EQ(word(deploy(world.environment(), world.options, std::move(*planned))), "error: record.changed");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "3");
}

TEST(Deploy, KindsAndNamespacesThatArriveWithTheRelease) {
  World world;
  world.options.accept_irreversible = true;
  const model::Object ns{
      *model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"extra"}})")};
  auto inside = config("inside", "1");
  inside.json["metadata"]["namespace"] = "extra";
  const auto report = world.deploy({widget(), inside, widget_definition(), ns});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed) << (report->cause ? report->cause->summary : "");
  EXPECT_NE(world.get("Widget", "w", "example.com"), nullptr);
  EXPECT_NE(world.server.get({"", "ConfigMap", "extra", "inside"}), nullptr);
  EXPECT_EQ(world.deploy_word({widget(), inside, widget_definition(), ns}), "nothing_to_do");
}

// Somebody else creates the namespace of the release, between our plan and our creation of it. What is in it
// is not ours to delete, whatever becomes of the release.
TEST(Deploy, ANamespaceThatOthersCreatedFirstIsLeftAlone) {
  const model::Object ns{
      *model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"fresh"}})")};
  auto inside = config("inside", "1");
  inside.json["metadata"]["namespace"] = "fresh";
  auto theirs = config("theirs", "1");
  theirs.json["metadata"]["namespace"] = "fresh";
  for (const bool ours : {false, true}) {
    for (const auto lost : {sim::Fault::Kind::kNone, sim::Fault::Kind::kDropAnswer}) {
      World world;
      world.options.ns = "fresh";
      int refused = 0;
      world.server.faults.on_request = [&, seen = 0](const sim::RequestInfo& info) mutable {
        sim::Fault fault;
        if (info.verb == "apply" && !info.dry_run && info.ref.kind == "Namespace" && seen++ == 0) {
          if (!ours) world.foreign_apply(ns, "instantexec");
          fault.kind = lost;
        }
        // The second plan does not come about.
        if (seen > 0 && info.dry_run && info.ref.name == "inside") {
          if (refused++ == 0) world.foreign_apply(theirs);
          fault = {sim::Fault::Kind::kAnswer, 403, Duration{0}, 2};
        }
        return fault;
      };
      EXPECT_NE(world.deploy_word({ns, inside}), "deployed");
      EXPECT_GT(refused, 0);
      EXPECT_NE(world.server.get(ns.ref()), nullptr) << ours;
      EXPECT_NE(world.server.get(theirs.ref()), nullptr) << ours;
      world.server.faults.on_request = nullptr;
      world.restart();
      EXPECT_EQ(world.deploy_word({ns, inside}), "deployed");
    }
  }
}

TEST(Deploy, NamesMustFit) {
  World world;
  world.options.release = "Not A Name";
  EXPECT_EQ(world.deploy_word({config("c", "1")}), "error: release.name");
  world.options.release = std::string(54, 'a');
  EXPECT_EQ(world.deploy_word({config("c", "1")}), "error: release.name");
}

TEST(Deploy, WithoutWaitingItCommitsOnceWritten) {
  World world;
  world.options.wait = false;
  EXPECT_EQ(world.deploy_word({deployment("web", "registry.example/web:does-not-exist")}), "deployed");
}

TEST(History, ListsRevisionsNewestFirst) {
  World world;
  world.options.source_commit = "abc";
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.options.source_commit = "def";
  ASSERT_EQ(world.deploy_word({config("c", "2")}), "deployed");
  const auto revisions = history(world.environment(), world.options);
  ASSERT_TRUE(revisions);
  ASSERT_EQ(revisions->size(), 2U);
  EXPECT_EQ((*revisions)[0].revision, 2);
  EXPECT_EQ((*revisions)[0].result, "deployed");
  EXPECT_TRUE((*revisions)[0].in_force);
  EXPECT_EQ((*revisions)[0].configured, 1U);
  EXPECT_EQ((*revisions)[0].source_commit, "def");
  EXPECT_EQ((*revisions)[1].result, "superseded");
  EXPECT_EQ(*list_releases(world.environment(), "default"), (std::vector<std::string>{"web"}));
}

TEST(History, KeepsTheLastFewAndTheirChunksOnly) {
  World world;
  world.options.history_limit = 3;
  for (int i = 1; i <= 8; ++i) ASSERT_EQ(world.deploy_word({config("c", std::to_string(i))}), "deployed");
  EXPECT_EQ(history(world.environment(), world.options)->size(), 3U);
  std::size_t records = 0;
  for (const auto& snapshot : world.server.store().list("", "Secret", "default")) {
    if (snapshot->name().starts_with("instantexec.")) ++records;
  }
  EXPECT_EQ(records, 4U) << "the head and three chunks";
}

TEST(ReleaseStatus, TellsHealthNow) {
  World world;
  EXPECT_FALSE(release_status(world.environment(), world.options)->exists);
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  auto status = release_status(world.environment(), world.options);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->exists);
  EXPECT_EQ(status->revision, 1);
  EXPECT_EQ(status->lock_holder, "");
  EXPECT_FALSE(status->unfinished);
  ASSERT_EQ(status->objects.size(), 2U);
  EXPECT_EQ(status->objects[1].health.status, model::HealthStatus::kCurrent);
  world.foreign_delete(config("c", ""));
  status = release_status(world.environment(), world.options);
  EXPECT_EQ(status->objects[0].health.status, model::HealthStatus::kNotFound);
}

// By itself or in a list, which fails as a whole.
TEST(ReleaseStatus, WhatCannotBeReadHidesNothingElse) {
  for (const bool listed : {false, true}) {
    World world;
    std::vector<model::Object> objects = {config("a", "1"), secret("s", "1")};
    for (const char* name : {"b", "c", "d"}) {
      if (listed) objects.push_back(config(name, "1"));
    }
    ASSERT_EQ(world.deploy_word(objects), "deployed");
    world.server.faults.on_request = [](const sim::RequestInfo& info) {
      sim::Fault fault;
      if (info.ref.kind != "ConfigMap" || (info.verb != "list" && info.ref.name != "a")) return fault;
      fault.kind = sim::Fault::Kind::kAnswer;
      fault.http_status = 500;
      return fault;
    };
    const auto status = release_status(world.environment(), world.options);
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_EQ(status->revision, 1);
    ASSERT_EQ(status->objects.size(), objects.size());
    for (const model::ObjectOutcome& one : status->objects) {
      const bool unread = one.object.name == "a";
      EXPECT_EQ(one.health.status, unread ? model::HealthStatus::kUnknown : model::HealthStatus::kCurrent)
          << one.object.to_string();
      EXPECT_EQ(one.health.message.find("could not be read") == 0, unread) << one.health.message;
    }
  }
}

TEST(ReleaseStatus, TellsWhoHoldsTheLockAndWhatARecoveryWouldTakeUp) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    const bool written = info.verb == "apply" && !info.dry_run && info.ref.name == "new";
    if (written) fault.kind = sim::Fault::Kind::kDieAfterCommit;
    return fault;
  };
  const std::string dead = world.environment().holder;
  EXPECT_THROW((void)world.deploy({config("c", "2"), config("new", "1")}), Killed);
  world.restart();
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb == "delete" && info.ref.name == "new") {
      fault.kind = sim::Fault::Kind::kAnswer;
      fault.http_status = 403;
    }
    return fault;
  };
  auto status = release_status(world.environment(), world.options);
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(status->revision, 1);
  EXPECT_EQ(status->lock_holder, dead);
  ASSERT_TRUE(status->unfinished);
  EXPECT_EQ(status->unfinished->phase, "applying");
  EXPECT_EQ(status->unfinished->revision, 2);
  EXPECT_EQ(status->unfinished->holder, dead);
  EXPECT_NE(status->unfinished->started, "");
  // What could not be put back a recovery tries again, and so it is told.
  ASSERT_EQ(word(world.recover()), "rollback_incomplete");
  status = release_status(world.environment(), world.options);
  EXPECT_EQ(status->lock_holder, "");
  ASSERT_TRUE(status->unfinished);
  EXPECT_EQ(status->unfinished->phase, "rollback-incomplete");
  EXPECT_EQ(status->unfinished->revision, 2);
  world.server.faults.on_request = nullptr;
  ASSERT_EQ(word(world.recover()), "rolled_back");
  EXPECT_FALSE(release_status(world.environment(), world.options)->unfinished);
}

TEST(Rollback, GoesBackToWhatWasRecorded) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("gone", "1"), deployment("web", kGood)}), "deployed");
  ASSERT_EQ(world.deploy_word({config("a", "2"), config("added", "1"), deployment("web", kBetter)}),
            "deployed");
  const auto report = rollback(world.environment(), world.options, 0);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_EQ(report->revision, 3);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "1");
  EXPECT_NE(world.get("ConfigMap", "gone"), nullptr);
  EXPECT_EQ(world.get("ConfigMap", "added"), nullptr);
  const auto revisions = history(world.environment(), world.options);
  EXPECT_EQ((*revisions)[0].kind, "rollback");
  EXPECT_EQ((*revisions)[0].target, 1);
}

TEST(Rollback, OnlyToDeployedRevisions) {
  World world;
  EXPECT_EQ(word(rollback(world.environment(), world.options, 0)), "error: release.not-found");
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  EXPECT_EQ(word(rollback(world.environment(), world.options, 0)), "error: revision.not-found");
  EXPECT_EQ(word(rollback(world.environment(), world.options, 7)), "error: revision.not-found");
}

}  // namespace
}  // namespace instantexec::engine
