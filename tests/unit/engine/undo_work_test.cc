#include "engine/undo_work.h"
#include "engine/undo_graph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/session.h"
#include "plan/diff.h"
#include "unit/engine/scripted.h"
#include "unit/engine/world.h"

// Putting single objects back, answer by answer.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using model::Json;
using Kind = plan::Undo::Kind;

Response listed(std::vector<model::Object> items) {
  Response out = reply(200);
  out.items = std::move(items);
  return out;
}

model::Object stored(const std::string& value, const std::string& version = "1",
                     const std::vector<Json>& managed = {}) {
  model::Object out = config("c", value);
  out.json["metadata"]["uid"] = "u";
  out.json["metadata"]["resourceVersion"] = version;
  if (!managed.empty()) out.json["metadata"]["managedFields"] = managed;
  return out;
}
model::Object created(model::Object object) {
  object.json["metadata"]["uid"] = "u";
  object.json["metadata"]["annotations"]["instantexec.dev/created-by"] = "op";
  return object;
}
Json owner(const std::string& manager, const std::string& field) {
  return Json{{"manager", manager},
              {"operation", "Apply"},
              {"apiVersion", "v1"},
              {"fieldsV1", {{"f:" + field, Json::object()}}}};
}

journal::SavedObject saved(std::optional<model::Object> before, std::optional<model::Object> after) {
  const model::Object& known = before ? *before : *after;
  return {known.gvk(), known.ref(), std::move(before), std::move(after)};
}

// One object, its undo, and what the server says.
struct Case {
  Scripted server;
  RecordingSink sink;
  Session session{Environment{server, server, sink, "me"}};
  std::vector<journal::SavedObject> saved;
  UndoPlan plan{saved, "op", "me"};
  UndoWork work;

  Case(journal::SavedObject object, std::optional<model::Object> live)
      : saved{std::move(object)},
        work(session, plan, live ? LiveObjects{{saved[0].object, *live}} : LiveObjects{}) {}

  [[nodiscard]] const UndoOutcome& outcome() const { return work.outcomes()[0]; }
  [[nodiscard]] std::size_t written() const {
    return static_cast<std::size_t>(
        std::count_if(sink.events.begin(), sink.events.end(),
                      [](const auto& event) { return std::holds_alternative<model::ObjectWritten>(event); }));
  }
};

const model::Object kBefore = stored("old", "1");
const model::Object kAfter = stored("new", "2");

const PatchRequest& as_patch(const Next& next) {
  EXPECT_EQ(next.kind, Next::Kind::kSend);
  return std::get<PatchRequest>(*next.request);
}

TEST(UndoWork, ValuesGoBackInOneGuardedPatch) {
  Case c(saved(kBefore, kAfter), kAfter);
  const Next next = c.work.start(0);
  const PatchRequest& patch = as_patch(next);
  EXPECT_EQ(patch.name, "c");
  EXPECT_EQ(patch.ns, "default");
  EXPECT_EQ(patch.gvk, kBefore.gvk());
  EXPECT_EQ(patch.field_manager, "me");
  EXPECT_FALSE(patch.dry_run);
  EXPECT_EQ(patch.patch[1]["value"], "2");
  EXPECT_EQ(c.work.answered(0, reply(200, stored("old", "3"))).kind, Next::Kind::kDone);
  EXPECT_EQ(c.outcome().kind, Kind::kPatch);
  EXPECT_TRUE(c.outcome().wrote);
  EXPECT_FALSE(c.outcome().failed);
  EXPECT_EQ(c.outcome().stored.resource_version(), "3");
  EXPECT_EQ(c.written(), 1U);
}

TEST(UndoWork, ThenOwnershipInAnother) {
  const auto before = stored("old", "1", {owner("me", "a"), owner("them", "b")});
  const auto after = stored("new", "2", {owner("me", "ab")});
  Case c(saved(before, after), after);
  ASSERT_EQ(as_patch(c.work.start(0)).patch.size(), 3U);
  const auto values_back = stored("old", "3", {owner("me", "ab")});
  const Next second = c.work.answered(0, reply(200, values_back));
  EXPECT_EQ(as_patch(second).patch[2]["path"], "/metadata/managedFields");
  EXPECT_EQ(c.written(), 0U) << "it is not done yet";
  EXPECT_EQ(c.work.answered(0, reply(200, stored("old", "4"))).kind, Next::Kind::kDone);
  EXPECT_EQ(c.outcome().stored.resource_version(), "4");
  EXPECT_EQ(c.written(), 1U);
}

TEST(UndoWork, ARaceForTheOwnershipLeavesWhatWasDoneWithTheValues) {
  const auto before = stored("old", "1", {owner("me", "a")});
  const auto after = stored("new", "2", {owner("me", "ab")});
  Case c(saved(before, after), after);
  c.work.start(0);
  c.work.answered(0, reply(200, stored("old", "3", {owner("me", "ab")})));
  ASSERT_EQ(c.work.answered(0, reply(409)).kind, Next::Kind::kSend);
  // Somebody else has put it back meanwhile.
  EXPECT_EQ(c.work.answered(0, reply(200, stored("old", "4", {owner("me", "a")}))).kind, Next::Kind::kDone);
  EXPECT_EQ(c.outcome().kind, Kind::kPatch) << "what was found first, and done";
  EXPECT_TRUE(c.outcome().wrote);
  EXPECT_EQ(c.outcome().stored.resource_version(), "4");
  EXPECT_EQ(c.written(), 1U);
}

TEST(UndoWork, OwnershipIsPutBackOnce) {
  const auto before = stored("old", "1", {owner("me", "a")});
  const auto after = stored("new", "2", {owner("me", "ab")});
  Case c(saved(before, after), after);
  c.work.start(0);
  ASSERT_EQ(c.work.answered(0, reply(200, stored("old", "3", {owner("me", "ab")}))).kind, Next::Kind::kSend);
  // An admission webhook of theirs takes it again.
  EXPECT_EQ(c.work.answered(0, reply(200, stored("old", "4", {owner("me", "ab")}))).kind, Next::Kind::kDone);
}

TEST(UndoWork, WhatIsDeletedBetweenItsTwoWritesIsLost) {
  const auto before = stored("old", "1", {owner("me", "a")});
  const auto after = stored("new", "2", {owner("me", "ab")});
  Case c(saved(before, after), after);
  c.work.start(0);
  c.work.answered(0, reply(200, stored("old", "3", {owner("me", "ab")})));
  EXPECT_EQ(c.work.answered(0, reply(404)).kind, Next::Kind::kDone);
  EXPECT_EQ(c.outcome().kind, Kind::kLost);
  EXPECT_TRUE(c.outcome().failed);
}

TEST(UndoWork, OwnershipAlone) {
  const auto before = stored("same", "1", {owner("me", "a")});
  const auto live = stored("same", "2", {owner("me", "ab")});
  Case c(saved(before, live), live);
  EXPECT_EQ(as_patch(c.work.start(0)).patch[2]["path"], "/metadata/managedFields");
  EXPECT_EQ(c.work.answered(0, reply(200, before)).kind, Next::Kind::kDone);
  EXPECT_EQ(c.outcome().kind, Kind::kOwner);
  EXPECT_TRUE(c.outcome().wrote);
}

TEST(UndoWork, WhatIsAsItWasOrKeptIsNotWritten) {
  Case same(saved(kBefore, kAfter), kBefore);
  EXPECT_EQ(same.work.start(0).kind, Next::Kind::kDone);
  EXPECT_EQ(same.outcome().kind, Kind::kNothing);
  EXPECT_FALSE(same.outcome().wrote);
  EXPECT_EQ(same.written(), 0U);
  EXPECT_EQ(same.outcome().stored, kBefore);

  model::Object claim = config("c", "x");
  claim.json["kind"] = "PersistentVolumeClaim";
  claim = created(claim);
  Case kept(saved(std::nullopt, claim), claim);
  EXPECT_EQ(kept.work.start(0).kind, Next::Kind::kDone);
  EXPECT_EQ(kept.outcome().kind, Kind::kKept);
  EXPECT_NE(kept.outcome().message.find("claim"), std::string::npos);
  EXPECT_FALSE(kept.outcome().failed);
}

TEST(UndoWork, WhatCannotBePutBackFails) {
  Case c(saved(kBefore, kAfter), std::nullopt);
  EXPECT_EQ(c.work.start(0).kind, Next::Kind::kDone) << "others go on";
  EXPECT_EQ(c.outcome().kind, Kind::kLost);
  EXPECT_TRUE(c.outcome().failed);
  EXPECT_EQ(c.outcome().message, "someone deleted it meanwhile");
  EXPECT_EQ(c.written(), 1U);
}

TEST(UndoWork, ConflictsAreKept) {
  auto theirs = stored("theirs", "5");
  Case c(saved(kBefore, kAfter), theirs);
  EXPECT_EQ(c.work.start(0).kind, Next::Kind::kDone);
  EXPECT_EQ(c.outcome().conflicts, std::vector<std::string>{"/data/key"});
}

TEST(UndoWork, ARaceIsReadAndDecidedAnew) {
  for (const int status : {409, 422}) {
    Case c(saved(kBefore, kAfter), kAfter);
    c.work.start(0);
    const Next look = c.work.answered(0, reply(status));
    ASSERT_EQ(look.kind, Next::Kind::kSend) << status;
    const auto& get = std::get<GetRequest>(*look.request);
    EXPECT_EQ(get.name, "c");
    EXPECT_EQ(get.ns, "default");
    EXPECT_EQ(get.gvk, kBefore.gvk());
    auto live = stored("new", "7");
    live.json["data"]["extra"] = "x";
    const Next again = c.work.answered(0, reply(200, live));
    EXPECT_EQ(as_patch(again).patch[1]["value"], "7") << status;
    auto done = stored("old", "8");
    EXPECT_EQ(c.work.answered(0, reply(200, done)).kind, Next::Kind::kDone);
    EXPECT_FALSE(c.outcome().failed);
  }
}

TEST(UndoWork, AnAnswerThatDidNotComeIsLookedForLater) {
  for (const int status : {0, 500, 429}) {
    Case c(saved(kBefore, kAfter), kAfter);
    c.work.start(0);
    const Next wait = c.work.answered(0, reply(status));
    ASSERT_EQ(wait.kind, Next::Kind::kWait) << status;
    EXPECT_EQ(wait.at, Instant{backoff(1)});
    EXPECT_EQ(c.work.resume(0).kind, Next::Kind::kWait) << "not before its time";
    c.session.pause(backoff(1));
    const Next look = c.work.resume(0);
    ASSERT_EQ(look.kind, Next::Kind::kSend);
    EXPECT_TRUE(std::holds_alternative<GetRequest>(*look.request));
    // The write had been done.
    EXPECT_EQ(c.work.answered(0, reply(200, kBefore)).kind, Next::Kind::kDone);
    EXPECT_EQ(c.outcome().kind, Kind::kNothing);
    EXPECT_FALSE(c.outcome().failed);
  }
}

TEST(UndoWork, AReadThatFailsIsRepeatedOnlySoOften) {
  Case c(saved(kBefore, kAfter), kAfter);
  c.work.start(0);
  Next next = c.work.answered(0, reply(409));
  int reads = 0;
  while (next.kind != Next::Kind::kDone && reads < 100) {
    if (next.kind == Next::Kind::kWait) {
      c.session.pause(next.at - c.session.now());
      next = c.work.resume(0);
      continue;
    }
    ++reads;
    next = c.work.answered(0, reply(503));
  }
  EXPECT_EQ(reads, kMaxRepetitions);
  EXPECT_TRUE(c.outcome().failed);
  EXPECT_NE(c.outcome().message.find("answer 503"), std::string::npos);
}

TEST(UndoWork, ResumedWithoutAnythingToReadItDecides) {
  Case c(saved(kBefore, kAfter), kAfter);
  EXPECT_EQ(as_patch(c.work.resume(0)).patch.size(), 3U);
}

TEST(UndoWork, ARefusalIsTheEnd) {
  Case c(saved(kBefore, kAfter), kAfter);
  c.work.start(0);
  EXPECT_EQ(c.work.answered(0, reply(403)).kind, Next::Kind::kDone);
  EXPECT_TRUE(c.outcome().failed);
  EXPECT_NE(c.outcome().message.find("answer 403"), std::string::npos);
  Case silent(saved(kBefore, kAfter), kAfter);
  silent.work.start(0);
  EXPECT_EQ(silent.work.answered(0, reply(418)).kind, Next::Kind::kDone);
  EXPECT_EQ(silent.outcome().message, "no answer from the API server");
}

TEST(UndoWork, WhatIsGoneMeanwhileIsDecidedAnew) {
  // Not there for the write, and not there for the read after a race.
  Case at_once(saved(kBefore, kAfter), kAfter);
  at_once.work.start(0);
  EXPECT_EQ(at_once.work.answered(0, reply(404)).kind, Next::Kind::kDone);
  EXPECT_EQ(at_once.outcome().kind, Kind::kLost);
  Case after_a_look(saved(kBefore, kAfter), kAfter);
  after_a_look.work.start(0);
  after_a_look.work.answered(0, reply(409));
  EXPECT_EQ(after_a_look.work.answered(0, reply(404)).kind, Next::Kind::kDone);
  EXPECT_EQ(after_a_look.outcome().kind, Kind::kLost);
}

TEST(UndoWork, WhatWasCreatedIsDeletedByItsUid) {
  const auto mine = created(config("c", "1"));
  Case c(saved(std::nullopt, mine), mine);
  const Next next = c.work.start(0);
  const auto& remove = std::get<DeleteRequest>(*next.request);
  EXPECT_EQ(remove.name, "c");
  EXPECT_EQ(remove.ns, "default");
  EXPECT_EQ(remove.gvk, mine.gvk());
  EXPECT_EQ(remove.preconditions.uid, "u");
  EXPECT_EQ(remove.propagation, Propagation::kBackground);
  EXPECT_EQ(c.work.answered(0, reply(200, mine)).kind, Next::Kind::kDone);
  EXPECT_EQ(c.outcome().kind, Kind::kDelete);
  EXPECT_TRUE(c.outcome().wrote);
  EXPECT_EQ(c.outcome().stored.name(), "");
  ASSERT_EQ(c.written(), 1U);
  EXPECT_EQ(std::get<model::ObjectWritten>(c.sink.events.back()).action, model::Action::kDeleted);
  // Deleted by somebody else, or by a request whose answer was lost.
  Case gone(saved(std::nullopt, mine), mine);
  gone.work.start(0);
  EXPECT_EQ(gone.work.answered(0, reply(404)).kind, Next::Kind::kDone);
  EXPECT_FALSE(gone.outcome().failed);
  auto leaving = mine;
  leaving.json["metadata"]["deletionTimestamp"] = "t";
  Case on_its_way(saved(std::nullopt, mine), leaving);
  EXPECT_EQ(on_its_way.work.start(0).kind, Next::Kind::kDone);
  EXPECT_TRUE(on_its_way.outcome().wrote);
  EXPECT_EQ(on_its_way.outcome().stored.name(), "");
}

model::Object definition() {
  return created(
      {*model::parse_json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"things.example.com"},"spec":{"group":"example.com","names":{"kind":"Thing","plural":"things"},
    "versions":[{"name":"v1","served":true}]},"status":{"conditions":[{"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}]}})")});
}

TEST(UndoWork, ADefinitionGoesOnlyWithoutObjectsOfItsKind) {
  auto leaving = config("x", "1");
  leaving.json["metadata"]["deletionTimestamp"] = "t";
  struct Row {
    const char* name;
    Response response;
    const char* kept;  // null: it is deleted
  };
  const std::vector<Row> rows = {
      {"none", listed({}), nullptr},
      {"not served any more", reply(404), nullptr},
      {"some that are leaving", listed({leaving}), nullptr},
      {"one", listed({leaving, config("y", "1")}), "objects of its kind exist by now"},
      {"not known", reply(403), "objects of its kind could not be listed"},
  };
  // Its names are those of another definition: whatever there is of the kind is not of this one.
  auto never = definition();
  never.json["status"]["conditions"][1]["status"] = "False";
  Case refused(saved(std::nullopt, never), never);
  EXPECT_EQ(refused.work.start(0).kind, Next::Kind::kSend) << "nothing is asked";
  for (const Row& row : rows) {
    Case c(saved(std::nullopt, definition()), definition());
    model::Gvk asked;
    c.server.answer = [&](const Request& request) {
      asked = std::get<ListRequest>(request).gvk;
      return row.response;
    };
    const Next next = c.work.start(0);
    EXPECT_EQ(asked, (model::Gvk{"example.com", "v1", "Thing"})) << row.name;
    EXPECT_EQ(next.kind, row.kept == nullptr ? Next::Kind::kSend : Next::Kind::kDone) << row.name;
    EXPECT_EQ(c.outcome().kind, row.kept == nullptr ? Kind::kDelete : Kind::kKept) << row.name;
    EXPECT_EQ(c.outcome().message, row.kept == nullptr ? "" : row.kept) << row.name;
  }
}

model::Object named(const char* kind, const char* name) {
  model::Object out = config(name, "1");
  out.json["kind"] = kind;
  return out;
}

model::Object owned(model::Object object, const std::string& uid, const std::string& owner) {
  object.json["metadata"]["uid"] = uid;
  object.json["metadata"]["ownerReferences"] = {{{"apiVersion", owner == "node" ? "v1" : "apps/v1"},
                                                 {"kind", owner == "node" ? "Node" : "ReplicaSet"},
                                                 {"uid", owner}}};
  return object;
}

// What belonged to a deleted workload is deleted by the garbage collector, in its own time.
TEST(UndoWork, ANamespaceWaitsForWhatIsBeingCollected) {
  struct Row {
    const char* name;
    std::vector<model::Object> items;
    const char* kept;  // null: it waits
  };
  const std::vector<Row> rows = {
      {"the owner is gone", {owned(named("Pod", "p"), "p", "gone")}, nullptr},
      {"and so will be the owner",
       {owned(named("Pod", "p"), "p", "rs"), owned(named("ReplicaSet", "r"), "rs", "gone")},
       nullptr},
      {"the owner stays",
       {owned(named("Pod", "p"), "p", "rs"), owned(named("ReplicaSet", "r"), "rs", "rs")},
       "it holds Pod default/p"},
      {"an owner outside of it", {owned(named("Pod", "p"), "p", "node")}, "it holds Pod default/p"},
      {"and something else",
       {owned(named("Pod", "p"), "p", "gone"), config("mine", "1")},
       "it holds ConfigMap default/mine"},
  };
  const model::Object space =
      created({*model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"extra"}})")});
  for (const Row& row : rows) {
    for (const bool collected : {true, false}) {
      World world;
      Case c(saved(std::nullopt, space), space);
      c.server.known = *world.client().catalog(false);
      bool there = true;
      c.server.answer = [&](const Request& request) {
        const bool here = std::get<ListRequest>(request).gvk.kind == "ConfigMap";
        return listed(here && there ? row.items : std::vector<model::Object>{});
      };
      Next next = c.work.start(0);
      if (row.kept != nullptr) {
        EXPECT_EQ(next.kind, Next::Kind::kDone) << row.name;
        EXPECT_EQ(c.outcome().message, row.kept) << row.name;
        continue;
      }
      ASSERT_EQ(next.kind, Next::Kind::kWait) << row.name;
      there = !collected;
      for (int i = 0; i < 100 && next.kind == Next::Kind::kWait; ++i) {
        c.server.wait(next.at);
        next = c.work.resume(0);
      }
      EXPECT_EQ(next.kind, collected ? Next::Kind::kSend : Next::Kind::kDone) << row.name;
      EXPECT_EQ(c.outcome().failed, !collected) << row.name;
    }
  }
}

TEST(UndoWork, ANamespaceGoesOnlyWhenItHoldsNothingButItsFurniture) {
  auto leaving = config("x", "1");
  leaving.json["metadata"]["deletionTimestamp"] = "t";
  struct Row {
    const char* name;
    Response response;
    const char* kept;
  };
  const std::vector<Row> rows = {
      {"nothing", listed({}), nullptr},
      {"furniture",
       listed({named("Event", "e"), named("Endpoints", "e"), named("EndpointSlice", "e"), named("Lease", "l"),
               named("ServiceAccount", "default"), named("ConfigMap", "kube-root-ca.crt"), leaving}),
       nullptr},
      {"not to be listed", reply(405), nullptr},
      {"not served any more", reply(404), nullptr},
      {"a ConfigMap", listed({config("mine", "1")}), "it holds ConfigMap default/mine"},
      {"a ServiceAccount", listed({named("ServiceAccount", "mine")}), "it holds ServiceAccount default/mine"},
      {"not known", reply(403), "its contents could not be listed"},
  };
  const model::Object space =
      created({*model::parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"extra"}})")});
  for (const Row& row : rows) {
    World world;
    Case c(saved(std::nullopt, space), space);
    c.server.known = *world.client().catalog(false);
    std::set<std::pair<std::string, std::string>> asked;
    std::size_t requests = 0;
    c.server.answer = [&](const Request& request) {
      const auto& list = std::get<ListRequest>(request);
      EXPECT_EQ(list.ns, "extra");
      ++requests;
      asked.emplace(list.gvk.group, list.gvk.kind);
      return row.response;
    };
    const Next next = c.work.start(0);
    EXPECT_EQ(next.kind, row.kept == nullptr ? Next::Kind::kSend : Next::Kind::kDone) << row.name;
    EXPECT_EQ(c.outcome().message, row.kept == nullptr ? "" : row.kept) << row.name;
    EXPECT_EQ(requests, asked.size()) << "each kind once";
    EXPECT_TRUE(asked.contains({"", "ConfigMap"}));
    EXPECT_FALSE(asked.contains({"", "Node"})) << "nothing outside namespaces";
    EXPECT_FALSE(asked.contains({"authorization.k8s.io", "SubjectAccessReview"}))
        << "nothing that cannot be listed";
  }
}

TEST(UndoGraph, RestoresFirstAndDeletesLast) {
  const auto role = model::Object{*model::parse_json(
      R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"s","namespace":"default"}})")};
  const std::vector<journal::SavedObject> all = {
      saved(std::nullopt, config("new", "1")), saved(kBefore, kAfter),
      saved(deployment("web", "x"), deployment("web", "y")), saved(std::nullopt, role)};
  const Graph graph = undo_graph(all);
  ASSERT_EQ(graph.included.size(), 4U);
  EXPECT_EQ(graph.included, std::vector<bool>(4, true));
  const std::vector<std::size_t> restored{1, 2};
  EXPECT_EQ(graph.groups.back(), restored);
  const std::size_t last = graph.groups.size() - 1;
  for (const std::size_t node : {0U, 3U}) {
    EXPECT_NE(std::find(graph.waits_for[node].begin(), graph.waits_for[node].end(), last),
              graph.waits_for[node].end());
  }
  for (const std::size_t node : {1U, 2U}) {
    EXPECT_EQ(std::find(graph.waits_for[node].begin(), graph.waits_for[node].end(), last),
              graph.waits_for[node].end());
  }
  const std::vector<journal::SavedObject> created_only = {saved(std::nullopt, config("new", "1"))};
  EXPECT_EQ(undo_graph(created_only).waits_for[0].size(), 0U) << "there is nothing to wait for";
}

model::Object volume(const char* name, const char* after) {
  model::Object out;
  out.json = {{"apiVersion", "v1"}, {"kind", "PersistentVolume"}, {"metadata", {{"name", name}}}};
  out.json["spec"]["volumeName"] = after;
  return out;
}

TEST(UndoGraph, RestoresWhatOthersReferToBeforeThem) {
  const std::vector<journal::SavedObject> all = {
      saved(volume("a", "b"), std::nullopt), saved(kBefore, kAfter), saved(volume("b", ""), std::nullopt)};
  const Graph graph = undo_graph(all);
  EXPECT_EQ(graph.depends_on[0], std::vector<std::size_t>{2});
  EXPECT_TRUE(graph.depends_on[1].empty());
  EXPECT_TRUE(graph.depends_on[2].empty());
}

TEST(UndoGraph, DeletesWhatRunsBeforeWhatItUses) {
  const std::vector<journal::SavedObject> all = {saved(std::nullopt, config("c", "1")),
                                                 saved(kBefore, kAfter),
                                                 saved(std::nullopt, deployment("web", "x"))};
  const Graph graph = undo_graph(all);
  const auto waits = [&](std::size_t node, std::size_t other) {
    return std::any_of(graph.waits_for[node].begin(), graph.waits_for[node].end(), [&](std::size_t group) {
      const auto& members = graph.groups[group];
      return std::find(members.begin(), members.end(), other) != members.end();
    });
  };
  EXPECT_TRUE(waits(0, 2));
  EXPECT_FALSE(waits(2, 0));
  EXPECT_TRUE(waits(0, 1) && waits(2, 1)) << "both after what is put back";
}

TEST(UndoGraph, ACycleLosesTheOrderOnly) {
  const std::vector<journal::SavedObject> all = {saved(volume("a", "b"), std::nullopt),
                                                 saved(volume("b", "a"), std::nullopt),
                                                 saved(std::nullopt, config("new", "1"))};
  const Graph graph = undo_graph(all);
  EXPECT_EQ(graph.included, std::vector<bool>(3, true)) << "everything is put back nevertheless";
  EXPECT_TRUE(graph.depends_on[0].empty() && graph.depends_on[1].empty());
  EXPECT_EQ(graph.groups.back(), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(graph.waits_for[2].back(), graph.groups.size() - 1) << "deletions still come last";
}

}  // namespace
}  // namespace instantexec::engine
