#include <gtest/gtest.h>

#include <functional>

#include "unit/engine/world.h"

// Rollbacks to revisions whose objects do not fit what is there by now.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";

TEST(Rollback, OfAFailedDeployThatWasLeftGoesToTheRevisionInForce) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), deployment("web", kGood)}), "deployed");
  ASSERT_EQ(world.deploy_word({config("a", "2"), deployment("web", kGood)}), "deployed");
  world.options.rollback_on_failure = false;
  const auto failed = world.deploy({config("a", "3"), deployment("web", "web:does-not-exist")});
  ASSERT_EQ(word(failed), "failed_kept");
  EXPECT_EQ(failed->previous_revision, 2);
  ASSERT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "3");
  EXPECT_EQ(word(rollback(world.environment(), world.options, 0)), "deployed");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "2");
}

// Which revision is before the one in force depends on how the work that was left ends.
TEST(Rollback, OfAReleaseWithUnfinishedWorkCountsFromWhereItEnds) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  ASSERT_EQ(world.deploy_word({config("a", "2"), config("b", "1")}), "deployed");
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    if (info.verb == "delete" && info.ref.name == "b") throw Killed();  // past the commit point
    return sim::Fault{};
  };
  EXPECT_THROW(world.deploy_word({config("a", "3")}), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(rollback(world.environment(), world.options, 0)), "deployed");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "2");
  const auto revisions = history(world.environment(), world.options);
  ASSERT_TRUE(revisions);
  EXPECT_EQ((*revisions)[0].target, 2);
}

// The garbage collector deletes what names an owner that is not there, or was made anew.
TEST(Rollback, OwnersAreThoseThatAreThereNow) {
  struct Row {
    const char* name;
    std::function<void(World&)> happens;  // after the owned object was pruned
    bool owned;
    bool same_owner;
  };
  const auto gone = [](World& world) { world.foreign_delete(config("owner", "")); };
  const std::vector<Row> rows = {
      {"nothing", [](World&) {}, true, true},
      {"made anew",
       [gone](World& world) {
         gone(world);
         world.foreign_apply(config("owner", "1"));
       },
       true, false},
      {"deleted", gone, false, false},
      {"cannot be read",
       [](World& world) {
         world.server.faults.on_request = [](const sim::RequestInfo& info) {
           sim::Fault fault;
           if (info.verb != "get" || info.ref.name != "owner") return fault;
           fault.kind = sim::Fault::Kind::kAnswer;
           fault.http_status = 403;
           return fault;
         };
       },
       true, true},
  };
  for (const Row& row : rows) {
    World world;
    world.foreign_apply(config("owner", "1"));
    const std::string former = world.get("ConfigMap", "owner")->uid();
    model::Object owned = config("owned", "1");
    owned.json["metadata"]["ownerReferences"] = {
        {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "owner"}, {"uid", former}}};
    ASSERT_EQ(world.deploy_word({config("a", "1"), owned}), "deployed");
    ASSERT_EQ(world.deploy_word({config("a", "2")}), "deployed");
    ASSERT_EQ(world.get("ConfigMap", "owned"), nullptr);
    row.happens(world);
    const auto report = rollback(world.environment(), world.options, 0);
    EXPECT_EQ(word(report), "deployed") << row.name << (report ? "" : report.error().to_string());
    const auto back = world.get("ConfigMap", "owned");
    ASSERT_NE(back, nullptr) << row.name;
    const model::Json& references = model::get_array(back->json, "/metadata/ownerReferences");
    ASSERT_EQ(references.size(), row.owned ? 1U : 0U) << row.name;
    EXPECT_EQ(world.sink.texts().find("does not exist any more") != std::string::npos, !row.owned)
        << row.name;
    if (!row.owned) continue;
    EXPECT_EQ(references[0]["uid"], world.get("ConfigMap", "owner")->uid()) << row.name;
    EXPECT_EQ(references[0]["uid"] == former, row.same_owner) << row.name;
  }
}

model::Object job() {
  model::Object out = deployment("migrate", "registry.example/web:1");
  out.json["apiVersion"] = "batch/v1";
  out.json["kind"] = "Job";
  out.json["spec"] = {{"template", {{"spec", out.json["spec"]["template"]["spec"]}}}};
  out.json["spec"]["template"]["spec"]["restartPolicy"] = "Never";
  return out;
}

TEST(Rollback, NoJobRunsAgain) {
  struct Row {
    const char* name;
    std::vector<model::Object> next;  // the revision that is rolled back
    bool deleted;                     // by somebody else
    bool stays;
  };
  const std::vector<Row> rows = {
      {"pruned", {config("a", "2")}, false, false},
      {"gone by itself", {config("a", "2"), job()}, true, false},
      {"still there", {config("a", "2"), job()}, false, true},
  };
  for (const Row& row : rows) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1"), job()}), "deployed") << row.name;
    const std::string ran = world.get("Job", "migrate", "batch")->uid();
    ASSERT_EQ(world.deploy_word(row.next), "deployed") << row.name;
    if (row.deleted) world.foreign_delete(job());
    world.server.run_for(Duration{5000});
    const auto report = rollback(world.environment(), world.options, 0);
    EXPECT_EQ(word(report), "deployed") << row.name << (report ? "" : report.error().to_string());
    EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "1") << row.name;
    const auto now = world.get("Job", "migrate", "batch");
    ASSERT_EQ(now != nullptr, row.stays) << row.name;
    EXPECT_TRUE(now == nullptr || now->uid() == ran) << row.name;
    EXPECT_EQ(world.sink.texts().find("does not run it again") != std::string::npos, !row.stays) << row.name;
  }
}

// Row 30 of the failure model: what cannot change is found before the first write.
TEST(Rollback, WhatCannotChangeIsRefused) {
  World world;
  const auto selecting = [](const std::string& app) {
    model::Object out = deployment("web", "registry.example/web:1");
    out.json["spec"]["selector"]["matchLabels"] = {{"app", app}};
    out.json["spec"]["template"]["metadata"]["labels"] = {{"app", app}};
    return out;
  };
  ASSERT_EQ(world.deploy_word({config("a", "1"), selecting("one")}), "deployed");
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  ASSERT_EQ(world.deploy_word({config("a", "2"), selecting("two")}), "deployed");
  const Picture before = world.picture();
  const auto report = rollback(world.environment(), world.options, 1);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRefused);
  ASSERT_FALSE(report->findings.empty());
  EXPECT_EQ(report->findings[0].rule, "server.immutable");
  EXPECT_EQ(differences(before, world.picture()), "");
}

// The same for a state that can be reached and not be left again; the plan has said so.
TEST(Rollback, WhatCannotBeTakenBackIsNamedByAnUndo) {
  for (const bool killed : {false, true}) {
    World world;
    world.options.accept_irreversible = true;
    model::Object sealed = config("sealed", "2");
    sealed.json["immutable"] = true;
    ASSERT_EQ(world.deploy_word({config("a", "1"), config("sealed", "1")}), "deployed");
    world.server.faults.on_request = [killed](const sim::RequestInfo& info) {
      sim::Fault fault;
      if (killed && info.verb == "apply" && !info.dry_run && info.ref.kind == "Deployment")
        fault.kind = sim::Fault::Kind::kDieAfterCommit;
      return fault;
    };
    const std::vector<model::Object> next = {config("a", "2"), sealed,
                                             deployment("web", "registry.example/web:does-not-exist")};
    Result<model::DeployReport> report = model::DeployReport{};
    if (killed) {
      EXPECT_THROW((void)world.deploy(next), Killed);
      world.server.faults.on_request = nullptr;
      world.restart();
      report = world.recover();
    } else {
      report = world.deploy(next);
    }
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete) << killed;
    ASSERT_EQ(report->verification->differences.size(), 1U) << killed;
    EXPECT_NE(report->verification->differences[0].find("ConfigMap default/sealed"), std::string::npos);
    EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "1") << killed;
    EXPECT_EQ(world.get("Deployment", "web", "apps"), nullptr) << killed;
  }
}

}  // namespace
}  // namespace instantexec::engine
