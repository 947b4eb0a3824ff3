#include "plan/make_plan.h"

#include <gtest/gtest.h>

#include "unit/plan/objects.h"

namespace instantexec::plan {
namespace {

using test::config;
using test::make;
using test::stored;

// A world to plan in; every helper adds one object.
struct World {
  std::vector<Desired> desired;
  std::vector<DryRun> dry_runs;
  std::map<model::ObjectRef, model::Object> live;
  std::vector<Member> members;
  model::ApiCatalog catalog;
  Policy policy;

  Desired& want(model::Object object) {
    object.json["metadata"]["labels"]["instantexec.dev/release"] = "web";
    Desired one;
    one.manifest.object = std::move(object);
    one.manifest.range = {"a.yaml", {static_cast<std::uint32_t>(desired.size() + 1), 1}, {}};
    desired.push_back(std::move(one));
    dry_runs.push_back({DryRun::Kind::kAccepted, stored(desired.back().object()), 200, "", "", {}, {}});
    return desired.back();
  }
  void exists(const model::Object& object) { live[object.ref()] = object; }
  void was_member(const model::Object& object, const std::string& uid) {
    members.push_back({object.gvk(), object.ref(), uid});
  }
  void refuse(int status, const std::string& message, std::vector<Problem> problems = {}) {
    dry_runs.back() = {DryRun::Kind::kRefused, {}, status, "", message, std::move(problems), {}};
  }
  [[nodiscard]] Result<PlanOutput> plan() const {
    PlanInput input;
    input.scope = {"web", "demo"};
    input.revision = 3;
    input.policy = policy;
    input.field_manager = "me";
    input.fingerprint_key = "key";
    input.desired = desired;
    input.dry_runs = dry_runs;
    input.live = &live;
    input.members = members;
    input.catalog = &catalog;
    return make_plan(input);
  }
};

std::string rules(const PlanOutput& output) {
  std::string out;
  for (const auto& finding : output.findings) {
    out += (out.empty() ? "" : " ") + finding.rule + (finding.severity == model::Severity::kError ? "!" : "");
  }
  return out;
}

TEST(MakePlan, CreatesConfiguresAndLeavesAlone) {
  World world;
  world.want(config("new", "1"));
  world.want(config("changed", "2"));
  world.exists(stored(config("changed", "1"), "u7", "70"));
  world.want(config("equal", "1"));
  world.exists(stored(config("equal", "1")));
  const auto out = world.plan();
  ASSERT_TRUE(out);
  EXPECT_EQ(rules(*out), "");
  const auto& steps = out->plan.steps;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].op, Op::kCreate);
  EXPECT_EQ(steps[0].uid, "");
  EXPECT_EQ(steps[1].op, Op::kConfigure);
  EXPECT_EQ(steps[1].uid, "u7");
  EXPECT_EQ(steps[1].resource_version, "70");
  ASSERT_EQ(steps[1].changes.size(), 1U);
  EXPECT_EQ(steps[1].changes[0].pointer, "/data/key");
  EXPECT_EQ(steps[2].op, Op::kUnchanged);
  EXPECT_EQ(out->plan.revision, 3);
}

TEST(MakePlan, OwnershipAloneIsAChange) {
  World world;
  world.want(config("c", "1"));
  world.exists(stored(config("c", "1")));
  world.dry_runs[0].object.json["metadata"]["managedFields"] = {
      {{"manager", "me"}, {"operation", "Apply"}, {"fieldsV1", {{"f:data", 1}}}}};
  const auto out = world.plan();
  EXPECT_EQ(out->plan.steps[0].op, Op::kConfigure);
  EXPECT_TRUE(out->plan.steps[0].changes.empty());
  EXPECT_NE(out->plan.steps[0].reason, "");
}

TEST(MakePlan, Refusals) {
  struct Row {
    const char* name;
    int status;
    const char* message;
    std::vector<Problem> problems;
    const char* rules;
  };
  const std::vector<Row> rows = {
      {"invalid", 422, "is invalid", {{"FieldValueInvalid", "data.key", "bad"}}, "server.invalid!"},
      {"two causes", 422, "m", {{"", "a", "bad"}, {"", "b", "bad"}}, "server.invalid! server.invalid!"},
      {"immutable", 422, "m", {{"", "spec.selector", "field is immutable"}}, "server.immutable!"},
      {"immutable by message",
       422,
       "updates to statefulset spec for fields other than … are forbidden",
       {},
       "server.immutable!"},
      {"strict",
       400,
       "strict decoding error: unknown field \"data.b\", duplicate field \"data.a\"",
       {},
       "server.unknown-field! server.unknown-field!"},
      {"not decoded", 400, "cannot be handled", {}, "server.invalid!"},
      {"no namespace", 404, "namespaces \"demo\" not found", {}, "namespace.missing!"},
      {"forbidden", 403, "deployments.apps is forbidden: User \"x\" cannot patch", {}, "server.forbidden!"},
      {"quota", 403, "pods \"x\" is forbidden: exceeded quota: q, requested: cpu=1", {}, "server.quota!"},
      {"pod security",
       403,
       "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\"",
       {},
       "server.denied!"},
      {"denied", 400, "admission webhook \"v.example.com\" denied the request: no", {}, "server.denied!"},
      {"too large", 413, "Request entity too large", {}, "server.refused!"},
      {"webhook", 500, "webhook", {}, "server.refused!"},
  };
  for (const Row& row : rows) {
    World world;
    world.want(config("c", "1"));
    world.exists(stored(config("c", "0")));
    world.refuse(row.status, row.message, row.problems);
    const auto out = world.plan();
    ASSERT_TRUE(out) << row.name;
    EXPECT_EQ(rules(*out), row.rules) << row.name;
    EXPECT_EQ(out->findings[0].at.file, "a.yaml") << row.name;
    EXPECT_EQ(out->findings[0].evidence, model::EvidenceClass::kServer);
  }
}

TEST(MakePlan, AnUnknownFieldIsShownWhereItStands) {
  World world;
  world.want(config("c", "1"));
  world.refuse(400, "strict decoding error: unknown field \"data.key\"", {});
  const auto out = world.plan();
  ASSERT_EQ(rules(*out), "server.unknown-field!");
  EXPECT_EQ(out->findings[0].field, "data.key");
  EXPECT_NE(out->findings[0].message.find("unknown field data.key"), std::string::npos);
}

TEST(MakePlan, ImmutableIsOnlySaidOfWhatExists) {
  World world;
  world.want(config("c", "1"));
  world.refuse(422, "m", {{"", "spec.x", "field is immutable"}});
  EXPECT_EQ(rules(*world.plan()), "server.invalid!");
}

TEST(MakePlan, ConflictsNameTheManager) {
  World world;
  world.want(config("c", "1"));
  world.exists(stored(config("c", "0")));
  world.dry_runs[0] = {DryRun::Kind::kConflict,
                       {},
                       409,
                       "Conflict",
                       "Apply failed",
                       {{"FieldManagerConflict", ".data.key", "conflict with \"kubectl-edit\" using v1"}},
                       {}};
  const auto out = world.plan();
  EXPECT_EQ(rules(*out), "server.conflict!");
  EXPECT_EQ(out->findings[0].message,
            "ConfigMap demo/c: data.key is owned by field manager \"kubectl-edit\"");
  EXPECT_EQ(out->findings[0].field, "data.key");
}

TEST(MakePlan, ObjectsOfOthersAreNotTaken) {
  World world;
  world.want(config("c", "1"));
  auto theirs = stored(config("c", "0"));
  theirs.json["metadata"]["annotations"]["meta.helm.sh/release-name"] = "chart";
  world.exists(theirs);
  EXPECT_EQ(rules(*world.plan()), "object.foreign-owner!");
  world.policy.adopt = true;
  EXPECT_EQ(rules(*world.plan()), "object.taken-over");
}

TEST(MakePlan, ObjectsBeingDeletedAreNotWritten) {
  World world;
  world.want(config("c", "1"));
  auto dying = stored(config("c", "0"));
  dying.json["metadata"]["deletionTimestamp"] = "t";
  world.exists(dying);
  EXPECT_EQ(rules(*world.plan()), "object.terminating!");
}

TEST(MakePlan, DeferredObjectsAreCreated) {
  World world;
  world.want(make("example.com/v1", "Widget", "w"));
  world.dry_runs[0] = {};
  const auto out = world.plan();
  EXPECT_EQ(out->plan.steps[0].op, Op::kCreate);
  EXPECT_TRUE(out->plan.steps[0].deferred);
  EXPECT_EQ(rules(*out), "");
}

TEST(MakePlan, IrreversibleStepsNeedConsent) {
  World world;
  auto claim = make("v1", "PersistentVolumeClaim", "p");
  claim.json["spec"]["resources"]["requests"]["storage"] = "2Gi";
  world.want(claim);
  claim.json["spec"]["resources"]["requests"]["storage"] = "1Gi";
  world.exists(stored(claim));
  EXPECT_EQ(rules(*world.plan()), "plan.irreversible!");
  world.policy.accept_irreversible = true;
  const auto out = world.plan();
  EXPECT_EQ(rules(*out), "plan.irreversible");
  EXPECT_EQ(out->plan.steps[0].reversibility, Reversibility::kNone);
}

TEST(MakePlan, WarningsOfTheServerAreErrorsWhenAskedFor) {
  World world;
  world.want(make("v1", "ConfigMap", "a"));
  world.dry_runs.back().warnings = {"a is deprecated", "b hides c"};
  EXPECT_EQ(rules(*world.plan()), "");
  world.policy.warnings_as_errors = true;
  const auto out = world.plan();
  EXPECT_EQ(rules(*out), "server.warning! server.warning!");
  EXPECT_NE(out->findings[0].message.find("a is deprecated"), std::string::npos);
  EXPECT_EQ(out->findings[0].at.file, "a.yaml");
  EXPECT_NE(out->findings[1].message.find("b hides c"), std::string::npos);
}

TEST(MakePlan, SecretValuesNeverEnterThePlan) {
  World world;
  auto secret = make("v1", "Secret", "s");
  secret.json["data"]["password"] = "bmV3Y2FuYXJ5";
  world.want(secret);
  secret.json["data"]["password"] = "b2xkY2FuYXJ5";
  world.exists(stored(secret));
  const auto out = world.plan();
  const std::string text = to_json(out->plan).dump();
  EXPECT_NE(text.find("/data/password"), std::string::npos);
  EXPECT_EQ(text.find("bmV3Y2FuYXJ5"), std::string::npos);
  EXPECT_EQ(text.find("b2xkY2FuYXJ5"), std::string::npos);
}

TEST(MakePlan, PrunesWhatLeft) {
  World world;
  world.want(config("stays", "1"));
  world.was_member(config("stays", "1"), "u1");
  world.exists(stored(config("gone", "1"), "u2", "20"));
  world.was_member(config("gone", "1"), "u2");
  world.was_member(config("vanished", "1"), "u3");
  const auto out = world.plan();
  ASSERT_EQ(out->plan.steps.size(), 2U);
  const Step& step = out->plan.steps[1];
  EXPECT_EQ(step.op, Op::kPrune);
  EXPECT_EQ(step.object.name, "gone");
  EXPECT_EQ(step.uid, "u2");
  EXPECT_EQ(step.resource_version, "20");
  EXPECT_EQ(step.reversibility, Reversibility::kNewIdentity);
  EXPECT_EQ(rules(*out), "");
}

TEST(MakePlan, PruneGuards) {
  struct Row {
    const char* name;
    void (*edit)(World&, model::Object&);
    bool forgotten = true;
  };
  const std::vector<Row> rows = {
      {"switched off", [](World& world, model::Object&) { world.policy.prune = false; }, false},
      {"recreated", [](World&, model::Object& live) { live.json["metadata"]["uid"] = "other"; }},
      {"no label", [](World&, model::Object& live) { live.json["metadata"].erase("labels"); }},
      {"keep annotation",
       [](World&, model::Object& live) {
         live.json["metadata"]["annotations"]["instantexec.dev/keep"] = "true";
       }},
      {"helm took it",
       [](World&, model::Object& live) {
         live.json["metadata"]["annotations"]["meta.helm.sh/release-name"] = "x";
       }},
      {"group does not answer", [](World& world, model::Object&) { world.catalog.add_incomplete("v1"); },
       false},
  };
  for (const Row& row : rows) {
    World world;
    auto live = stored(config("gone", "1"), "u2");
    world.was_member(live, "u2");
    row.edit(world, live);
    world.exists(live);
    const auto out = world.plan();
    ASSERT_EQ(out->plan.steps.size(), 1U) << row.name;
    EXPECT_EQ(out->plan.steps[0].op, Op::kKeep) << row.name;
    EXPECT_NE(out->plan.steps[0].reason, "") << row.name;
    EXPECT_EQ(out->plan.steps[0].forgotten, row.forgotten) << row.name;
    EXPECT_EQ(rules(*out), "prune.kept") << row.name;
  }
}

// Forgotten, it would be nobody's when its aggregated API server is back.
TEST(MakePlan, AMemberThatCannotBeSeenStaysOne) {
  for (const bool answers : {false, true}) {
    World world;
    if (!answers) world.catalog.add_incomplete("example.com/v1");
    world.was_member(make("example.com/v1", "Widget", "w"), "u2");
    world.was_member(config("vanished", "1"), "u3");
    const auto out = world.plan();
    ASSERT_EQ(out->plan.steps.size(), answers ? 0U : 1U);
    EXPECT_EQ(rules(*out), answers ? "" : "prune.kept");
    if (answers) continue;
    const Step& step = out->plan.steps[0];
    EXPECT_EQ(step.op, Op::kKeep);
    EXPECT_EQ(step.object.name, "w");
    EXPECT_EQ(step.uid, "u2");
    EXPECT_FALSE(step.forgotten);
    EXPECT_NE(out->findings[0].message.find("does not answer"), std::string::npos);
    EXPECT_FALSE(out->plan.changes_anything());
  }
}

TEST(MakePlan, ANamespaceWithOurObjectsIsNotPruned) {
  World world;
  world.policy.accept_irreversible = true;
  world.want(make("v1", "ConfigMap", "c", "inside"));
  for (const char* name : {"inside", "empty", "demo"}) {
    auto ns = stored(make("v1", "Namespace", name, ""), std::string("u-") + name);
    ns.json["metadata"]["labels"]["instantexec.dev/release-namespace"] = "demo";
    world.exists(ns);
    world.was_member(ns, ns.uid());
  }
  const auto out = world.plan();
  std::map<std::string, Op> ops;
  for (const Step& step : out->plan.steps) ops[step.object.name] = step.op;
  EXPECT_EQ(ops.at("inside"), Op::kKeep);
  EXPECT_EQ(ops.at("demo"), Op::kKeep) << "it holds the records";
  EXPECT_EQ(ops.at("empty"), Op::kPrune);
}

TEST(MakePlan, AnObjectUnderAnotherKindIsNotPruned) {
  World world;
  world.want(make("networking.k8s.io/v1", "Ingress", "i"));
  world.exists(stored(make("networking.k8s.io/v1", "Ingress", "i"), "u5"));
  world.exists(stored(make("extensions/v1beta1", "Ingress", "i"), "u5"));
  world.was_member(make("extensions/v1beta1", "Ingress", "i"), "u5");
  EXPECT_EQ(world.plan()->plan.count(Op::kPrune), 0U);
}

TEST(MakePlan, EdgesPointIntoThePlan) {
  World world;
  world.want(make("apps/v1", "Deployment", "d"));
  world.want(config("c", "1"));
  world.exists(stored(config("x", "1"), "u2"));
  world.was_member(config("x", "1"), "u2");
  world.exists(stored(make("apps/v1", "Deployment", "old"), "u3"));
  world.was_member(make("apps/v1", "Deployment", "old"), "u3");
  const auto out = world.plan();
  EXPECT_TRUE(from_json(to_json(out->plan)));
  ASSERT_EQ(out->plan.steps.size(), 4U);
  ASSERT_EQ(out->plan.steps[0].waits_for.size(), 1U);
  EXPECT_EQ(out->plan.groups[out->plan.steps[0].waits_for[0]].members, (std::vector<std::size_t>{1}));
  // The pruned ConfigMap goes after the pruned Deployment.
  ASSERT_EQ(out->plan.steps[2].waits_for.size(), 1U);
  EXPECT_EQ(out->plan.groups[out->plan.steps[2].waits_for[0]].members, (std::vector<std::size_t>{3}));
}

}  // namespace
}  // namespace instantexec::plan
