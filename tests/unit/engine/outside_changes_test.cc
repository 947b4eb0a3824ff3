#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "journal/record.h"
#include "unit/engine/passing.h"
#include "unit/engine/world.h"

// What others do between a plan and its end, and what the engine remembers of the cluster from before.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kBroken = "registry.example/web:does-not-exist";

// Knows the kinds of the moment it was made, until it is asked to look again.
class OldCatalog final : public Passing {
 public:
  explicit OldCatalog(Cluster& real) : OldCatalog(real, *real.catalog(true)) {}
  OldCatalog(Cluster& real, std::shared_ptr<const model::ApiCatalog> known)
      : Passing(real), catalog_(std::move(known)) {}
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    if (refresh) catalog_ = *real_.catalog(true);
    return catalog_;
  }

 private:
  std::shared_ptr<const model::ApiCatalog> catalog_;
};

std::string deploy_as(World& world, const std::string& release, const std::vector<model::Object>& objects) {
  const std::string mine = std::exchange(world.options.release, release);
  std::string out = world.deploy_word(objects);
  world.options.release = mine;
  return out;
}

model::Object namespace_object(const std::string& name) {
  return {{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}}};
}

// A definition that came after the remembered catalog, and somebody's object of it in our new namespace.
TEST(RememberedCatalog, ANewNamespaceWithAnObjectOfANewKindIsKept) {
  World world;
  OldCatalog remembered(world.client());
  ASSERT_EQ(deploy_as(world, "definitions", {widget_definition()}), "deployed");
  world.through = &remembered;
  bool placed = false;
  world.server.store().listen([&](const sim::Change& change) {
    if (placed || !change.after || change.after->kind() != "Namespace" || change.after->name() != "n") return;
    placed = true;
    world.server.timeline().at(world.server.now() + Duration{1'000}, [&world] {
      auto theirs = widget();
      theirs.json["metadata"]["namespace"] = "n";
      world.foreign_apply(theirs);
    });
  });
  const auto report = world.deploy({namespace_object("n"), deployment("web", kBroken)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_TRUE(placed);
  EXPECT_NE(world.server.get(namespace_object("n").ref()), nullptr);
  EXPECT_EQ(report->verification->kept, 1U);
  EXPECT_THAT(report->verification->differences, testing::Contains(testing::HasSubstr("it holds Widget")));
}

// A member whose kind the remembered catalog lacks is pruned, not taken for gone.
TEST(RememberedCatalog, AMemberOfANewKindIsPruned) {
  World world;
  ASSERT_EQ(deploy_as(world, "definitions", {widget_definition()}), "deployed");
  ASSERT_EQ(world.deploy_word({config("a", "1"), widget()}), "deployed");
  World elsewhere;  // whose server knows no Widgets
  OldCatalog forgetful(world.client(), *elsewhere.client().catalog(true));
  world.through = &forgetful;
  world.options.prune = true;
  EXPECT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  EXPECT_EQ(world.get("Widget", "w", "example.com"), nullptr);
}

// --- recovery ---

model::Object cluster_role(const std::string& verb) {
  return {{{"apiVersion", "rbac.authorization.k8s.io/v1"},
           {"kind", "ClusterRole"},
           {"metadata", {{"name", "reader"}}},
           {"rules", model::Json::array({{{"apiGroups", model::Json::array({""})},
                                          {"resources", model::Json::array({"pods"})},
                                          {"verbs", model::Json::array({verb})}}})}}};
}

sim::Snapshot role_of(World& world) {
  return world.server.get(cluster_role("get").ref());
}

// Somebody made the cluster-scoped object anew. That one is theirs; the rest goes back all the same.
TEST(RecoverElsewhere, WhatWasMadeAnewDoesNotHoldUpTheRest) {
  World world;
  ASSERT_EQ(world.deploy_word({cluster_role("get"), config("a", "1"), config("z", "1")}), "deployed");
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb == "apply" && !info.dry_run && info.ref.name == "z") {
      fault.kind = sim::Fault::Kind::kDieAfterCommit;
    }
    return fault;
  };
  EXPECT_THROW((void)world.deploy({cluster_role("list"), config("a", "2"), config("z", "2")}), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
  world.foreign_delete(cluster_role("get"));
  world.foreign_apply(cluster_role("watch"));
  const auto report = world.recover();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRollbackIncomplete) << "it cannot come back with its UID";
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "z")->json, "/data/key"), "1");
  EXPECT_EQ(model::get_string(role_of(world)->json, "/rules/0/verbs/0"), "watch");
}

// The head write of a run that died takes effect after its lock was taken over. The chunks it names are
// there.
TEST(LateHead, FindsItsChunks) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  std::optional<Request> late;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb == "replace" && info.ref.kind == "Secret" && !late) {
      late = *info.request;
      fault.kind = sim::Fault::Kind::kDie;
    }
    return fault;
  };
  EXPECT_THROW((void)world.deploy({config("a", "2"), config("b", "1")}), Killed);
  ASSERT_TRUE(late);
  world.restart();
  bool done = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (!done && info.verb == "create" && info.ref.kind == "Secret") {
      done = true;
      world.server.timeline().at(world.server.now(), [&] { EXPECT_TRUE(world.server.act(*late).ok()); });
    }
    return sim::Fault{};
  };
  // Told that the record has changed while it was about to begin.
  EXPECT_EQ(world.deploy_word({config("a", "3")}), "error: record.changed");
  EXPECT_TRUE(done);
  world.restart();
  EXPECT_EQ(world.deploy_word({config("a", "3")}), "deployed");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "3");
  EXPECT_EQ(world.get("ConfigMap", "b"), nullptr);
  world.restart();
  EXPECT_EQ(word(world.recover()), "nothing_to_do");
}

std::size_t chunks(World& world) {
  std::size_t out = 0;
  for (const auto& [ref, object] : world.server.store().all()) {
    const auto labels = object->labels();
    const auto record = labels.find("instantexec.dev/record");
    out += record != labels.end() && record->second == "chunk" ? 1 : 0;
  }
  return out;
}

// A head write that is refused for good leaves no chunks that nobody names.
TEST(Chunks, OfARefusedRecordAreDeleted) {
  for (const auto kind : {sim::Fault::Kind::kAnswer, sim::Fault::Kind::kNoWebhook}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    const std::size_t before = chunks(world);
    world.server.faults.on_request = [kind](const sim::RequestInfo& info) {
      sim::Fault fault;
      if (info.verb == "replace" && info.ref.kind == "Secret") fault = {kind, 403};
      return fault;
    };
    EXPECT_EQ(world.deploy_word({config("a", "2")}), "error: record.refused");
    world.server.faults.on_request = nullptr;
    EXPECT_EQ(chunks(world), before);
    EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "1");
    world.restart();
    EXPECT_EQ(word(world.recover()), "nothing_to_do");
  }
}

// --- the record deleted while a release is applied ---

model::Object head_secret() {
  return {{{"apiVersion", "v1"},
           {"kind", "Secret"},
           {"metadata", {{"name", "instantexec.web"}, {"namespace", "default"}}}}};
}

void delete_head_when_written(World& world, const std::string& name) {
  world.server.store().listen([&world, name, done = false](const sim::Change& change) mutable {
    if (done || !change.after || change.after->name() != name || change.after->kind() == "Secret") return;
    done = true;
    world.server.timeline().at(world.server.now() + Duration{100},
                               [&world] { world.foreign_delete(head_secret()); });
  });
}

// What was saved is in memory.
TEST(LostRecord, TheUndoGoesOnWithoutIt) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  const Picture before = world.picture();
  delete_head_when_written(world, "web");
  const auto report = world.deploy({config("a", "2"), deployment("web", kBroken)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_THAT(report->warnings,
              testing::Contains(testing::HasSubstr("somebody deleted Secret instantexec.web")));
  EXPECT_EQ(differences(before, world.picture()), "");
  world.restart();
  EXPECT_EQ(word(world.recover()), "nothing_to_do");
  EXPECT_EQ(world.deploy_word({config("a", "3"), config("b", "1")}), "deployed");
}

// A release that went well says so in a new record.
TEST(LostRecord, IsWrittenAnew) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  delete_head_when_written(world, "web");
  const auto report = world.deploy({config("a", "2"), deployment("web", kGood)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_THAT(report->warnings,
              testing::Contains(testing::HasSubstr("somebody deleted Secret instantexec.web")));
  world.restart();
  EXPECT_EQ(world.deploy_word({config("a", "2"), deployment("web", kGood)}), "nothing_to_do");
}

// What it had saved was deleted with it.
TEST(LostRecord, ARevisionWithoutItsStateIsNotGoneBackTo) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  delete_head_when_written(world, "web");
  ASSERT_EQ(world.deploy_word({config("a", "2"), deployment("web", kGood)}), "deployed");
  ASSERT_EQ(world.deploy_word({config("a", "3"), deployment("web", kGood)}), "deployed");
  const auto report = rollback(world.environment(), world.options, 2);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code->name, "revision.not-found");
  EXPECT_THAT(report.error().message, testing::HasSubstr("deleted together with"));
  EXPECT_EQ(word(rollback(world.environment(), world.options, 3)), "deployed");
}

// Before the first write there is time to begin anew, with records that last.
TEST(LostRecord, BeforeTheFirstWriteIsBegunAnew) {
  for (const bool dies : {false, true}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    const Picture before = world.picture();
    world.server.faults.on_request = [&, deleted = false](const sim::RequestInfo& info) mutable {
      if (!deleted && info.verb == "replace" && info.ref.name == "instantexec.web") {
        deleted = true;
        world.foreign_delete(head_secret());
      }
      const bool last = dies && info.verb == "apply" && !info.dry_run && info.ref.name == "web";
      return last ? sim::Fault{sim::Fault::Kind::kDie} : sim::Fault{};
    };
    const std::vector<model::Object> wanted{config("a", "2"), deployment("web", kGood)};
    if (!dies) {
      EXPECT_EQ(world.deploy_word(wanted), "deployed");
      continue;
    }
    EXPECT_THROW((void)world.deploy(wanted), Killed);
    world.server.faults.on_request = nullptr;
    world.server.run_for(Duration{60'000});
    world.restart();
    EXPECT_EQ(word(world.recover()), "rolled_back");
    EXPECT_EQ(differences(before, world.picture()), "");
  }
}

// Then nothing may be said to be recorded.
TEST(LostRecord, IsSaidByARunThatDoesNotEnd) {
  struct Row {
    const char* name;
    bool prunes;
    std::string result;
  };
  for (const Row& row : {Row{"interrupted undo", false, "error: record.broken"},
                         Row{"partly undone", false, "rollback_incomplete"},
                         Row{"partly undone, deleted late", false, "rollback_incomplete"},
                         Row{"interrupted prune", true, "error: record.broken"},
                         Row{"unanswered prune", true, "error: record.broken"}}) {
    const std::string what = row.name;
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1"), config("old", "1")}), "deployed");
    const bool late = what == "partly undone, deleted late";
    if (!late) delete_head_when_written(world, row.prunes ? "gate" : "web");
    bool put_back = false;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      if (info.verb == "delete" && info.ref.name == "web") {
        if (late && !put_back) world.foreign_delete(head_secret());
        put_back = true;
        if (what == "interrupted undo") return sim::Fault{sim::Fault::Kind::kInterrupt};
      }
      if (info.verb == "delete" && info.ref.name == "old") {
        return sim::Fault{what == "interrupted prune" ? sim::Fault::Kind::kInterrupt
                                                      : sim::Fault::Kind::kDropRequest};
      }
      const bool hidden =
          what.starts_with("partly undone") && put_back && info.ref.name == "a" && info.verb == "get";
      return hidden ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
    };
    std::vector<model::Object> wanted{config("a", "2")};
    if (row.prunes) {
      wanted.push_back(never_ready("gate"));
      world.server.timeline().at(world.server.now() + Duration{5'000}, [&world] {
        auto gate = *world.get("Service", "gate");
        gate.json["status"]["loadBalancer"]["ingress"] = model::Json::array({{{"ip", "192.0.2.1"}}});
        world.server.store().put(std::move(gate));
      });
    } else {
      wanted.push_back(config("old", "1"));
      wanted.push_back(deployment("web", kBroken));
    }
    const auto report = world.deploy(wanted);
    EXPECT_EQ(word(report), row.result) << what;
    if (!report) {
      EXPECT_THAT(report.error().message, testing::HasSubstr("deleted the record")) << what;
    }
    world.server.faults.on_request = nullptr;
    world.restart();
    EXPECT_EQ(word(world.recover()), "nothing_to_do") << what;
    EXPECT_EQ(world.deploy_word({config("a", "3")}), "deployed") << what;
  }
}

// What is partly undone rests on its record, so it is asked for once more.
TEST(LostRecord, ThatCannotBeLookedAtIsSaid) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  world.server.faults.on_request = [put_back = false](const sim::RequestInfo& info) mutable {
    put_back = put_back || (info.verb == "delete" && info.ref.name == "web");
    const bool hidden = info.ref.name == "a" && info.verb == "get";
    const bool refused = info.ref.name == "instantexec.web" && info.verb == "replace";
    return put_back && (hidden || refused) ? sim::Fault{sim::Fault::Kind::kAnswer, 403} : sim::Fault{};
  };
  EXPECT_EQ(world.deploy_word({config("a", "2"), deployment("web", kBroken)}), "error: unfinished");
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
}

// The head is stored, though its answer was lost and nobody could see it.
TEST(Chunks, OfAWriteThatMayBeDoneAreKept) {
  for (const int status : {429, 403}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    world.server.faults.on_request = [status, sent = false](const sim::RequestInfo& info) mutable {
      if (info.ref.name != "instantexec.web") return sim::Fault{};
      if (info.verb == "replace") {
        sent = true;
        return sim::Fault{sim::Fault::Kind::kDropAnswer};
      }
      return sent ? sim::Fault{sim::Fault::Kind::kAnswer, status} : sim::Fault{};
    };
    EXPECT_THAT(world.deploy_word({config("a", "2")}), testing::StartsWith("error: ")) << status;
    world.server.faults.on_request = nullptr;
    world.server.run_for(Duration{60'000});
    world.restart();
    EXPECT_EQ(word(world.recover()), "rolled_back") << status;
    EXPECT_EQ(world.deploy_word({config("a", "3")}), "deployed") << status;
  }
}

// Later nobody is left with a record that names what is gone.
TEST(LostRecord, DoesNotBlockAReleaseWhoseRunDiesAsWell) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  delete_head_when_written(world, "web");
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    const bool undoes = info.verb == "delete" && info.ref.name == "web";
    return undoes ? sim::Fault{sim::Fault::Kind::kDie} : sim::Fault{};
  };
  EXPECT_THROW((void)world.deploy({config("a", "2"), deployment("web", kBroken)}), Killed);
  world.server.faults.on_request = nullptr;
  world.server.run_for(Duration{60'000});
  world.restart();
  EXPECT_EQ(word(world.recover()), "nothing_to_do");
  EXPECT_EQ(world.deploy_word({config("a", "3"), deployment("web", kGood)}), "deployed");
}

// Written by somebody else since, it is not ours to replace.
TEST(LostRecord, OfAnotherRunIsLeftAlone) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  world.server.store().listen([&world, done = false](const sim::Change& change) mutable {
    if (done || !change.after || change.after->name() != "web") return;
    done = true;
    world.server.timeline().at(world.server.now() + Duration{100}, [&world] {
      auto other = head_secret();
      other.json["data"] = world.get("Secret", "instantexec.web")->json["data"];
      other.json["data"]["head"] = "e30=";
      world.foreign_delete(head_secret());
      world.foreign_apply(other);
    });
  });
  EXPECT_EQ(world.deploy_word({config("a", "2"), deployment("web", kBroken)}), "error: record.changed");
}

// --- edits while a release is applied ---

// Somebody wants what is planned, and more, a moment before it is written. Our write is refused, and what
// they made stays as it is.
TEST(EditedMeanwhile, WhatWasNeverWrittenIsNotUndone) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  bool edited = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (!edited && info.verb == "apply" && !info.dry_run && info.ref.name == "a") {
      edited = true;
      auto theirs = config("a", "2");
      theirs.json["data"]["more"] = "hotfix";
      world.server.timeline().at(world.server.now(), [&world, theirs] { world.foreign_apply(theirs); });
      return sim::Fault{sim::Fault::Kind::kAnswer, 409};
    }
    return sim::Fault{};
  };
  const auto report = world.deploy({config("a", "2"), config("b", "2")});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_TRUE(edited);
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "2");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/more"), "hotfix");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "b")->json, "/data/key"), "1");
}

// The same when the run died before it came to write it, and another process recovers.
TEST(EditedMeanwhile, WhatWasNeverWrittenIsNotUndoneByARecovery) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("b", "1")}), "deployed");
  world.server.run_for(Duration{2'000});
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    const bool it = info.verb == "apply" && !info.dry_run && info.ref.name == "a";
    return it ? sim::Fault{sim::Fault::Kind::kDie} : sim::Fault{};
  };
  EXPECT_THROW((void)world.deploy({config("a", "2"), config("b", "2")}), Killed);
  world.server.faults.on_request = nullptr;
  auto theirs = config("a", "2");
  theirs.json["data"]["more"] = "hotfix";
  world.foreign_apply(theirs);
  world.restart();
  const auto report = world.recover();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "2");
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "b")->json, "/data/key"), "1");
  EXPECT_THAT(report->verification->differences,
              testing::Contains(testing::HasSubstr("someone else changed it before it was written")));
  EXPECT_THAT(report->verification->differences,
              testing::Not(testing::Contains(testing::HasSubstr("changed by someone else meanwhile"))))
      << "all of it is theirs";
}

// Somebody replaces what was created, and its mark is gone. It is not ours to delete, and not gone either.
TEST(EditedMeanwhile, ACreationWithoutItsMarkIsSaidToStay) {
  World world;
  world.server.store().listen([&, replaced = false](const sim::Change& change) mutable {
    if (replaced || !change.after || change.after->name() != "a") return;
    replaced = true;
    world.server.timeline().at(world.server.now() + Duration{1'000}, [&world] {
      auto object = *world.get("ConfigMap", "a");
      object.json["metadata"].erase("annotations");
      world.server.store().put(std::move(object));
    });
  });
  const auto report = world.deploy({config("a", "1"), deployment("web", kBroken)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_NE(world.get("ConfigMap", "a"), nullptr);
  EXPECT_EQ(report->verification->kept, 1U);
  EXPECT_THAT(report->verification->differences,
              testing::Contains(testing::HasSubstr("does not carry the mark")));
}

// --- a StatefulSet's claims ---

TEST(ClaimsOfASet, AreSaidToStay) {
  World world;
  model::Object set{
      *model::parse_json(R"({"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db",
    "namespace":"default"},"spec":{"replicas":1,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
    "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"app",
    "image":"registry.example/web:does-not-exist"}]}},"volumeClaimTemplates":[{"metadata":{"name":"data"},
    "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}})")};
  const auto report = world.deploy({set});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_EQ(report->verification->kept, 1U);
  EXPECT_THAT(report->verification->differences,
              testing::Contains(testing::HasSubstr("the claims it has made")));
  set.json["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenDeleted", "Delete"}};
  const auto with_them = world.deploy({set});
  ASSERT_TRUE(with_them) << with_them.error().to_string();
  EXPECT_EQ(with_them->verification->kept, 0U);
}

}  // namespace
}  // namespace instantexec::engine
