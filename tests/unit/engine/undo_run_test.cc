#include <gtest/gtest.h>

#include "status/rule_reader.h"
#include "unit/engine/undoing.h"

// The undo of an operation, without the deploy before it.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using model::Json;

TEST(UndoRun, PutsEverythingBackAndSaysSo) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  const Picture before = u.world.picture();
  u.begin();
  u.write(config("a", "2"), true);
  u.write(config("b", "1"));
  u.task.cause = model::FailureCause{};
  u.task.cause->summary = "because";
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(differences(before, u.world.picture()), "");
  ASSERT_EQ(report->objects.size(), 2U);
  EXPECT_EQ(report->objects[0].action, model::Action::kRestored);
  EXPECT_EQ(report->objects[1].action, model::Action::kDeleted);
  EXPECT_TRUE(report->verification->values && report->verification->identity &&
              report->verification->ownership);
  EXPECT_TRUE(report->verification->behaviour);
  EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRolledBack);
  EXPECT_EQ(u.operation->stored.head.revisions.at(0).failure, "because");
  EXPECT_EQ(u.world.sink.phases(),
            (std::vector<std::string>{"locking", "undoing", "verifying", "recording"}));
}

TEST(UndoRun, NothingWrittenIsNothingToDo) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "1"));
  u.task.saved[0].before = u.live(config("a", ""));
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->objects[0].action, model::Action::kUnchanged);
}

TEST(UndoRun, AnUnansweredWriteIsWaitedForAndUndone) {
  for (const bool unsettled : {false, true}) {
    Undoing u;
    u.world.foreign_apply(config("a", "1"));
    u.world.foreign_apply(config("b", "1"));
    u.begin();
    u.write(config("a", "2"), true);
    if (!unsettled) {
      // Its write has not arrived yet.
      u.task.saved.push_back(
          {config("b", "").gvk(), config("b", "").ref(), u.live(config("b", "")), u.live(config("b", ""))});
      u.task.saved[1].after->json["data"]["key"] = "2";
      u.world.server.timeline().at(u.world.server.now() + Duration{3000}, [&u] {
        (void)u.world.server.act(ApplyRequest{config("b", "2"), "me", true, false, {}});
      });
    }
    u.task.unsettled = unsettled;
    u.task.quarantine_until = u.session->now() + Duration{5000};
    const auto begin = u.session->now();
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
    EXPECT_GE((u.session->now() - begin).count(), 5000);
    EXPECT_EQ(model::get_string(u.live(config("b", ""))->json, "/data/key"), "1");
    EXPECT_NE(u.world.sink.texts().find("unanswered"), std::string::npos);
  }
}

TEST(UndoRun, NobodyWaitsForWritesThatAreSettled) {
  for (const bool too_late : {false, true}) {
    Undoing u;
    u.world.foreign_apply(config("a", "1"));
    u.begin();
    u.write(config("a", "2"), true);
    u.task.quarantine_until = too_late ? u.session->now() : u.session->now() + Duration{60'000};
    u.task.unsettled = too_late;
    const auto begin = u.session->now();
    ASSERT_TRUE(u.undo());
    EXPECT_LT((u.session->now() - begin).count(), 5000);
  }
}

// A healthy Deployment is changed whose former image cannot be had any more.
void write_without_way_back(Undoing& u) {
  u.world.foreign_apply(deployment("web", kGood));
  u.world.server.run_for(Duration{30'000});
  u.begin();
  u.write(deployment("web", kBetter), true);
  u.task.saved[0].before->json["spec"]["template"]["spec"]["containers"][0]["image"] =
      "registry.example/web:does-not-exist";
}

TEST(UndoRun, WhatIsNotHealthyAgainMakesItIncomplete) {
  Undoing u;
  write_without_way_back(u);
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->behaviour);
  EXPECT_NE(all(report->verification->differences).find("Deployment default/web: not healthy again"),
            std::string::npos)
      << all(report->verification->differences);
  EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollbackIncomplete);
}

// What an earlier run put back has to become healthy too, or it was not rolled back.
TEST(UndoRun, WhatIsStillNotHealthyAgainStaysIncomplete) {
  for (const auto phase : {journal::Phase::kRollingBack, journal::Phase::kRollbackIncomplete}) {
    Undoing u;
    write_without_way_back(u);
    ASSERT_TRUE(u.undo());
    // As the next run finds it.
    u.operation->stored.head.phase = phase;
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->objects[0].action, model::Action::kUnchanged);
    EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
    EXPECT_FALSE(report->verification->behaviour);
  }
}

TEST(UndoRun, WhatWasNotHealthyBeforeIsNotWaitedFor) {
  Undoing u;
  u.world.foreign_apply(deployment("web", "registry.example/web:does-not-exist"));
  u.world.server.run_for(Duration{5000});
  u.begin();
  u.write(deployment("web", kBetter), true);
  const auto begin = u.session->now();
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_LT((u.session->now() - begin).count(), 10'000);
}

// As the deploy was judged: the conventions may call an object ready of which the user's rule knows better,
// and the other way round.
TEST(UndoRun, TheRulesOfTheUserSayWhatWasHealthyBefore) {
  for (const bool healthy : {true, false}) {
    Undoing u;
    model::Json rule = *model::parse_json(R"({"group": "", "kind": "ConfigMap", "otherwise": "InProgress",
      "cases": [{"status": "Current", "when": {"path": "data.key"}}]})");
    rule["cases"][0]["when"]["equals"] = healthy ? "1" : "other";
    const auto rules = status::read_rules(model::Json::array({rule}), "user");
    ASSERT_TRUE(rules) << rules.error().to_string();
    u.world.options.health_rules = *rules;
    u.world.foreign_apply(config("a", "1"));
    u.begin();
    u.write(config("a", "2"), true);
    const auto begin = u.session->now();
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
    EXPECT_LT((u.session->now() - begin).count(), 10'000);
    EXPECT_EQ(report->objects[0].health.status == model::HealthStatus::kCurrent, healthy);
  }
}

TEST(UndoRun, TheReportSaysWhatBecameOfEachObject) {
  Undoing u;
  u.world.foreign_apply(config("changed", "1"));
  u.world.foreign_apply(config("same", "1"));
  u.begin();
  u.write(config("changed", "2"), true);
  u.write(config("created", "1"));
  u.task.saved.push_back({config("same", "").gvk(), config("same", "").ref(), u.live(config("same", "")),
                          u.live(config("same", ""))});
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->objects.size(), 3U);
  EXPECT_EQ(report->objects[0].action, model::Action::kRestored);
  EXPECT_EQ(report->objects[0].health.status, model::HealthStatus::kCurrent);
  EXPECT_EQ(report->objects[1].action, model::Action::kDeleted);
  EXPECT_EQ(report->objects[2].action, model::Action::kUnchanged);
  EXPECT_FALSE(u.live(config("created", "")));
}

TEST(UndoRun, RefusedWritesAreListed) {
  struct Row {
    const char* name;
    int refused_from;  // the n-th patch
    bool values;
    bool identity;
    const char* says;
  };
  for (const Row& row : {Row{"values", 1, false, true, "403"},
                         Row{"ownership", 2, true, true, "field ownership is not as it was"}}) {
    Undoing u;
    u.world.foreign_apply(config("a", "1"));
    u.begin();
    u.write(config("a", "2"), true);
    int patches = 0;
    u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      return info.verb == "patch" && ++patches >= row.refused_from ? status(403) : sim::Fault{};
    };
    const auto begin = u.session->now();
    const auto report = u.undo();
    ASSERT_TRUE(report) << row.name;
    EXPECT_LT((u.session->now() - begin).count(), 10'000) << row.name << ": it is not on its way out";
    EXPECT_EQ(report->verification->values, row.values) << row.name;
    EXPECT_EQ(report->verification->identity, row.identity) << row.name;
    EXPECT_FALSE(report->verification->ownership) << row.name;
    EXPECT_EQ(report->objects[0].action, model::Action::kFailed) << row.name;
    EXPECT_NE(all(report->verification->differences).find(row.says), std::string::npos)
        << all(report->verification->differences);
    EXPECT_EQ(report->result,
              row.values ? model::DeployResult::kRolledBack : model::DeployResult::kRollbackIncomplete);
  }
}

// The values were put back and the API server was away when their ownership was to follow.
TEST(UndoRun, OwnershipThatCouldNotBeWrittenIsWrittenInTheNextRound) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  const Picture before = u.world.picture();
  u.begin();
  u.write(config("a", "2"), true);
  int patches = 0;
  u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    return info.verb == "patch" && ++patches == 2 ? status(403) : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(patches, 3);
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_TRUE(report->verification->ownership) << all(report->verification->differences);
  EXPECT_EQ(report->objects[0].action, model::Action::kRestored);
  EXPECT_EQ(differences(before, u.world.picture()), "");
}

TEST(UndoRun, ARefusedDeletionIsListed) {
  Undoing u;
  u.begin();
  u.write(config("new", "1"));
  u.world.server.faults.on_request = [](const sim::RequestInfo& info) {
    return info.verb == "delete" ? status(403) : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->identity);
  EXPECT_TRUE(report->verification->values);
  EXPECT_NE(all(report->verification->differences).find("403"), std::string::npos);
}

TEST(UndoRun, SomebodyWhoWritesBetweenRoundsIsAnswered) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.world.foreign_apply(config("b", "1"));
  u.world.foreign_apply(config("same", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  u.write(config("b", "2"), true);
  u.write(config("new", "1"));
  const model::Object same = *u.live(config("same", ""));
  u.task.saved.push_back({same.gvk(), same.ref(), same, same});
  // A write of the operation that was thought to be settled arrives when the values have been put back.
  bool done = false;
  u.world.server.store().listen([&](const sim::Change& change) {
    if (done || !change.after || change.after->name() != "a" ||
        model::get_string(change.after->json, "/data/key") != "1")
      return;
    done = true;
    u.world.server.timeline().at(u.world.server.now() + Duration{5}, [&u] {
      (void)u.world.server.act(ApplyRequest{config("a", "2"), "me", true, false, {}});
    });
  });
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "1");
  EXPECT_EQ(report->objects[0].action, model::Action::kRestored);
  // What the first round did counts though the second had nothing to do there.
  EXPECT_EQ(report->objects[1].action, model::Action::kRestored);
  EXPECT_EQ(report->objects[2].action, model::Action::kDeleted);
  EXPECT_EQ(report->objects[3].action, model::Action::kUnchanged);
}

// Its volume may hold data by now.
TEST(UndoRun, ACreatedClaimIsKeptAndNotWaitedFor) {
  Undoing u;
  u.begin();
  model::Object claim{*model::parse_json(R"({"apiVersion":"v1","kind":"PersistentVolumeClaim",
    "metadata":{"name":"data","namespace":"default"},"spec":{"accessModes":["ReadWriteOnce"],
    "resources":{"requests":{"storage":"1Gi"}}}})")};
  u.write(claim);
  const auto begin = u.session->now();
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_LT((u.session->now() - begin).count(), 10'000);
  EXPECT_EQ(report->objects[0].action, model::Action::kSkipped);
  EXPECT_NE(all(report->verification->differences).find("kept"), std::string::npos);
  EXPECT_TRUE(u.live(claim));
}

TEST(UndoRun, AnObjectCreatedAnewIsNotWaitedFor) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  u.world.foreign_delete(config("a", ""));
  u.world.foreign_apply(config("a", "theirs"));
  const auto begin = u.session->now();
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_LT((u.session->now() - begin).count(), 10'000);
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->identity);
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "theirs");
}

TEST(UndoRun, AKindThatWasNotDefinedYetHoldsNothing) {
  const model::Object definition{*model::parse_json(R"({"apiVersion":"apiextensions.k8s.io/v1",
    "kind":"CustomResourceDefinition","metadata":{"name":"things.example.com"},"spec":{"group":"example.com",
    "names":{"kind":"Thing","plural":"things"},"scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true}]}})")};
  const model::Object thing{*model::parse_json(
      R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"t","namespace":"default"}})")};
  const auto defining = [&](const char* group, const char* kind) {
    model::Object out = definition;
    out.json["spec"]["group"] = group;
    out.json["spec"]["names"]["kind"] = kind;
    return out;
  };
  struct Row {
    const char* name;
    std::optional<model::Object> defined;  // by the operation
    bool undone;
    std::optional<model::Object> definition_before;
  };
  const std::vector<Row> rows = {
      {"defined by the operation", definition, true, std::nullopt},
      // An aggregated API server that is down hides kinds, too.
      {"by nobody", std::nullopt, false, std::nullopt},
      {"another kind of the group", defining("example.com", "Other"), false, std::nullopt},
      {"the kind of another group", defining("example.org", "Thing"), false, std::nullopt},
      {"by a definition that was there", definition, false, definition},
  };
  for (const Row& row : rows) {
    Undoing u;
    u.begin();
    u.task.saved.push_back({thing.gvk(), thing.ref(), std::nullopt, thing});
    u.task.saved.push_back({config("x", "1").gvk(), config("x", "1").ref(), std::nullopt, std::nullopt});
    if (row.defined)
      u.task.saved.push_back({definition.gvk(), definition.ref(), row.definition_before, row.defined});
    const auto report = u.undo();
    ASSERT_TRUE(report) << row.name << ": " << report.error().to_string();
    EXPECT_EQ(report->result,
              row.undone ? model::DeployResult::kRolledBack : model::DeployResult::kPartlyUndone)
        << row.name;
    const bool named =
        all(report->verification->differences).find(thing.ref().to_string()) != std::string::npos;
    EXPECT_EQ(named, !row.undone) << row.name;
  }
}

TEST(UndoRun, WithoutTheLockNothingIsWritten) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  u.operation->stored.head.phase = journal::Phase::kRollingBack;
  u.session->keep(nullptr);
  const auto report = u.undo();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code->name, "release.lock-lost");
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "2");
}

TEST(UndoRun, AnInterruptionLeavesItToARecovery) {
  for (const std::int64_t after : {0, 2000}) {
    Undoing u;
    u.world.foreign_apply(deployment("web", kGood));
    u.world.server.run_for(Duration{30'000});
    u.begin();
    u.write(deployment("web", kBetter), true);
    u.task.saved[0].before->json["spec"]["template"]["spec"]["containers"][0]["image"] =
        "registry.example/web:does-not-exist";
    u.world.client().interrupt(2, Duration{after});
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kInterrupted) << after;
    EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollingBack);
  }
}

TEST(UndoRun, AnInterruptionWhileEverythingIsFoundPutBackLeavesTheRecordToARecovery) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  sim::Fault interrupt;
  interrupt.kind = sim::Fault::Kind::kInterrupt;
  u.world.server.faults.on_request = sim::at_match("get", "ConfigMap", 2, interrupt);
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kInterrupted);
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "1");
  EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollingBack);
}

TEST(UndoRun, AnInterruptionEndsTheWaitForADeletion) {
  Undoing u;
  u.begin();
  auto held = config("new", "1");
  held.json["metadata"]["finalizers"] = {"example.com/wait"};
  u.write(held);
  u.world.client().interrupt(2, Duration{5000});
  const auto begin = u.session->now();
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kInterrupted);
  EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollingBack);
  EXPECT_LE((u.session->now() - begin).count(), 10'000);
}

TEST(UndoRun, WhatWasWrittenInAnEarlierRoundCounts) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.world.foreign_apply(config("b", "1"));
  u.world.foreign_apply(deployment("web", kGood));
  u.world.server.run_for(Duration{30'000});
  u.begin();
  u.write(config("a", "2"), true);
  u.write(deployment("web", kBetter), true);
  u.write(config("b", "2"), true);
  u.task.saved[1].before->json["spec"]["template"]["spec"]["containers"][0]["image"] =
      "registry.example/web:does-not-exist";
  u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    return info.verb == "patch" && info.ref.name == "a" ? status(403) : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_EQ(report->objects[0].action, model::Action::kFailed);
  EXPECT_EQ(report->objects[1].action, model::Action::kRestored);
  EXPECT_EQ(report->objects[2].action, model::Action::kRestored);
  EXPECT_NE(all(report->verification->differences).find("Deployment default/web: not healthy again"),
            std::string::npos)
      << "it is waited for after every round";
}

TEST(UndoRun, WhatIsLostAfterItWasPutBackIsLost) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  bool done = false;
  u.world.server.store().listen([&](const sim::Change& change) {
    if (done || !change.after || change.after->name() != "a" ||
        model::get_string(change.after->json, "/data/key") != "1")
      return;
    done = true;
    u.world.server.timeline().at(u.world.server.now() + Duration{5},
                                 [&u] { u.world.foreign_delete(config("a", "")); });
  });
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->identity);
  EXPECT_EQ(report->objects[0].action, model::Action::kFailed);
  EXPECT_EQ(report->objects[0].message, "someone deleted it meanwhile");
}

TEST(UndoRun, TheLockLostWhileItWaitsForHealthEndsIt) {
  Undoing u;
  u.world.foreign_apply(deployment("web", kGood));
  u.world.server.run_for(Duration{30'000});
  u.begin();
  u.write(deployment("web", kBetter), true);
  // It will never be healthy, and a renewal is due soon.
  u.task.saved[0].before->json["spec"]["template"]["spec"]["containers"][0]["image"] =
      "registry.example/web:does-not-exist";
  u.world.server.run_for(Duration{3000});
  u.world.server.timeline().at(u.world.server.now() + Duration{100}, [&u] {
    model::Object lease = *u.world.get("Lease", "instantexec-web", "coordination.k8s.io");
    lease.json["spec"]["holderIdentity"] = "somebody";
    ASSERT_TRUE(u.world.server.act(ReplaceRequest{lease, "", false}).ok());
  });
  const auto report = u.undo();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code->name, "release.lock-lost");
  EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollingBack);
}

// The n-th request of that kind is refused for good.
TEST(UndoRun, WhatCannotBeReadOrRecordedEndsIt) {
  struct Row {
    const char* name;
    const char* verb;
    const char* kind;
    int n;
    bool refuse_patches;  // so that there is another round
    bool unsettled;
  };
  for (const Row& row : {Row{"the first look", "get", "ConfigMap", 1, false, false},
                         Row{"the verification", "get", "ConfigMap", 2, false, false},
                         Row{"after a late write", "get", "ConfigMap", 2, false, true},
                         Row{"the second round", "get", "ConfigMap", 3, true, false},
                         Row{"that it goes back", "replace", "Secret", 1, false, false},
                         Row{"that it has gone back", "replace", "Secret", 2, false, false}}) {
    Undoing u;
    u.world.foreign_apply(config("a", "1"));
    u.begin();
    u.write(config("a", "2"), true);
    u.task.unsettled = row.unsettled;
    if (row.unsettled) u.task.quarantine_until = u.session->now() + Duration{5000};
    int seen = 0;
    u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      if (row.refuse_patches && info.verb == "patch") return status(403);
      // A record that admission or a missing right refuses is tried again (refused_record_test.cc).
      const int code = info.ref.kind == std::string("Secret") ? 405 : 403;
      return info.verb == row.verb && info.ref.kind == row.kind && ++seen >= row.n ? status(code)
                                                                                   : sim::Fault{};
    };
    EXPECT_FALSE(u.undo()) << row.name;
    EXPECT_EQ(seen, row.n) << row.name;
  }
}

// The catalog cannot be had: then a kind may exist, and what is of it is looked for.
TEST(UndoRun, WithoutACatalogEverythingIsLookedFor) {
  Undoing u;
  NoCatalog cluster;
  cluster.real = &u.world.client();
  u.begin(&cluster);
  u.write(config("new", "1"));
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_FALSE(u.live(config("new", "")));
}

// What is kept is not waited for, in the second run either.
TEST(UndoRun, WhatIsKeptIsKeptByTheNextRunToo) {
  Undoing u;
  u.begin();
  u.write(model::Object{*model::parse_json(R"({"apiVersion":"v1","kind":"PersistentVolumeClaim",
    "metadata":{"name":"data","namespace":"default"},"spec":{"accessModes":["ReadWriteOnce"],
    "resources":{"requests":{"storage":"1Gi"}}}})")});
  u.operation->stored.head.phase = journal::Phase::kRollingBack;
  const auto begin = u.session->now();
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->verification->kept, 1U);
  EXPECT_LT((u.session->now() - begin).count(), 10'000);
}

// Nothing can be put back before the record says so when nothing can be read.
TEST(UndoRun, WhatCannotBeReadWhileTheRecordIsRefusedEndsIt) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  u.world.server.faults.on_request = [](const sim::RequestInfo& info) {
    const bool record = info.verb == "replace" && info.ref.kind == "Secret";
    return record || info.ref.kind == "ConfigMap" ? status(403) : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().code->name, "record.refused");
}

// A user who wants to stop does not wait until the record is accepted.
TEST(UndoRun, AnInterruptionEndsTheWaitForARefusedRecord) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  int refused = 0;
  u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (info.verb == "replace" && info.ref.kind == "Secret") return ++refused, status(403);
    const bool renewal = info.verb == "replace" && info.ref.kind == "Lease" && refused > 1;
    return renewal ? sim::Fault{sim::Fault::Kind::kInterrupt} : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code->name, "record.refused");
  EXPECT_LT(refused, 8);
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "1");
}

// What is still there needs no wait: a late creation can do nothing.
TEST(UndoRun, ACreationThatCouldNotBeDeletedIsNotWaitedFor) {
  Undoing u;
  u.begin();
  u.write(config("a", "1"));
  u.task.quarantine_until = u.session->now() + Duration{5'000'000};
  u.world.server.faults.on_request = [](const sim::RequestInfo& info) {
    return info.verb == "delete" ? status(403) : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_LT(u.session->now(), *u.task.quarantine_until);
}

}  // namespace
}  // namespace instantexec::engine
