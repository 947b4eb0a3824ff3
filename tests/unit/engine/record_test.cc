#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <utility>

#include "engine/release_store.h"
#include "journal/secrets.h"
#include "plan/plan.h"
#include "unit/engine/world.h"

// Records that somebody with the right to write Secrets has altered.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";

void replace_secret(World& world, const model::Object& secret) {
  const Response response = world.server.act(ReplaceRequest{secret, "someone", false});
  ASSERT_TRUE(response.ok()) << response.error->message;
}

// Alters what is saved, with all digests made to fit.
void forge(World& world, const std::function<void(journal::Head&, journal::Payload&)>& change) {
  model::Object secret = *world.get("Secret", "instantexec.web");
  auto head = journal::read_head(secret);
  ASSERT_TRUE(head);
  journal::Operation& operation = *head->operation;
  std::vector<std::string> pieces;
  for (const journal::ChunkRef& chunk : operation.payload.chunks) {
    pieces.push_back(*journal::read_chunk(*world.get("Secret", chunk.name)));
  }
  auto payload = journal::decode_payload(*journal::unpack(operation.payload, pieces));
  ASSERT_TRUE(payload);
  change(*head, *payload);
  auto packed = journal::pack(journal::encode_payload(journal::view(*payload)),
                              journal::chunk_prefix("web", operation.revision) + ".forged");
  ASSERT_TRUE(packed);
  for (std::size_t i = 0; i < packed->pieces.size(); ++i) {
    const auto chunk =
        journal::chunk_secret(*head, secret, operation.revision, packed->blob.chunks[i], packed->pieces[i]);
    ASSERT_TRUE(world.server.act(CreateRequest{chunk, "someone", false}).ok());
  }
  operation.payload = packed->blob;
  auto forged = journal::head_secret(*head);
  ASSERT_TRUE(forged);
  forged->json["metadata"]["resourceVersion"] = secret.resource_version();
  replace_secret(world, *forged);
}

// A release that died while its objects were being written.
void die_while_applying(World& world) {
  ASSERT_EQ(world.deploy_word({config("a", "1"), deployment("web", kGood)}), "deployed");
  sim::Fault fault;
  fault.kind = sim::Fault::Kind::kDieAfterCommit;
  world.server.faults.on_request = [fault](const sim::RequestInfo& info) {
    return info.verb == "apply" && !info.dry_run && info.ref.name == "a" ? fault : sim::Fault{};
  };
  EXPECT_THROW((void)world.deploy({config("a", "2"), deployment("web", kGood)}), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
}

model::Object role_binding(const std::string& user) {
  return {*model::parse_json(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding",
    "metadata":{"name":"ops"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"x"},
    "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":")" +
                             user + R"("}]})")};
}

TEST(Forged, ASavedStateBesideThePlanIsRefused) {
  World world;
  world.foreign_apply(role_binding("admin"));
  die_while_applying(world);
  forge(world, [&](journal::Head&, journal::Payload& payload) {
    journal::SavedObject extra = payload.saved.front();
    extra.before = *world.server.get({"rbac.authorization.k8s.io", "ClusterRoleBinding", "", "ops"});
    extra.gvk = extra.before->gvk();
    extra.object = extra.before->ref();
    extra.before->json["subjects"][0]["name"] = "mallory";
    extra.after = *world.server.get(extra.object);
    payload.saved.push_back(std::move(extra));
  });
  EXPECT_EQ(word(world.recover()), "error: record.scope");
  EXPECT_EQ(model::get_string(
                world.server.get({"rbac.authorization.k8s.io", "ClusterRoleBinding", "", "ops"})->json,
                "/subjects/0/name"),
            "admin");
}

// A record that would give the rights of the administrator away, with the plan and its digest in the head
// made to fit: what gives it away is the object itself.
void forge_elsewhere(World& world) {
  forge(world, [&](journal::Head& head, journal::Payload& payload) {
    journal::SavedObject extra;
    extra.before = *world.server.get(role_binding("").ref());
    extra.gvk = extra.before->gvk();
    extra.object = extra.before->ref();
    extra.after = *extra.before;
    extra.before->json["subjects"][0]["name"] = "mallory";
    auto plan = plan::from_json(payload.plan);
    ASSERT_TRUE(plan);
    plan::Step step;
    step.op = plan::Op::kConfigure;
    step.gvk = extra.gvk;
    step.object = extra.object;
    step.uid = extra.before->uid();
    plan->steps.push_back(step);
    payload.plan = plan::to_json(*plan);
    payload.saved.push_back(std::move(extra));
    head.operation->plan_digest = plan::digest(*plan);
  });
}

std::string user_of(World& world) {
  return model::get_string(world.server.get(role_binding("").ref())->json, "/subjects/0/name");
}

// A record that takes the mark of another release's creation for its own.
TEST(Forged, ACreationElsewhereNeedsTheMarksOfTheRelease) {
  World world;
  auto theirs = role_binding("admin");
  theirs.json["metadata"]["annotations"]["instantexec.dev/created-by"] = "0123456789abcdef";
  world.foreign_apply(theirs);
  die_while_applying(world);
  forge(world, [&](journal::Head& head, journal::Payload& payload) {
    head.operation->id = payload.operation = "0123456789abcdef";
    journal::SavedObject extra;
    extra.gvk = theirs.gvk();
    extra.object = theirs.ref();
    extra.after = *world.server.get(theirs.ref());
    auto plan = plan::from_json(payload.plan);
    ASSERT_TRUE(plan);
    plan::Step step;
    step.op = plan::Op::kCreate;
    step.gvk = extra.gvk;
    step.object = extra.object;
    plan->steps.push_back(step);
    payload.plan = plan::to_json(*plan);
    payload.saved.push_back(std::move(extra));
    head.operation->plan_digest = plan::digest(*plan);
  });
  EXPECT_EQ(word(world.recover()), "error: record.scope");
  EXPECT_NE(world.server.get(theirs.ref()), nullptr);
}

TEST(Forged, AnObjectElsewhereNeedsTheMarksOfTheRelease) {
  World world;
  world.foreign_apply(role_binding("admin"));
  die_while_applying(world);
  forge_elsewhere(world);
  const auto result = world.recover();
  EXPECT_EQ(word(result), "error: record.scope");
  EXPECT_NE(result.error().message.find("ops"), std::string::npos) << result.error().message;
  EXPECT_EQ(user_of(world), "admin");
}

// Nobody can see whether it carries them when that is to be checked, but right afterwards.
TEST(Forged, AnObjectElsewhereWhoseMarksWereNotSeenIsNotTouched) {
  for (const bool resume : {false, true}) {
    World world;
    world.foreign_apply(role_binding("admin"));
    die_while_applying(world);
    forge_elsewhere(world);
    int looks = 0;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      sim::Fault fault;
      const bool first =
          info.verb == "get" && info.ref.name == "ops" && ++looks <= 1 + kMaxRepetitionsAfter500;
      if (first) fault = {sim::Fault::Kind::kAnswer, 500, Duration{0}, 2};
      return fault;
    };
    const auto result = world.recover(resume);
    EXPECT_EQ(user_of(world), "admin");
    EXPECT_GE(looks, 1 + kMaxRepetitionsAfter500);
    EXPECT_EQ(word(result), resume ? "error: unfinished" : "partly_undone");
    EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), resume ? "2" : "1");
    world.restart();
    EXPECT_EQ(word(world.recover(resume)), "error: record.scope");
    EXPECT_EQ(user_of(world), "admin");
  }
}

TEST(Forged, OtherAlterationsAreRefused) {
  struct Row {
    const char* name;
    std::function<void(journal::Head&, journal::Payload&)> change;
    const char* code;
  };
  const std::vector<Row> rows = {
      {"another plan",
       [](journal::Head&, journal::Payload& payload) { payload.plan["steps"][0]["op"] = "prune"; },
       "error: record.scope"},
      {"a state of another object",
       [](journal::Head&, journal::Payload& payload) {
         payload.saved[0].before->json["metadata"]["name"] = "other";
       },
       "error: record.scope"},
      {"a state of another uid",
       [](journal::Head&, journal::Payload& payload) {
         payload.saved[0].before->json["metadata"]["uid"] = "x";
       },
       "error: record.scope"},
      {"an object that was not there",
       [](journal::Head&, journal::Payload& payload) { payload.saved[0].before.reset(); },
       "error: record.scope"},
      {"a manifest of another object",
       [](journal::Head&, journal::Payload& payload) {
         payload.manifests[0].json["metadata"]["name"] = "other";
       },
       "error: record.scope"},
      {"another operation", [](journal::Head&, journal::Payload& payload) { payload.operation = "other"; },
       "error: record.broken"},
      {"nothing", [](journal::Head&, journal::Payload&) {}, "rolled_back"},
  };
  for (const Row& row : rows) {
    World world;
    die_while_applying(world);
    forge(world, row.change);
    EXPECT_EQ(word(world.recover()), row.code) << row.name;
    const std::string wanted = std::string(row.code) == "rolled_back" ? "1" : "2";
    EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), wanted) << row.name;
  }
}

// A release that died behind its commit point, with one object to be pruned.
void die_while_pruning(World& world) {
  ASSERT_EQ(world.deploy_word({config("a", "1"), config("old", "1")}), "deployed");
  world.server.faults.on_request = sim::at_match("delete", "ConfigMap", 1, {sim::Fault::Kind::kDie});
  EXPECT_THROW((void)world.deploy({config("a", "2")}), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
}

// A record that would have an object pruned that the release never had.
void forge_prune(World& world, const model::Object& object, bool with_uid, bool with_state) {
  forge(world, [&](journal::Head& head, journal::Payload& payload) {
    auto plan = plan::from_json(payload.plan);
    ASSERT_TRUE(plan);
    plan::Step step;
    step.op = plan::Op::kPrune;
    step.gvk = object.gvk();
    step.object = object.ref();
    if (with_uid) {
      step.uid = world.server.get(object.ref())->uid();
      step.resource_version = world.server.get(object.ref())->resource_version();
    }
    plan->steps.push_back(step);
    payload.plan = plan::to_json(*plan);
    if (with_state) {
      journal::SavedObject saved;
      saved.gvk = step.gvk;
      saved.object = step.object;
      if (with_uid) saved.before = *world.server.get(object.ref());
      payload.saved.push_back(std::move(saved));
    }
    head.operation->plan_digest = plan::digest(*plan);
  });
}

TEST(Forged, WhatIsElsewhereIsNotPrunedWithoutTheMarksOfTheRelease) {
  for (const bool with_uid : {true, false}) {
    for (const bool with_state : {true, false}) {
      World world;
      world.foreign_apply(role_binding("admin"));
      die_while_pruning(world);
      forge_prune(world, role_binding(""), with_uid, with_state);
      EXPECT_EQ(word(world.recover()), "error: record.scope") << with_uid << with_state;
      EXPECT_NE(world.server.get(role_binding("").ref()), nullptr);
      EXPECT_NE(world.get("ConfigMap", "old"), nullptr) << "nothing else is pruned either";
    }
  }
}

TEST(Forged, WhatIsHereWithoutTheMarksStays) {
  World world;
  world.foreign_apply(config("theirs", "1"));
  die_while_pruning(world);
  forge_prune(world, config("theirs", ""), true, true);
  const auto report = world.recover();
  EXPECT_EQ(word(report), "deployed");
  const auto left = std::find_if(report->objects.begin(), report->objects.end(),
                                 [](const auto& outcome) { return outcome.object.name == "theirs"; });
  ASSERT_NE(left, report->objects.end());
  EXPECT_NE(left->message.find("no longer carries the marks"), std::string::npos) << left->message;
  EXPECT_NE(world.get("ConfigMap", "theirs"), nullptr);
  EXPECT_EQ(world.get("ConfigMap", "old"), nullptr);
}

// Carried on, a record says what is created. Elsewhere it has to be sealed for that.
TEST(Forged, NothingIsCreatedElsewhereFromARecordWithoutASeal) {
  for (const bool there : {false, true}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      sim::Fault fault;
      const bool write = info.verb == "apply" && !info.dry_run;
      if (write && info.ref.kind == "ClusterRoleBinding")
        fault.kind = there ? sim::Fault::Kind::kDieAfterCommit : sim::Fault::Kind::kDie;
      return fault;
    };
    EXPECT_THROW((void)world.deploy({config("a", "2"), role_binding("ops")}), Killed);
    world.server.faults.on_request = nullptr;
    world.restart();
    EXPECT_EQ(word(world.recover(true)), there ? "deployed" : "error: record.scope");
    EXPECT_EQ(world.server.get(role_binding("").ref()) != nullptr, there);
    world.restart();
    EXPECT_EQ(word(world.recover()), there ? "nothing_to_do" : "rolled_back");
  }
}

// What does belong to the release is put back wherever it is.
TEST(Records, ObjectsElsewhereArePutBack) {
  World world;
  const auto fail_with = [](const std::string& user) {
    return std::vector<model::Object>{role_binding(user), config("a", user), deployment("web", kGood)};
  };
  ASSERT_EQ(world.deploy_word(fail_with("one")), "deployed");
  const Picture before = world.picture();
  sim::Fault fault;
  fault.kind = sim::Fault::Kind::kDie;
  bool written = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    if (info.ref.kind == "ClusterRoleBinding" && info.verb == "apply" && !info.dry_run) written = true;
    return written && info.verb == "replace" && info.ref.kind == "Secret" ? fault : sim::Fault{};
  };
  EXPECT_THROW((void)world.deploy(fail_with("two")), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_NE(differences(before, world.picture()), "");
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

bool is_chunk(const model::ObjectRef& ref) {
  return ref.kind == "Secret" && ref.name.starts_with("instantexec.web.");
}

// What happens to what was saved, before the head names it.
TEST(Records, AreReadBackBeforeTheHeadNamesThem) {
  const auto remove = [](World& world, const model::ObjectRef& ref) {
    world.foreign_delete(*world.server.get(ref));
  };
  struct Row {
    const char* name;
    std::function<void(World&, const model::ObjectRef&)> meanwhile;
    int status;  // of the answer; 0: what is there
    const char* end;
  };
  const std::vector<Row> rows = {
      {"nothing", [](World&, const model::ObjectRef&) {}, 0, "deployed"},
      {"deleted", remove, 0, "error: record.broken"},
      {"another in its place",
       [&](World& world, const model::ObjectRef& ref) {
         model::Object other = *world.server.get(ref);
         remove(world, ref);
         other.json["metadata"] = {{"name", ref.name}, {"namespace", ref.ns}};
         other.json["data"]["chunk"] = "b3RoZXI=";
         ASSERT_TRUE(world.server.act(CreateRequest{other, "someone", false}).ok());
       },
       0, "error: record.broken"},
      {"no record in its place",
       [&](World& world, const model::ObjectRef& ref) {
         remove(world, ref);
         world.foreign_apply(secret(ref.name, "theirs"));
       },
       0, "error: record.broken"},
      {"cannot be read", [](World&, const model::ObjectRef&) {}, 403, "error: simulation.admission-denied"},
  };
  for (const Row& row : rows) {
    World world;
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    const Picture before = world.picture();
    int reads = 0;
    world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
      if (info.verb != "get" || !is_chunk(info.ref)) return {};
      if (reads++ == 0) row.meanwhile(world, info.ref);
      if (row.status == 0) return {};
      return {sim::Fault::Kind::kAnswer, row.status, Duration{0}, 2};
    };
    EXPECT_EQ(world.deploy_word({config("a", "2")}), row.end) << row.name;
    EXPECT_EQ(reads, 1) << row.name;
    world.server.faults.on_request = nullptr;
    if (std::string(row.end) == "deployed") continue;
    for (const auto& [ref, secret] : world.picture()) {
      if (is_chunk(ref)) continue;
      EXPECT_EQ(before.at(ref), secret) << row.name << ": " << ref.to_string();
    }
    EXPECT_EQ(word(world.recover()), "nothing_to_do") << row.name << ": the head does not name it";
  }
}

// More pieces than are read at once.
TEST(Records, AllPiecesAreReadBack) {
  World world;
  std::vector<model::Object> wanted;
  std::mt19937 random(1);
  for (int i = 0; i < 4; ++i) {
    std::string text(std::size_t{900} * 1024, ' ');
    for (char& letter : text) letter = static_cast<char>('!' + random() % 90);
    wanted.push_back(config("large" + std::to_string(i), text));
  }
  ASSERT_EQ(world.deploy_word(wanted), "deployed");
  std::map<std::string, std::string> steps;  // of each piece, by name
  std::size_t named = 0;
  for (const sim::AuditEntry& entry : world.server.audit()) {
    if (is_chunk(entry.ref)) steps[entry.ref.name] += entry.verb + " ";
    if (entry.verb != "replace" || entry.ref.name != "instantexec.web" || named++ > 0) continue;
    EXPECT_GT(steps.size(), 4U);
    for (const auto& [name, verbs] : steps) EXPECT_EQ(verbs, "create get ") << name;
  }
  EXPECT_GT(named, 0U);
}

// Ctrl-C while they are being saved, and the API server falls silent.
TEST(Records, AnInterruptionWhileTheyAreReadBackChangesNothing) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  const Picture before = world.picture();
  Instant interrupted;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    if (info.verb != "get" || !is_chunk(info.ref)) return {};
    interrupted = world.server.now();
    world.client().interrupt(2);
    return {sim::Fault::Kind::kSlowAnswer, 0, std::chrono::hours(1), 2};
  };
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "error: interrupted");
  EXPECT_LE(world.server.now() - interrupted, Duration{5'000});
  world.server.faults.on_request = nullptr;
  EXPECT_EQ(differences(before, world.picture()), "");
  world.restart();
  EXPECT_EQ(word(world.recover()), "nothing_to_do");
}

std::string chunk_of(World& world, int revision) {
  const auto head = journal::read_head(*world.get("Secret", "instantexec.web"));
  EXPECT_TRUE(head);
  for (const journal::Revision& one : head->revisions) {
    if (one.revision == revision) return one.payload.chunks.at(0).name;
  }
  return "none of revision " + std::to_string(revision);
}

// One revision in force, the last good one before it, and that is all.
struct Retention {
  World world;
  std::string first;  // the Secrets of the first two revisions
  std::string second;

  Retention() {
    world.options.history_limit = 1;
    EXPECT_EQ(world.deploy_word({config("a", "1")}), "deployed");
    EXPECT_EQ(world.deploy_word({config("a", "2")}), "deployed");
    first = chunk_of(world, 1);
    second = chunk_of(world, 2);
    EXPECT_NE(world.get("Secret", first), nullptr);
  }
};

// With everything that our own has, but it is not ours.
TEST(Records, RetentionLeavesWhatSomebodyElsePutInTheirPlace) {
  Retention kept;
  World& world = kept.world;
  model::Object theirs = *world.get("Secret", kept.first);
  world.foreign_delete(theirs);
  model::Json& metadata = theirs.json["metadata"];
  for (const char* field : {"uid", "resourceVersion", "creationTimestamp", "managedFields"})
    metadata.erase(field);
  const Response created = world.server.act(CreateRequest{theirs, "someone", false});
  ASSERT_TRUE(created.ok());
  ASSERT_EQ(world.deploy_word({config("a", "3")}), "deployed");
  ASSERT_NE(world.get("Secret", kept.first), nullptr);
  EXPECT_EQ(world.get("Secret", kept.first)->uid(), created.object.uid());
  ASSERT_EQ(world.deploy_word({config("a", "4")}), "deployed");
  EXPECT_EQ(world.get("Secret", kept.second), nullptr) << "ours goes";
}

// Earlier versions did not note the UIDs.
TEST(Records, RetentionFindsWhatAnEarlierVersionWrote) {
  Retention kept;
  World& world = kept.world;
  const model::Object secret = *world.get("Secret", "instantexec.web");
  auto head = journal::read_head(secret);
  ASSERT_TRUE(head);
  for (journal::Revision& revision : head->revisions) {
    for (journal::ChunkRef& chunk : revision.payload.chunks) EXPECT_NE(std::exchange(chunk.uid, ""), "");
  }
  auto older = journal::head_secret(*head);
  ASSERT_TRUE(older);
  older->json["metadata"]["resourceVersion"] = secret.resource_version();
  replace_secret(world, *older);
  ASSERT_EQ(world.deploy_word({config("a", "3")}), "deployed");
  EXPECT_EQ(world.get("Secret", kept.first), nullptr);
  EXPECT_NE(world.get("Secret", kept.second), nullptr);
  EXPECT_NE(world.get("Secret", chunk_of(world, 3)), nullptr);
}

// Progress is not recorded object by object: after a crash the objects themselves tell.
TEST(Records, AreWrittenAsOftenForManyObjectsAsForFew) {
  std::vector<std::size_t> counts;
  for (const int objects : {2, 60}) {
    World world;
    std::vector<model::Object> wanted;
    for (int i = 0; i < objects; ++i) wanted.push_back(config("c" + std::to_string(i), "1"));
    ASSERT_EQ(world.deploy_word(wanted), "deployed");
    wanted.pop_back();
    for (model::Object& object : wanted) object.json["data"]["key"] = "2";
    const std::size_t first = world.server.writes().size();
    ASSERT_EQ(world.deploy_word(wanted), "deployed");
    const auto writes = world.server.writes();
    counts.push_back(static_cast<std::size_t>(std::count_if(
        writes.begin() + static_cast<std::ptrdiff_t>(first), writes.end(), [](const auto& write) {
          return write.ref.kind == "Secret" && write.ref.name == "instantexec.web";
        })));
  }
  EXPECT_EQ(counts[0], counts[1]);
  EXPECT_EQ(counts[0], 3U) << "applying, committing, deployed";
}

TEST(Plans, HaveTheSameDigestInEveryProcess) {
  World world;
  ASSERT_EQ(world.deploy_word({secret("s", "one"), config("c", "1")}), "deployed");
  const auto make = [&] {
    world.restart();
    auto planned =
        plan_release(world.environment(), world.options, manifests({secret("s", "two"), config("c", "2")}));
    EXPECT_TRUE(planned);
    return plan::digest(planned->plan);
  };
  EXPECT_EQ(make(), make());
}

}  // namespace
}  // namespace instantexec::engine
