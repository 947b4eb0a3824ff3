#include <gtest/gtest.h>

#include <set>

#include "engine/errors.h"
#include "engine/undo_graph.h"
#include "unit/engine/passing.h"
#include "unit/engine/undoing.h"

// Undos that cannot see everything they have to put back: a conversion webhook is down, a right was taken
// away.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using model::DeployResult;
using Rule = std::function<sim::Fault(const sim::RequestInfo&)>;

// Of a read that ends in 500 each time.
constexpr int kTries = 1 + kMaxRepetitionsAfter500;

bool has(const std::vector<std::string>& lines, const std::string& text) {
  return all(lines).find(text) != std::string::npos;
}

// Every look at the object ends so; lists of its kind as well.
Rule unreadable(const std::string& kind, const std::string& name, int code = 500) {
  return [=](const sim::RequestInfo& info) {
    const bool it = info.ref.kind == kind && (info.verb == "list" || info.ref.name == name);
    return it && (info.verb == "list" || info.verb == "get") ? status(code) : sim::Fault{};
  };
}

TEST(UndoUnread, TheOthersAreUndoneAndItIsNamed) {
  for (const int code : {500, 403}) {
    Undoing u;
    for (const char* name : {"a", "b", "c", "d", "e"}) u.world.foreign_apply(config(name, "1"));
    u.world.foreign_apply(secret("s", "1"));
    u.begin();
    for (const char* name : {"a", "b", "c", "d", "e"}) u.write(config(name, "2"), true);
    u.write(secret("s", "2"), true);
    u.write(secret("new", "1"));
    u.task.cause = model::FailureCause{};
    u.world.server.faults.on_request = unreadable("ConfigMap", "c", code);
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, DeployResult::kPartlyUndone);
    for (const char* name : {"a", "b", "d", "e"})
      EXPECT_EQ(model::get_string(u.live(config(name, ""))->json, "/data/key"), "1") << name;
    EXPECT_EQ(model::get_string(u.live(config("c", ""))->json, "/data/key"), "2");
    EXPECT_FALSE(u.live(secret("new", "")));
    ASSERT_TRUE(report->verification);
    EXPECT_FALSE(report->verification->values || report->verification->identity ||
                 report->verification->ownership || report->verification->behaviour);
    ASSERT_EQ(report->verification->differences.size(), 1U) << all(report->verification->differences);
    EXPECT_TRUE(has(report->verification->differences, "ConfigMap default/c: could not be read"));
    EXPECT_TRUE(has(report->verification->differences, std::to_string(code)));
    EXPECT_EQ(report->objects[2].action, model::Action::kFailed);
    EXPECT_NE(report->objects[2].message.find("could not be read"), std::string::npos);
    EXPECT_EQ(report->objects[3].action, model::Action::kRestored);
    // A recovery has everything it needs to go on.
    EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollingBack);
    EXPECT_TRUE(u.operation->stored.head.revisions.empty());
    u.world.server.faults.on_request = nullptr;
    const auto rest = u.undo();
    ASSERT_TRUE(rest) << rest.error().to_string();
    EXPECT_EQ(rest->result, DeployResult::kRolledBack);
    EXPECT_EQ(model::get_string(u.live(config("c", ""))->json, "/data/key"), "1");
  }
}

// A list of a kind fails as a whole, its objects one by one do not.
TEST(UndoUnread, AListThatFailsIsReadOneByOne) {
  Undoing u;
  for (const char* name : {"a", "b", "c", "d"}) u.world.foreign_apply(config(name, "1"));
  const Picture before = u.world.picture();
  u.begin();
  for (const char* name : {"a", "b", "c", "d"}) u.write(config(name, "2"), true);
  u.write(config("new", "1"));
  u.world.server.faults.on_request = unreadable("ConfigMap", "no such");
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, DeployResult::kRolledBack);
  EXPECT_EQ(differences(before, u.world.picture()), "");
}

TEST(UndoUnread, WhatCanBeReadAgainIsUndone) {
  for (const bool written : {true, false}) {
    Undoing u;
    u.world.foreign_apply(config("a", "1"));
    u.world.foreign_apply(secret("s", "1"));
    u.begin();
    u.write(config("a", "2"), true);
    u.write(secret("s", "2"), true);
    // Held back by the other one, as long as that cannot be read.
    u.task.saved[1].after->json["data"]["other"] = "held";
    u.write(config("held", "1"));
    if (!written) {
      engine::ApplyRequest back{secret("s", "1"), "someone", true, false, {}};
      ASSERT_TRUE(u.world.server.act(back).ok());
      u.task.saved[1].before = u.task.saved[1].after = u.live(secret("s", ""));
      u.task.saved[1].after->json["data"]["other"] = "held";
    }
    int looks = 0;
    u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      // The first look and its repetitions.
      return info.verb == "get" && info.ref.name == "s" && ++looks <= kTries ? status(500) : sim::Fault{};
    };
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_GT(looks, kTries);
    EXPECT_EQ(report->result, DeployResult::kRolledBack) << written << all(report->verification->differences);
    EXPECT_EQ(model::get_string(u.live(secret("s", ""))->json, "/data/key"),
              model::get_string(u.task.saved[1].before->json, "/data/key"));
    EXPECT_FALSE(u.live(config("held", "")));
  }
}

TEST(UndoUnread, WhatCannotBeReadAtTheEndIsNotCalledUndone) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.world.foreign_apply(secret("s", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  u.write(secret("s", "2"), true);
  int looks = 0;
  u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    return info.verb == "get" && info.ref.name == "s" && ++looks > 1 ? status(500) : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, DeployResult::kPartlyUndone);
  EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollingBack);
}

TEST(UndoUnread, WhatMustNotBeTouchedCountsAsUnread) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.world.foreign_apply(config("b", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  u.write(config("b", "2"), true);
  u.task.withheld.emplace(config("b", "").ref(), make_error(errors::kReadFailed, "not seen"));
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, DeployResult::kPartlyUndone);
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "1");
  EXPECT_EQ(model::get_string(u.live(config("b", ""))->json, "/data/key"), "2");
  EXPECT_TRUE(has(report->verification->differences, "ConfigMap default/b: could not be read: "));
}

// What is created goes when nothing needs it any more, which nobody knows of an object that is not seen.
TEST(UndoUnread, CreatedObjectsThatItMayNeedStay) {
  const model::Object user{*model::parse_json(R"({"apiVersion":"example.com/v1","kind":"Widget",
    "metadata":{"name":"w","namespace":"default","labels":{"app":"label"}},
    "spec":{"sources":[{"secretRef":{"name":"named"}}],"text":"see prefixed-named","size":1},"status":{"of":"status"}})")};
  const auto space = [](const std::string& name) {
    return model::Object{
        model::Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}}};
  };
  model::Object other_definition = widget_definition();
  other_definition.json["spec"]["names"]["kind"] = "Gadget";
  model::Object other_group = widget_definition();
  other_group.json["spec"]["group"] = "example.org";
  struct Row {
    const char* name;
    model::Object created;
    bool after_known;  // of the one that is not seen
    bool stays;
    bool created_known = true;  // what it was to become
  };
  const std::vector<Row> rows = {
      {"named in its spec", secret("named", "1"), true, true},
      {"not named", secret("other", "1"), true, false},
      {"part of a text", secret("prefixed", "1"), true, false},
      {"a label is no reference", secret("label", "1"), true, false},
      {"nor is a status", secret("status", "1"), true, false},
      {"nothing is known", secret("other", "1"), false, true},
      {"its namespace", space("default"), true, true},
      {"another namespace", space("elsewhere"), true, false},
      {"its definition", widget_definition(), true, true},
      {"the definition of another kind", other_definition, true, false},
      {"the definition of another group", other_group, true, false},
      {"a definition of nobody knows what", other_group, true, true, false},
      {"another object of which nothing is known", secret("other", "1"), true, false, false},
  };
  for (const Row& row : rows) {
    for (const bool existed : {true, false}) {
      std::vector<journal::SavedObject> saved = {
          {user.gvk(), user.ref(), existed ? std::optional(user) : std::nullopt, user},
          {row.created.gvk(), row.created.ref(), std::nullopt, row.created},
          {config("a", "1").gvk(), config("a", "1").ref(), config("a", "1"), config("a", "2")}};
      if (!row.after_known) saved[0].after.reset();
      if (!row.created_known) saved[1].after.reset();
      Graph graph = undo_graph(saved);
      const auto why = leave_out(graph, saved, {{user.ref(), make_error(errors::kReadFailed, "gone dark")}});
      EXPECT_FALSE(graph.included[0]) << row.name;
      EXPECT_NE(why[0].find("gone dark"), std::string::npos) << row.name;
      EXPECT_EQ(graph.included[1], !row.stays) << row.name;
      EXPECT_EQ(why[1].find(user.ref().to_string()) != std::string::npos, row.stays) << row.name << why[1];
      EXPECT_TRUE(graph.included[2]) << row.name << ": what existed is put back";
      EXPECT_EQ(why[2], "") << row.name;
    }
  }
}

TEST(UndoUnread, ACreatedObjectThatStaysIsNamed) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "held"), true);
  u.write(secret("held", "1"));
  u.write(secret("free", "1"));
  u.world.server.faults.on_request = unreadable("ConfigMap", "a");
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, DeployResult::kPartlyUndone);
  EXPECT_TRUE(u.live(secret("held", "")));
  EXPECT_FALSE(u.live(secret("free", "")));
  EXPECT_TRUE(has(report->verification->differences,
                  "Secret default/held: kept: ConfigMap default/a could not be read and may need it"))
      << all(report->verification->differences);
  EXPECT_EQ(report->objects[1].action, model::Action::kSkipped);
}

// One look is not enough for a webhook that comes and goes.
TEST(UndoUnread, WhatWasLeftOutOfTheLastRoundIsNotCalledUndone) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "held"), true);
  u.task.saved[0].before = u.live(config("a", ""));  // so that nothing is to be done with it
  u.write(secret("held", "1"));
  int looks = 0;
  u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    // Each round fails with all its repetitions, each verification succeeds.
    return info.verb == "get" && info.ref.name == "a" && looks++ % (kTries + 1) < kTries ? status(500)
                                                                                         : sim::Fault{};
  };
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(looks, 3 * (kTries + 1));
  EXPECT_EQ(report->result, DeployResult::kPartlyUndone);
  EXPECT_TRUE(u.live(secret("held", "")));
}

// Then it is not the object that cannot be read.
TEST(UndoUnread, AnApiServerThatDoesNotAnswerEndsIt) {
  for (const char* name : {"a", ""}) {
    Undoing u;
    for (const char* one : {"a", "b", "c", "d"}) u.world.foreign_apply(config(one, "1"));
    u.world.foreign_apply(secret("s", "1"));
    u.begin();
    for (const char* one : {"a", "b", "c", "d"}) u.write(config(one, "2"), true);
    u.write(secret("s", "2"), true);
    u.world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      if (info.ref.kind != "ConfigMap") return sim::Fault{};
      if (info.verb == "list" && *name != '\0') return status(500);
      sim::Fault lost;
      lost.kind = sim::Fault::Kind::kDropAnswer;
      return info.ref.name == name ? lost : sim::Fault{};
    };
    const auto report = u.undo();
    ASSERT_FALSE(report) << name;
    EXPECT_EQ(model::get_string(u.live(secret("s", ""))->json, "/data/key"), "Mg==") << name;
    EXPECT_EQ(u.operation->stored.head.phase, journal::Phase::kRollingBack);
  }
}

// The answers about one object make no sense, whoever gives them; the API server is there.
class Garbled final : public Passing {
 public:
  explicit Garbled(Cluster& real) : Passing(real) {}
  RequestId submit(Request request) override {
    const auto* get = std::get_if<GetRequest>(&request);
    const bool about_it = get != nullptr && get->gvk.kind == "ConfigMap" && get->name == "c";
    const RequestId id = Passing::submit(std::move(request));
    if (about_it && on) garbled_.insert(id);
    return id;
  }
  ClusterEvent wait(Instant deadline) override {
    ClusterEvent event = Passing::wait(deadline);
    auto* response = std::get_if<Response>(&event);
    if (response != nullptr && garbled_.contains(response->id)) {
      Response out;
      out.id = response->id;
      out.outcome = Outcome::kUnknown;
      out.error = make_error(errors::kReadFailed, "cannot tell");
      out.error->http_status = 200;
      return out;
    }
    return event;
  }
  bool on = false;

 private:
  std::set<RequestId> garbled_;
};

TEST(UndoUnread, AnswersThatMakeNoSenseKeepNothingElseFromBeingUndone) {
  Undoing u;
  Garbled cluster(u.world.client());
  for (const char* name : {"a", "c"}) u.world.foreign_apply(config(name, "1"));
  u.begin(&cluster);
  for (const char* name : {"a", "c"}) u.write(config(name, "2"), true);
  cluster.on = true;
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, DeployResult::kPartlyUndone);
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "1");
  EXPECT_EQ(model::get_string(u.live(config("c", ""))->json, "/data/key"), "2");
  EXPECT_TRUE(has(report->verification->differences, "ConfigMap default/c: could not be read"));
}

TEST(UndoUnread, NothingThatMayBeTouchedIsNoReasonToEnd) {
  Undoing u;
  u.world.foreign_apply(config("a", "1"));
  u.begin();
  u.write(config("a", "2"), true);
  u.task.withheld.emplace(config("a", "").ref(), make_error(errors::kReadFailed, "not now"));
  const auto report = u.undo();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kPartlyUndone);
  EXPECT_EQ(model::get_string(u.live(config("a", ""))->json, "/data/key"), "2");
}

// Which kinds there are is not known, and one object cannot be read. Only what is on its way out is waited
// for.
TEST(UndoUnread, WhatLeavesIsWaitedForBesideIt) {
  for (const bool leaves : {true, false}) {
    NoCatalog cluster;
    Undoing u;
    cluster.real = &u.world.client();
    u.world.foreign_apply(config("b", "1"));
    u.begin(&cluster);
    auto created = config("a", "1");
    if (leaves) created.json["metadata"]["finalizers"] = {"example.com/wait"};
    u.write(created);
    u.write(config("b", "2"), true);
    u.world.server.faults.on_request = [](const sim::RequestInfo& info) {
      return info.verb == "get" && info.ref.name == "b" ? status(403) : sim::Fault{};
    };
    const auto begin = u.session->now();
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kPartlyUndone);
    EXPECT_EQ((u.session->now() - begin).count() >= 60'000, leaves);
  }
}

model::Object definition_of(const std::string& group, const std::string& plural, const std::string& kind) {
  model::Object out = widget_definition();
  out.json["metadata"]["name"] = plural + "." + group;
  out.json["spec"]["group"] = group;
  out.json["spec"]["names"] = {{"plural", plural}, {"kind", kind}};
  return out;
}

// A kind that is not served comes back only with its own definition, and only if that one was seen.
TEST(UndoUnread, OnlyItsOwnDefinitionBringsAKindBack) {
  const std::vector<model::Object> others = {definition_of("example.com", "gadgets", "Gadget"),
                                             definition_of("example.org", "widgets", "Widget")};
  for (const bool with_its_own : {false, true}) {
    Undoing u;
    std::vector<model::Object> all = others;
    if (with_its_own) all.push_back(widget_definition());
    u.world.foreign_apply(widget_definition());
    for (const model::Object& one : others) u.world.foreign_apply(one);
    u.world.server.run_for(Duration{1000});
    u.world.foreign_apply(widget());
    all.push_back(widget());
    std::vector<journal::SavedObject> saved;
    for (const model::Object& one : all) saved.push_back({one.gvk(), one.ref(), u.live(one), u.live(one)});
    u.world.foreign_delete(widget_definition());
    u.world.server.run_for(Duration{5000});
    u.world.restart();
    u.begin();
    u.task.saved = saved;
    u.world.server.faults.on_request = [](const sim::RequestInfo& info) {
      const bool its_own =
          info.ref.kind == "CustomResourceDefinition" && info.ref.name == "widgets.example.com";
      return info.verb == "get" && its_own ? status(403) : sim::Fault{};
    };
    const auto begin = u.session->now();
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kPartlyUndone);
    EXPECT_LT((u.session->now() - begin).count(), 10'000) << "nobody brings it back, so nobody waits";
  }
}

}  // namespace
}  // namespace instantexec::engine
