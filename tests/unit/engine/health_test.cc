#include <gtest/gtest.h>

#include <utility>

#include "engine/live.h"
#include "status/rule_reader.h"
#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";

TEST(Versions, AreNumbersWithoutABound) {
  struct Row {
    const char* version;
    const char* than;
    bool later;
  };
  const std::vector<Row> rows = {
      {"2", "1", true},       {"1", "2", false},  {"1", "1", false},
      {"10", "9", true},      {"9", "10", false}, {"100000000000000000000", "99999999999999999999", true},
      {"", "1", false},       {"2", "", false},   {"2a", "1", false},
      {"2", "opaque", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(is_later(row.version, row.than), row.later) << row.version << row.than;
}

// The answer to a write is read after the watch has told everything that came of it.
TEST(Health, AnAnswerOlderThanTheWatchDoesNotHideWhatTheWatchSaid) {
  World world;
  sim::Fault late;
  late.kind = sim::Fault::Kind::kSlowAnswer;
  late.delay = Duration{60'000};
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    return info.verb == "apply" && info.ref.kind == "Deployment" && !info.dry_run ? late : sim::Fault{};
  };
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({deployment("web", kGood)}), "deployed");
  // Ready long before the answer: no more than a confirming read is left to do.
  EXPECT_LT((world.server.now() - started).count(), 65'000);
}

TEST(Health, AWatchThatDeliversNothingDoesNotHoldUpADeploy) {
  World world;
  world.client().silence_watches(true);
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({config("c", "1"), deployment("web", kGood), service("web")}), "deployed");
  EXPECT_LT((world.server.now() - started).count(), 40'000);
}

TEST(Health, AWatchThatFallsSilentInTheMiddleDoesNotHoldUpADeploy) {
  World world;
  bool silenced = false;
  world.server.store().listen([&](const sim::Change& change) {
    if (silenced || !change.after || change.after->kind() != "Pod") return;
    silenced = true;
    world.client().silence_watches(true);
  });
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({deployment("web", kGood)}), "deployed");
  EXPECT_TRUE(silenced);
  EXPECT_LT((world.server.now() - started).count(), 40'000);
}

// What a silent watch hides is found, and a new watch is opened that tells of pods again.
TEST(Health, ASilentWatchDoesNotHideAFailure) {
  World world;
  world.client().silence_watches(true);
  world.server.timeline().at(world.server.now() + Duration{20'000},
                             [&] { world.client().silence_watches(false); });
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({deployment("web", "registry.example/web:crash")}), "rolled_back");
  EXPECT_LT((world.server.now() - started).count(), 100'000);
}

// A Service that gets its address, and what becomes of the read that is to confirm it.
void give_address(World& world, std::function<sim::Fault()> on_confirmation) {
  world.server.timeline().at(world.server.now() + Duration{5'000}, [&world] {
    auto gate = *world.get("Service", "gate");
    gate.json["status"]["loadBalancer"]["ingress"] = model::Json::array({{{"ip", "192.0.2.1"}}});
    world.server.store().put(std::move(gate));
  });
  world.server.faults.on_request = [&world, on_confirmation](const sim::RequestInfo& info) {
    const auto gate = world.get("Service", "gate");
    const bool ready = gate && !model::get_array(gate->json, "/status/loadBalancer/ingress").empty();
    const bool confirms = ready && info.ref.name == "gate" && info.verb == "get";
    return confirms ? on_confirmation() : sim::Fault{};
  };
}

// Ready for a moment, and the watch does not tell that it is so no more.
TEST(Health, WhatAReadDoesNotConfirmIsNotReadyWhenTheTimeIsUp) {
  for (const bool watch_ends : {false, true}) {
    World world;
    world.options.timeout = std::chrono::seconds(30);
    ASSERT_EQ(world.deploy_word({config("old", "1")}), "deployed");
    give_address(world, [&] {
      if (!watch_ends) world.client().silence_watches(true);
      auto gate = *world.get("Service", "gate");
      gate.json["status"]["loadBalancer"].erase("ingress");
      world.server.store().put(std::move(gate));
      return sim::Fault{};
    });
    const auto report = world.deploy({never_ready("gate")});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
    ASSERT_TRUE(report->cause);
    EXPECT_EQ(report->cause->object.name, "gate");
    EXPECT_NE(world.get("ConfigMap", "old"), nullptr) << "pruned for a release that is not ready";
    EXPECT_EQ(report->cause->summary.find("has its address"), std::string::npos) << report->cause->summary;
  }
}

TEST(Health, WhatCannotBeReadIsNotReadyWhenTheTimeIsUp) {
  struct Row {
    sim::Fault fault;
    Duration lasts{0};
    std::string result;
  };
  for (const Row& row : {Row{{sim::Fault::Kind::kAnswer, 403}, Duration{600'000}, "partly_undone"},
                         Row{{sim::Fault::Kind::kDropAnswer}, Duration{70'000}, "rolled_back"}}) {
    World world;
    world.options.timeout = std::chrono::seconds(30);
    ASSERT_EQ(world.deploy_word({config("old", "1")}), "deployed");
    const Instant end = world.server.now() + row.lasts;
    give_address(world, [&] { return world.server.now() > end ? sim::Fault{} : row.fault; });
    const auto report = world.deploy({config("a", "1"), never_ready("gate")});
    EXPECT_NE(world.get("ConfigMap", "old"), nullptr) << "pruned for a release that may not be ready";
    EXPECT_EQ(word(report), row.result);
    ASSERT_TRUE(report && report->cause);
    EXPECT_EQ(report->cause->object.name, "gate");
    EXPECT_NE(report->cause->summary.find("could not be read"), std::string::npos) << report->cause->summary;
  }
}

// A custom kind whose schema has a status, or has none. Nobody looks after its objects.
model::Object crd(bool status) {
  auto out = *model::parse_json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
    "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
    "properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}})");
  if (status) out["spec"]["versions"][0]["subresources"]["status"] = model::Json::object();
  return {out};
}

model::Object widget(int size, const std::string& rule = {}) {
  auto out = *model::parse_json(R"({"apiVersion":"example.com/v1","kind":"Widget",
    "metadata":{"name":"w","namespace":"default"}})");
  out["spec"]["size"] = size;
  if (!rule.empty()) out["metadata"]["annotations"]["instantexec.dev/health-rule"] = rule;
  return {out};
}

// Somebody else's release.
void define_kind(World& world, bool status) {
  const std::string mine = std::exchange(world.options.release, "definitions");
  EXPECT_EQ(world.deploy_word({crd(status)}), "deployed");
  world.options.release = mine;
}

const char* const kTooLarge = R"({"cases":[
  {"status":"Failed","when":{"path":"spec.size","atLeast":3},"reason":"TooLarge","grace":"0s"},
  {"status":"Current","when":{"path":"spec.size","atLeast":1}}]})";

TEST(Health, AKindWithoutAStatusIsReadyAtOnce) {
  for (const bool status : {false, true}) {
    World world;
    ASSERT_EQ(world.deploy_word({crd(status)}), "deployed");
    const auto started = world.server.now();
    // As read from the cluster, and as the release itself says.
    EXPECT_EQ(world.deploy_word({crd(status), widget(1)}), "deployed");
    const auto took = (world.server.now() - started).count();
    EXPECT_EQ(took >= 15'000, status) << took << " ms";
  }
}

TEST(Health, ASchemaIsReadFromTheClusterWhenTheReleaseDoesNotHoldIt) {
  World world;
  define_kind(world, false);
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({widget(1)}), "deployed");
  EXPECT_LT((world.server.now() - started).count(), 15'000);
}

TEST(Health, ARuleInAnAnnotationDecidesADeploy) {
  World world;
  define_kind(world, true);
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({widget(1, kTooLarge)}), "deployed");
  EXPECT_LT((world.server.now() - started).count(), 15'000);
  const auto report = world.deploy({widget(3, kTooLarge)});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_NE(report->cause->summary.find("spec.size is 3"), std::string::npos) << report->cause->summary;
}

TEST(Health, ARuleOfTheUserDecidesADeploy) {
  World world;
  auto rule = *model::parse_json(kTooLarge);
  rule["group"] = "example.com";
  rule["kind"] = "Widget";
  auto rules = status::read_rules(model::Json::array({rule}), "user");
  ASSERT_TRUE(rules) << rules.error().to_string();
  world.options.health_rules = *rules;
  define_kind(world, true);
  EXPECT_EQ(world.deploy_word({widget(1)}), "deployed");
  EXPECT_EQ(world.deploy_word({widget(3)}), "rolled_back");
}

// Ready as far as anybody can wait, and a person has to go on from there.
TEST(Health, APausedDeploymentIsReadyWithAWarning) {
  World world;
  auto app = deployment("web", kGood);
  app.json["spec"]["paused"] = true;
  EXPECT_EQ(world.deploy_word({app}), "deployed");
  EXPECT_NE(world.sink.texts().find("rollout resume deployment/web"), std::string::npos)
      << world.sink.texts();
}

// A Secret that a pod lacks may be made for a custom resource of the same release: while that one is not
// ready the pod is waited for, and no longer.
TEST(Health, WhatAPodLacksMayBeMadeForACustomResource) {
  World world;
  define_kind(world, true);
  auto app = deployment("web", kGood);
  app.json["spec"]["template"]["metadata"]["labels"]["instantexec.dev/fault"] = "config-error";
  world.server.timeline().at(world.server.now() + Duration{60'000}, [&] {
    auto made = *world.get("Widget", "w", "example.com");
    made.json["status"] = {
        {"conditions", model::Json::array({{{"type", "Ready"}, {"status", "True"}, {"reason", "Made"}}})}};
    world.server.store().put(std::move(made));
  });
  auto pending = widget(1);
  world.server.store().listen([&](const sim::Change& change) {
    // Its controller has begun.
    if (!change.after || change.before || change.after->kind() != "Widget") return;
    world.server.timeline().at(world.server.now() + Duration{1'000}, [&] {
      auto begun = *world.get("Widget", "w", "example.com");
      begun.json["status"]["phase"] = "Issuing";
      world.server.store().put(std::move(begun));
    });
  });
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({pending, app}), "rolled_back");
  EXPECT_GE((world.server.now() - started).count(), 60'000);
  EXPECT_LT((world.server.now() - started).count(), 90'000);
}

// An error that an unknown controller reports is no reason to undo a deploy: it may try again.
TEST(Health, AnErrorOfAnUnknownKindIsWaitedOut) {
  World world;
  world.options.timeout = std::chrono::minutes(3);
  define_kind(world, true);
  const auto report_error = [&](const std::string& status, const std::string& reason) {
    auto object = *world.get("Widget", "w", "example.com");
    object.json["status"]["conditions"] =
        model::Json::array({{{"type", "Ready"}, {"status", status}, {"reason", reason}, {"message", "m"}}});
    world.server.store().put(std::move(object));
  };
  world.server.timeline().at(world.server.now() + Duration{5'000},
                             [&] { report_error("False", "CreateFailed"); });
  world.server.timeline().at(world.server.now() + Duration{90'000}, [&] { report_error("True", "Created"); });
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({widget(1)}), "deployed");
  EXPECT_GE((world.server.now() - started).count(), 85'000);
}

// A Job that is done and is deleted for it (ttlSecondsAfterFinished) while others still come up.
TEST(Health, AJobThatCompletedAndExpiredIsDone) {
  World world;
  const model::Object job{*model::parse_json(R"({"apiVersion":"batch/v1","kind":"Job",
    "metadata":{"name":"migrate","namespace":"default"},"spec":{"ttlSecondsAfterFinished":5,"template":{"spec":
    {"restartPolicy":"Never","containers":[{"name":"c","image":"registry.example/migrate:1"}]}}}})")};
  auto slow = deployment("web", kGood);
  slow.json["spec"]["minReadySeconds"] = 40;
  world.server.store().listen([&](const sim::Change& change) {
    if (!change.after || change.after->kind() != "Job") return;
    const std::string uid = change.after->uid();
    bool complete = false;
    for (const model::Json& one : model::get_array(change.after->json, "/status/conditions"))
      complete = complete || model::get_string(one, "/type") == "Complete";
    if (!complete) return;
    world.server.timeline().at(world.server.now() + Duration{5'000}, [&, job] {
      if (world.get("Job", "migrate", "batch") != nullptr) world.foreign_delete(job);
    });
  });
  const auto report = world.deploy({job, slow});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed) << (report->cause ? report->cause->summary : "");
  EXPECT_EQ(world.get("Job", "migrate", "batch"), nullptr);
}

// Whether a Service without endpoints is ready is for the user to say.
TEST(Health, AServiceMayHaveToWaitForItsEndpoints) {
  World world;
  world.options.timeout = std::chrono::minutes(5);
  auto slow = deployment("web", kGood);
  slow.json["spec"]["template"]["metadata"]["labels"]["instantexec.dev/fault"] = "slow-start";
  world.options.readiness.require_endpoints = true;
  EXPECT_EQ(world.deploy_word({service("web"), slow}), "deployed");
  const auto alone = world.deploy({service("web"), slow, service("nobody")});
  ASSERT_TRUE(alone) << alone.error().to_string();
  EXPECT_EQ(alone->result, model::DeployResult::kRolledBack);
  ASSERT_TRUE(alone->cause);
  EXPECT_EQ(alone->cause->object.name, "nobody");
  EXPECT_NE(alone->cause->summary.find("no ready pod matches the selector"), std::string::npos)
      << alone->cause->summary;
  world.options.readiness.require_endpoints = false;
  EXPECT_EQ(world.deploy_word({service("web"), slow, service("nobody")}), "deployed");
}

TEST(Health, AJobThatHasStartedMayBeEnough) {
  World world;
  world.options.timeout = std::chrono::minutes(5);
  const model::Object job{
      *model::parse_json(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"move",
    "namespace":"default"},"spec":{"template":{"metadata":{"annotations":{"instantexec.dev/run-for":"900s"}},
    "spec":{"restartPolicy":"Never","containers":[{"name":"app","image":"registry.example/web:1"}]}}}})")};
  EXPECT_EQ(world.deploy_word({job}), "rolled_back");
  world.options.readiness.wait_for_jobs = false;
  EXPECT_EQ(world.deploy_word({job}), "deployed");
}

// What somebody deletes while it rolls out does not come back by waiting.
TEST(Health, WhatSomebodyDeletesHasFailed) {
  World world;
  world.server.timeline().at(world.server.now() + Duration{10'000},
                             [&] { world.foreign_delete(deployment("web", kGood)); });
  auto slow = deployment("web", kGood);
  slow.json["spec"]["minReadySeconds"] = 60;
  const auto started = world.server.now();
  const auto report = world.deploy({slow});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRolledBack);
  EXPECT_LT((world.server.now() - started).count(), 40'000);
  EXPECT_NE(report->cause->summary.find("somebody deleted it"), std::string::npos) << report->cause->summary;
}

// A class that comes after its claim.
TEST(Health, AStorageClassMayComeLater) {
  for (const bool comes : {true, false}) {
    World world;
    const model::Object claim{*model::parse_json(R"({"apiVersion":"v1","kind":"PersistentVolumeClaim",
      "metadata":{"name":"data","namespace":"default"},"spec":{"storageClassName":"late",
      "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}})")};
    const model::Object kind{*model::parse_json(R"({"apiVersion":"storage.k8s.io/v1","kind":"StorageClass",
      "metadata":{"name":"late"},"provisioner":"example.com/late"})")};
    if (comes) {
      world.server.timeline().at(world.server.now() + Duration{10'000}, [&] {
        world.server.control().enabled = false;  // provisioning takes its time
        world.foreign_apply(kind);
      });
      world.server.timeline().at(world.server.now() + Duration{60'000}, [&] {
        auto bound = *world.get("PersistentVolumeClaim", "data");
        bound.json["status"] = {{"phase", "Bound"}};
        world.server.store().put(std::move(bound));
      });
    }
    const auto report = world.deploy({claim});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, comes ? model::DeployResult::kDeployed : model::DeployResult::kRolledBack);
    if (comes) continue;
    EXPECT_NE(report->cause->summary.find("StorageClass late does not exist"), std::string::npos)
        << report->cause->summary;
  }
}

}  // namespace
}  // namespace instantexec::engine
