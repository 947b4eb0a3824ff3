#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kMissing = "registry.example/web:does-not-exist";
const std::string kCrashing = "registry.example/web:crash";

TEST(Undo, AFailedFirstReleaseLeavesNothing) {
  World world;
  const auto before = world.picture();
  const auto report = world.deploy({config("c", "1"), secret("s", "x"), deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->revision, 0);
  ASSERT_TRUE(report->verification);
  EXPECT_TRUE(report->verification->values);
  EXPECT_TRUE(report->verification->identity);
  EXPECT_EQ(differences(before, world.picture()), "");
  ASSERT_TRUE(report->cause);
  EXPECT_EQ(report->cause->object.name, "web");
  EXPECT_NE(report->cause->summary, "");
}

TEST(Undo, AFailedUpdateIsAsItWas) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), secret("s", "x"), deployment("web", kGood), service("web")}),
            "deployed");
  const auto before = world.picture();
  const auto report =
      world.deploy({config("c", "2"), config("new", "1"), secret("s", "y"), deployment("web", kCrashing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->revision, 1);
  EXPECT_EQ(differences(before, world.picture()), "");
  EXPECT_TRUE(report->verification->values && report->verification->identity);
  EXPECT_TRUE(report->verification->ownership && report->verification->behaviour);
  EXPECT_TRUE(report->verification->differences.empty()) << report->verification->differences[0];
  EXPECT_EQ(model::get_int(world.get("Deployment", "web", "apps")->json, "/status/availableReplicas"), 2);
  EXPECT_NE(world.get("Service", "web"), nullptr) << "pruning comes after the commit point";
  const auto revisions = history(world.environment(), world.options);
  EXPECT_EQ((*revisions)[0].result, "rolled_back");
  EXPECT_NE((*revisions)[0].failure, "");
  EXPECT_TRUE((*revisions)[1].in_force);
  // Everything is in order for the next one.
  EXPECT_EQ(world.deploy_word({config("c", "3"), deployment("web", kGood)}), "deployed");
}

TEST(Undo, GivesForcedFieldsBackToTheirOwner) {
  World world;
  world.foreign_apply(config("c", "theirs"));
  const auto before = world.picture();
  world.options.force_conflicts = true;
  const auto report = world.deploy({config("c", "ours"), deployment("web", kMissing)});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(differences(before, world.picture()), "");
}

// With ordered updates its controller waits for ever for a pod that cannot become ready
// (kubernetes/kubernetes#67250). Where it does not wait, no pod is touched.
TEST(Undo, APodThatKeepsItsStatefulSetFromGoingBackIsDeletedOnce) {
  for (const bool ordered : {true, false}) {
    World world;
    const auto set = [ordered](const std::string& image) {
      model::Object out = deployment("db", image, 2);
      out.json["kind"] = "StatefulSet";
      out.json["spec"]["serviceName"] = "db";
      if (!ordered) out.json["spec"]["podManagementPolicy"] = "Parallel";
      return out;
    };
    ASSERT_EQ(world.deploy_word({set(kGood)}), "deployed");
    const auto before = world.picture();
    std::vector<std::string> deleted;
    world.server.faults.on_request = [&deleted](const sim::RequestInfo& info) {
      if (info.verb == "delete" && info.ref.kind == "Pod") deleted.push_back(info.ref.name);
      return sim::Fault{};
    };
    const auto report = world.deploy({set(kMissing)});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(differences(before, world.picture()), "");
    EXPECT_EQ(deleted, ordered ? std::vector<std::string>{"db-1"} : std::vector<std::string>{});
    if (!ordered) continue;
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
    EXPECT_TRUE(report->verification->behaviour);
    EXPECT_EQ(model::get_int(world.get("StatefulSet", "db", "apps")->json, "/status/readyReplicas"), 2);
    EXPECT_NE(world.sink.texts().find("Pod default/db-1, which keeps its StatefulSet"), std::string::npos);
  }
}

// A run that dies between the two leaves it to the next; a deletion that is turned away is tried again.
TEST(Undo, APodThatKeepsItsStatefulSetFromGoingBackIsDeletedByTheNextRun) {
  World world;
  const auto set = [](const std::string& image) {
    model::Object out = deployment("db", image, 2);
    out.json["kind"] = "StatefulSet";
    out.json["spec"]["serviceName"] = "db";
    return out;
  };
  ASSERT_EQ(world.deploy_word({set(kGood)}), "deployed");
  const auto before = world.picture();
  int turned_away = 0;
  bool died = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb != "delete" || info.ref.kind != "Pod") return fault;
    if (!std::exchange(died, true))
      fault.kind = sim::Fault::Kind::kDie;
    else if (turned_away++ == 0)
      fault = {sim::Fault::Kind::kAnswer, 429, Duration{0}, 2};
    return fault;
  };
  EXPECT_THROW((void)world.deploy({set(kMissing)}), Killed);
  world.restart();
  const auto report = world.recover();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(turned_away, 2) << "tried again once";
  EXPECT_EQ(model::get_int(world.get("StatefulSet", "db", "apps")->json, "/status/readyReplicas"), 2);
  EXPECT_EQ(differences(before, world.picture()), "");
}

TEST(Undo, CollectsLogsFirst) {
  World world;
  const auto report = world.deploy({deployment("web", kCrashing)});
  ASSERT_TRUE(report && report->cause);
  EXPECT_FALSE(report->cause->logs.empty());
  const auto audit = world.server.audit();
  const auto first = [&](const std::string& verb) {
    return std::find_if(audit.begin(), audit.end(), [&](const auto& entry) { return entry.verb == verb; });
  };
  EXPECT_LT(first("logs") - audit.begin(), first("delete") - audit.begin());
}

TEST(Undo, CanBeSwitchedOff) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), config("old", "1")}), "deployed");
  world.options.rollback_on_failure = false;
  const auto report = world.deploy({config("c", "2"), deployment("web", kMissing)});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kFailedKept);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "2");
  EXPECT_NE(world.get("ConfigMap", "old"), nullptr);
  EXPECT_EQ(release_status(world.environment(), world.options)->not_undone, 2);
  // One that is undone leaves it as it was, and that is still not the revision in force.
  world.options.rollback_on_failure = true;
  EXPECT_EQ(world.deploy_word({config("c", "4"), deployment("bad", kMissing)}), "rolled_back");
  EXPECT_EQ(release_status(world.environment(), world.options)->not_undone, 2);
  // A later good release cleans up after both.
  EXPECT_EQ(world.deploy_word({config("c", "2")}), "deployed");
  EXPECT_EQ(world.get("Deployment", "web", "apps"), nullptr);
  EXPECT_EQ(world.get("ConfigMap", "old"), nullptr);
}

// A creation of which nobody heard belongs to what is kept, so that the next release knows of it. It may come
// late.
TEST(Undo, SwitchedOffItKeepsWhatWasCreatedWithoutAnAnswer) {
  for (const auto kind : {sim::Fault::Kind::kDropAnswer, sim::Fault::Kind::kLateCommit}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
    world.options.rollback_on_failure = false;
    world.server.faults.on_request = [&, reads = 0, sent = 0](const sim::RequestInfo& info) mutable {
      sim::Fault fault;
      if (info.ref.name != "new") return fault;
      if (info.verb == "apply" && !info.dry_run && ++sent == 1) return sim::Fault{kind, 0, Duration{20'000}};
      constexpr int kUntilItGivesUp = 8;
      if (sent > 0 && info.verb == "get" && ++reads <= kUntilItGivesUp) {
        fault = {sim::Fault::Kind::kAnswer, 500};
      }
      return fault;
    };
    EXPECT_EQ(world.deploy_word({config("c", "2"), config("new", "1")}), "failed_kept");
    world.server.faults.on_request = nullptr;
    EXPECT_NE(world.get("ConfigMap", "new"), nullptr);
    world.restart();
    world.options.rollback_on_failure = true;
    EXPECT_EQ(world.deploy_word({config("c", "2")}), "deployed");
    EXPECT_EQ(world.get("ConfigMap", "new"), nullptr) << "nobody would ever have pruned it";
  }
}

TEST(Undo, SwitchedOffItNamesWhatItMayHaveCreated) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.options.rollback_on_failure = false;
  world.server.faults.on_request = [sent = false](const sim::RequestInfo& info) mutable {
    sim::Fault fault;
    if (info.ref.name != "new") return fault;
    if (info.verb == "apply" && !info.dry_run) {
      sent = true;
      return sim::Fault{sim::Fault::Kind::kDropAnswer};
    }
    if (sent && info.verb == "get") fault = {sim::Fault::Kind::kAnswer, 403};
    return fault;
  };
  const auto report = world.deploy({config("c", "2"), config("new", "1")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kFailedKept);
  EXPECT_THAT(report->warnings,
              testing::Contains(testing::HasSubstr("ConfigMap default/new may have been created")));
}

TEST(Undo, ARefusedWriteHalfWayIsUndone) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1"), config("c", "1")}), "deployed");
  const auto before = world.picture();
  // The rights are taken away in the middle: one write is refused though its dry-run was not.
  int writes = 0;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (info.verb != "apply" || info.dry_run || ++writes != 2) return {};
    sim::Fault fault;
    fault.kind = sim::Fault::Kind::kAnswer;
    fault.http_status = 403;
    return fault;
  };
  const auto report = world.deploy({config("a", "2"), config("b", "2"), config("c", "2")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  ASSERT_TRUE(report->cause);
  EXPECT_EQ(differences(before, world.picture()), "");
}

TEST(Undo, KeepsWhatOthersSetMeanwhileAndSaysSo) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  world.server.run_for(Duration{5'000});  // the times of the writes differ
  bool edited = false;
  world.server.store().listen([&](const sim::Change& change) {
    // As soon as our value is there, somebody else changes it and adds a field.
    if (edited || !change.after || change.after->name() != "c") return;
    if (model::get_string(change.after->json, "/data/key") != "2") return;
    edited = true;
    world.server.timeline().at(world.server.now() + Duration{100}, [&] {
      auto theirs = config("c", "3");
      theirs.json["data"]["extra"] = "x";
      world.foreign_apply(theirs);
    });
  });
  const auto report = world.deploy({config("c", "2"), deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(world.get("ConfigMap", "c")->json["data"], (model::Json{{"key", "3"}, {"extra", "x"}}));
  EXPECT_EQ(report->verification->differences,
            (std::vector<std::string>{
                "ConfigMap default/c: /data/key keeps what someone else set meanwhile",
                "ConfigMap default/c: /data/extra was changed by someone else meanwhile, and stays so"}));
  EXPECT_TRUE(report->verification->values);
}

// Only our part of it is put back, so it must not be taken for one that was never written.
TEST(Undo, AValueThatDoesNotHoldIsNoticed) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  world.server.run_for(Duration{5'000});
  // Somebody adds a field, and a policy sets the released value again as often as it is put back.
  bool failing = false;
  world.server.store().listen([&](const sim::Change& change) {
    if (!change.after || change.after->name() != "c") return;
    const std::string key = model::get_string(change.after->json, "/data/key");
    failing = failing || key == "2";
    if (!failing || (key == "2" && change.after->json["data"].contains("extra"))) return;
    world.server.timeline().at(world.server.now(), [&world] {
      auto theirs = config("c", "2");
      theirs.json["data"]["extra"] = "x";
      world.foreign_apply(theirs);
    });
  });
  const auto report = world.deploy({config("c", "2"), deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "c")->json, "/data/key"), "2");
  for (const std::string& line : report->verification->differences) {
    EXPECT_EQ(line.find("before it was written"), std::string::npos) << line;
  }
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
}

// Its owners cannot be given back, which is no reason not to look at its health.
TEST(Undo, WhatIsNotWellAgainIsSaidWhateverBecameOfItsOwners) {
  World world;
  ASSERT_EQ(world.deploy_word({deployment("web", kGood)}), "deployed");
  auto broken = deployment("web", kMissing);
  broken.json["spec"]["strategy"] = {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 2}}}};
  world.server.faults.on_request = [&world, broken, patches = 0](const sim::RequestInfo& info) mutable {
    if (info.verb != "patch" || info.ref.name != "web") return sim::Fault{};
    if (++patches == 1) return sim::Fault{};
    // Somebody breaks it as soon as its values are back.
    if (patches == 2) world.foreign_apply(broken);
    return sim::Fault{sim::Fault::Kind::kAnswer, 403};
  };
  const auto report = world.deploy({deployment("web", kCrashing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->behaviour);
}

// It had no entry of ours before, and has none again: that does not mean that it was never written.
TEST(Undo, OfAnAdoptedObjectKnowsThatItWasWritten) {
  World world;
  world.foreign_apply(config("c", "1"));
  world.server.run_for(Duration{5'000});
  world.options.force_conflicts = true;
  world.options.adopt = true;
  world.server.store().listen([&world, edited = false](const sim::Change& change) mutable {
    if (edited || !change.after || change.after->name() != "c") return;
    if (model::get_string(change.after->json, "/data/key") != "2") return;
    edited = true;
    world.server.timeline().at(world.server.now() + Duration{100}, [&world] {
      auto theirs = config("c", "2");
      theirs.json["data"] = {{"extra", "x"}};
      world.foreign_apply(theirs, "third");
    });
  });
  const auto report = world.deploy({config("c", "2"), deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(world.get("ConfigMap", "c")->json["data"], (model::Json{{"key", "1"}, {"extra", "x"}}));
  EXPECT_EQ(report->verification->differences,
            std::vector<std::string>{
                "ConfigMap default/c: /data/extra was changed by someone else meanwhile, and stays so"});
}

// Many fields of others are counted, not listed.
TEST(Undo, NamesAFewOfManyFieldsThatOthersChanged) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.server.store().listen([&world, edited = false](const sim::Change& change) mutable {
    if (edited || !change.after || change.after->name() != "c") return;
    edited = true;
    world.server.timeline().at(world.server.now() + Duration{100}, [&world] {
      auto theirs = config("c", "2");
      theirs.json["data"].clear();
      for (int i = 0; i < 25; ++i) theirs.json["data"]["field" + std::to_string(i)] = "x";
      world.foreign_apply(theirs);
    });
  });
  const auto report = world.deploy({config("c", "2"), deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  ASSERT_EQ(report->verification->differences.size(), 21U);
  EXPECT_EQ(report->verification->differences.back(), "ConfigMap default/c: so were 5 more fields");
}

TEST(Undo, AnObjectThatOthersDeletedMakesItIncomplete) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood)}), "deployed");
  bool deleted = false;
  world.server.store().listen([&](const sim::Change& change) {
    if (deleted || !change.after || change.after->name() != "c") return;
    if (model::get_string(change.after->json, "/data/key") != "2") return;
    deleted = true;
    world.server.timeline().at(world.server.now() + Duration{100},
                               [&] { world.foreign_delete(config("c", "")); });
  });
  const auto report = world.deploy({config("c", "2"), deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->identity);
  EXPECT_THAT(report->verification->differences,
              testing::Contains("ConfigMap default/c: someone deleted it meanwhile"));
  EXPECT_EQ(model::get_string(world.get("Deployment", "web", "apps")->json,
                              "/spec/template/spec/containers/0/image"),
            kGood);
}

TEST(Undo, KeepsNewClaimsAndSaysSo) {
  World world;
  const model::Object claim{*model::parse_json(R"({"apiVersion":"v1","kind":"PersistentVolumeClaim",
    "metadata":{"name":"data","namespace":"default"},"spec":{"accessModes":["ReadWriteOnce"],
    "resources":{"requests":{"storage":"1Gi"}}}})")};
  world.options.timeout = std::chrono::seconds(20);
  const auto report = world.deploy({claim, deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_NE(world.get("PersistentVolumeClaim", "data"), nullptr);
  ASSERT_EQ(report->verification->differences.size(), 1U);
  EXPECT_EQ(report->verification->kept, 1U);
}

TEST(Undo, AForeignObjectThatAppearedIsLeftAsItWas) {
  World world;
  // Somebody creates the object after it was planned.
  bool created = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (info.verb == "apply" && !info.dry_run && !created) {
      created = true;
      world.foreign_apply(config("c", "1"));
    }
    return {};
  };
  const auto report = world.deploy({config("c", "1")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  const auto left = world.get("ConfigMap", "c");
  ASSERT_NE(left, nullptr);
  EXPECT_EQ(left->json["data"], (model::Json{{"key", "1"}}));
  EXPECT_TRUE(left->labels().empty());
  EXPECT_TRUE(left->annotations().empty());
}

TEST(Undo, ANamespaceIsDeletedOnlyWhenItHoldsNothingElse) {
  for (const bool used : {false, true}) {
    World world;
    const model::Object ns{
        *model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"extra"}})")};
    auto inside = config("inside", "1");
    inside.json["metadata"]["namespace"] = "extra";
    bool done = false;
    world.server.store().listen([&](const sim::Change& change) {
      if (!used || done || !change.after || change.after->name() != "inside") return;
      done = true;
      world.server.timeline().at(world.server.now() + Duration{100}, [&] {
        auto theirs = config("theirs", "1");
        theirs.json["metadata"]["namespace"] = "extra";
        world.foreign_apply(theirs);
      });
    });
    const auto report = world.deploy({ns, inside, deployment("web", kMissing)});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack) << used;
    EXPECT_EQ(world.server.get({"", "Namespace", "", "extra"}) != nullptr, used);
    EXPECT_EQ(world.server.get({"", "ConfigMap", "extra", "inside"}), nullptr);
    EXPECT_EQ(report->verification->differences.size(), used ? 1U : 0U);
  }
}

TEST(Undo, TheNamespaceOfTheReleaseStaysAndIsReported) {
  World world;
  world.options.ns = "fresh";
  const model::Object ns{
      *model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"fresh"}})")};
  auto web = deployment("web", kMissing);
  web.json["metadata"]["namespace"] = "fresh";
  const auto report = world.deploy({ns, web});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_NE(world.server.get({"", "Namespace", "", "fresh"}), nullptr);
  EXPECT_EQ(world.server.get({"apps", "Deployment", "fresh", "web"}), nullptr);
  ASSERT_EQ(report->verification->differences.size(), 1U);
  EXPECT_NE(report->verification->differences[0].find("Namespace fresh: kept"), std::string::npos);
}

// A run that died between the namespace and its first record has left nothing but the namespace. A recovery
// takes it back, unless somebody uses it by now, or may be about to.
TEST(Undo, ANamespaceWithoutARecordIsTakenBackByARecovery) {
  struct Row {
    const char* name;
    Duration later{0};
    bool used = false;
    const char* result;
  };
  for (const Row& row : {Row{"left", std::chrono::minutes(6), false, "rolled_back"},
                         Row{"used by somebody", std::chrono::minutes(6), true, "nothing_to_do"},
                         Row{"created a moment ago", std::chrono::minutes(4), false, "nothing_to_do"}}) {
    for (const char* died : {"create Lease", "create Secret"}) {
      World world;
      world.options.ns = "fresh";
      const model::Object ns{
          *model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"fresh"}})")};
      auto inside = config("inside", "1");
      inside.json["metadata"]["namespace"] = "fresh";
      world.server.faults.on_request = [&](const sim::RequestInfo& info) {
        sim::Fault fault;
        if (info.verb + " " + info.ref.kind == died) fault.kind = sim::Fault::Kind::kDie;
        return fault;
      };
      EXPECT_THROW((void)world.deploy({ns, inside}), Killed);
      world.server.faults.on_request = nullptr;
      ASSERT_NE(world.server.get(ns.ref()), nullptr);
      world.server.run_for(row.later);
      if (row.used) world.foreign_apply(inside);
      world.restart();
      const auto report = world.recover();
      EXPECT_EQ(word(report), row.result) << row.name << ", " << died;
      const bool stays = row.result != std::string("rolled_back");
      world.server.run_for(Duration{5'000});
      EXPECT_EQ(world.server.get(ns.ref()) != nullptr, stays) << row.name << ", " << died;
      if (!stays && report) {
        EXPECT_EQ(report->objects.size(), 1U);
      }
      world.restart();
      EXPECT_EQ(word(world.recover()), "nothing_to_do");
    }
  }
}

// A run that died right after it had created the namespace of the release.
class Abandoned : public testing::Test {
 protected:
  void SetUp() override {
    world.options.ns = "fresh";
    inside.json["metadata"]["namespace"] = "fresh";
  }

  void die_at(const std::string& request) {
    world.server.faults.on_request = [request](const sim::RequestInfo& info) {
      const bool it = info.verb + " " + info.ref.kind == request && !info.dry_run;
      return it ? sim::Fault{sim::Fault::Kind::kDie} : sim::Fault{};
    };
    EXPECT_THROW((void)world.deploy({ns, inside}), Killed);
    world.server.faults.on_request = nullptr;
    world.server.run_for(std::chrono::minutes(6));
    world.restart();
  }

  World world;
  model::Object ns{
      *model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"fresh"}})")};
  model::Object inside = config("inside", "1");
};

TEST_F(Abandoned, ThatDoesNotGoAwayIsNotCalledGone) {
  die_at("create Lease");
  // Nobody can see whether it is gone.
  world.server.faults.on_request = [deleted = false](const sim::RequestInfo& info) mutable {
    if (info.ref.kind != "Namespace") return sim::Fault{};
    deleted = deleted || info.verb == "delete";
    return deleted && info.verb == "get" ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
  };
  const auto report = world.recover();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  EXPECT_FALSE(report->verification->identity);
  EXPECT_THAT(report->verification->differences,
              testing::Contains(testing::HasSubstr("its deletion is pending")));
}

// The process was stopped between its look into the namespace and the deletion; somebody else works there
// now.
TEST_F(Abandoned, IsNotDeletedOnceTheLockIsLost) {
  die_at("create Lease");
  bool taken = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (taken && info.verb == "replace" && info.ref.kind == "Lease")
      return sim::Fault{sim::Fault::Kind::kAnswer, 500};
    if (!taken && info.verb == "list" &&
        world.server.get({"coordination.k8s.io", "Lease", "fresh", "instantexec-web"})) {
      taken = true;
      world.server.timeline().at(world.server.now() + Duration{12'000}, [this] {
        auto lease = *world.server.get({"coordination.k8s.io", "Lease", "fresh", "instantexec-web"});
        lease.json["spec"]["holderIdentity"] = "another";
        lease.json["spec"]["leaseTransitions"] = 7;
        world.server.store().put(std::move(lease));
        world.foreign_apply(inside);
      });
      return sim::Fault{sim::Fault::Kind::kSlowAnswer, 0, Duration{15'000}};
    }
    return sim::Fault{};
  };
  const auto report = world.recover();
  EXPECT_EQ(word(report), "nothing_to_do");
  EXPECT_TRUE(taken);
  ASSERT_NE(world.server.get(ns.ref()), nullptr);
  EXPECT_FALSE(world.server.get(ns.ref())->terminating());
  EXPECT_THAT(report->warnings, testing::Contains(testing::HasSubstr("the lock was lost")));
}

// While it waited for the lock, somebody began with the release and died.
TEST_F(Abandoned, WithARecordByNowIsRecovered) {
  die_at("apply ConfigMap");
  std::vector<model::Object> records;
  for (const auto& [ref, object] : world.server.store().all()) {
    if (ref.kind == "Secret" && ref.ns == "fresh") records.push_back(*object);
  }
  for (model::Object& record : records) {
    world.foreign_delete(record);
    record.json["metadata"].erase("ownerReferences");
    record.json["metadata"].erase("resourceVersion");
  }
  world.foreign_delete(*world.server.get({"coordination.k8s.io", "Lease", "fresh", "instantexec-web"}));
  world.server.faults.on_request = [&, done = false](const sim::RequestInfo& info) mutable {
    if (!done && info.verb == "create" && info.ref.kind == "Lease") {
      done = true;
      for (model::Object& record : records) world.server.store().put(record);
    }
    return sim::Fault{};
  };
  EXPECT_EQ(word(world.recover()), "rolled_back");
}

// Without the mark of a run it is somebody else's.
TEST(Undo, ANamespaceOfOthersIsNoBusinessOfARecovery) {
  World world;
  world.options.ns = "fresh";
  world.foreign_apply(
      {*model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"fresh"}})")});
  world.server.run_for(std::chrono::minutes(6));
  EXPECT_EQ(word(world.recover()), "nothing_to_do");
  EXPECT_NE(world.server.get({"", "Namespace", "", "fresh"}), nullptr);
}

// The server answers 422 for an object of the same name with another UID, and 409 when there is none.
TEST(Fence, AnObjectCreatedAnewIsNotTouched) {
  for (const bool anew : {true, false}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
    bool replaced = false;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
      if (info.verb != "apply" || info.dry_run || replaced) return {};
      replaced = true;
      world.foreign_delete(config("c", ""));
      if (anew) world.foreign_apply(config("c", "theirs"));
      return {};
    };
    const auto report = world.deploy({config("c", "2")});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete) << "what was there cannot come back";
    ASSERT_FALSE(report->objects.empty());
    EXPECT_NE(report->objects[0].message.find("someone deleted it"), std::string::npos)
        << report->objects[0].message;
    const auto left = world.get("ConfigMap", "c");
    EXPECT_EQ(left != nullptr, anew);
    if (left) {
      EXPECT_EQ(left->json["data"], (model::Json{{"key", "theirs"}}));
    }
  }
}

TEST(Fence, ARefusalOfTheObjectItselfIsReportedAsSuch) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  const Picture before = world.picture();
  sim::Fault invalid;
  invalid.kind = sim::Fault::Kind::kAnswer;
  invalid.http_status = 422;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    return info.verb == "apply" && !info.dry_run ? invalid : sim::Fault{};
  };
  const auto report = world.deploy({config("c", "2")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  ASSERT_TRUE(report->cause);
  EXPECT_NE(report->cause->summary.find("422"), std::string::npos) << report->cause->summary;
  EXPECT_EQ(differences(before, world.picture()), "");
}

TEST(Undo, AStuckDeletionIsReported) {
  World world;
  auto stuck = config("c", "1");
  stuck.json["metadata"]["finalizers"] = {"example.com/never"};
  const auto report = world.deploy({stuck, deployment("web", kMissing)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete);
  ASSERT_FALSE(report->verification->differences.empty());
  EXPECT_NE(report->verification->differences[0].find("pending"), std::string::npos);
}

}  // namespace
}  // namespace instantexec::engine
