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
  // A later good release cleans up after both.
  world.options.rollback_on_failure = true;
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
  ASSERT_EQ(report->verification->differences.size(), 1U);
  EXPECT_NE(report->verification->differences[0].find("/data/key"), std::string::npos);
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
