#include "engine/drill.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using model::Json;

const std::string kGood = "registry.example/web:1";
const std::string kMissing = "registry.example/web:does-not-exist";

std::vector<std::string> written(const std::vector<model::DrillOutcome>& drill) {
  std::vector<std::string> out;
  for (const auto& one : drill)
    out.push_back(one.object.name + " " + one.write + (one.accepted ? "" : " refused"));
  std::sort(out.begin(), out.end());
  return out;
}

class Drill : public testing::Test {
 protected:
  World world;

  void SetUp() override {
    ASSERT_EQ(world.deploy_word({config("a", "1"), config("old", "1"), deployment("web", kGood)}),
              "deployed");
    world.options.drill = true;
  }
  static std::vector<model::Object> change() {
    model::Object more = config("a", "2");
    more.json["data"]["added"] = "x";
    return {more, config("new", "1"), deployment("web", "registry.example/web:2", 3)};
  }
};

TEST_F(Drill, TriesEveryWriteOfTheUndoFirst) {
  std::size_t first_write = 0;
  const std::size_t begin = world.server.audit().size();
  const auto report = world.deploy(change());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  EXPECT_EQ(written(report->drill),
            (std::vector<std::string>{"a patch ownership", "a patch values", "new delete",
                                      "web patch ownership", "web patch values"}));
  const auto& audit = world.server.audit();
  std::size_t last_trial = 0;
  for (std::size_t i = begin; i < audit.size(); ++i) {
    if (audit[i].dry_run && (audit[i].verb == "patch" || audit[i].verb == "delete")) {
      last_trial = i;
      EXPECT_FALSE(audit[i].changed);
    }
    if (audit[i].write() && first_write == 0) first_write = i;
  }
  EXPECT_GT(last_trial, 0U);
  EXPECT_LT(last_trial, first_write);
}

// An item of a list is replaced: added once more, it could be one too many for the server.
TEST_F(Drill, TriesTheSameObjectThatWasThere) {
  const auto policy = [](const char* type) {
    return model::Object{
        Json{{"apiVersion", "networking.k8s.io/v1"},
             {"kind", "NetworkPolicy"},
             {"metadata", {{"name", "p"}, {"namespace", "default"}}},
             {"spec", {{"podSelector", Json::object()}, {"policyTypes", Json::array({type})}}}}};
  };
  ASSERT_EQ(world.deploy_word({policy("Ingress")}), "deployed");
  Json tried = Json::array();
  world.server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    const auto* patch = std::get_if<PatchRequest>(info.request);
    if (patch == nullptr || info.ref.kind != "NetworkPolicy") return {};
    for (const Json& operation : patch->patch) tried.push_back(operation);
    return {};
  };
  ASSERT_EQ(world.deploy_word({policy("Egress")}), "deployed");
  std::vector<std::string> on_the_list;
  for (const Json& operation : tried) {
    if (operation["path"] == "/spec/policyTypes/0") on_the_list.push_back(operation["op"]);
  }
  EXPECT_EQ(on_the_list, (std::vector<std::string>{"replace"})) << tried.dump(1);
}

TEST_F(Drill, ARefusedInverseWriteStopsTheRun) {
  const auto before = world.picture();
  const std::size_t writes = world.server.writes().size();
  // An admission rule by now refuses the former state.
  world.server.faults.on_request = [](const sim::RequestInfo& info) -> sim::Fault {
    if (info.verb != "patch" || info.ref.name != "web") return {};
    return {sim::Fault::Kind::kAnswer, 403};
  };
  const auto report = world.deploy(change());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kRefused);
  EXPECT_TRUE(std::any_of(report->drill.begin(), report->drill.end(), [](const auto& one) {
    return one.object.name == "web" && !one.accepted && !one.message.empty();
  }));
  EXPECT_TRUE(std::any_of(report->findings.begin(), report->findings.end(),
                          [](const auto& one) { return one.rule == "drill.refused"; }));
  EXPECT_EQ(world.server.writes().size(), writes);
  EXPECT_EQ(differences(before, world.picture()), "");

  world.options.accept_irreversible = true;
  EXPECT_EQ(world.deploy_word(change()), "deployed");
}

TEST_F(Drill, NothingIsTriedWhenNothingChanges) {
  const auto report = world.deploy({config("a", "1"), config("old", "1"), deployment("web", kGood)});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kNothingToDo);
  EXPECT_TRUE(report->drill.empty());
}

TEST_F(Drill, WithADryRunItEndsThere) {
  const std::size_t writes = world.server.writes().size();
  world.options.dry_run_server = true;
  const auto report = world.deploy(change());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kDryRun);
  EXPECT_EQ(written(report->drill).back(), "web patch values");
  EXPECT_EQ(world.server.writes().size(), writes);
}

TEST_F(Drill, OfARollbackTriesItsDeletionsToo) {
  world.options.drill = false;
  ASSERT_EQ(world.deploy_word(change()), "deployed");
  const std::size_t writes = world.server.writes().size();
  world.options.dry_run_server = true;
  auto report = rollback(world.environment(), world.options, 0);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDryRun);
  EXPECT_EQ(written(report->drill), std::vector<std::string>{"new delete"});
  world.server.faults.on_request = [](const sim::RequestInfo& info) -> sim::Fault {
    if (info.verb != "delete") return {};
    return {sim::Fault::Kind::kAnswer, 403};
  };
  report = rollback(world.environment(), world.options, 0);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, model::DeployResult::kRefused);
  EXPECT_EQ(written(report->drill), std::vector<std::string>{"new delete refused"});
  EXPECT_EQ(world.server.writes().size(), writes);
}

TEST(FormerAddress, GivenAwayMeanwhileDoesNotStopARollback) {
  World world;
  model::Object fixed = service("front");
  fixed.json["spec"]["clusterIP"] = "10.0.7.7";
  fixed.json["spec"]["type"] = "NodePort";
  fixed.json["spec"]["ports"][0]["nodePort"] = 30777;
  ASSERT_EQ(world.deploy_word({config("c", "1"), fixed}), "deployed");
  const std::string address = model::get_string(world.get("Service", "front")->json, "/spec/clusterIP");
  ASSERT_EQ(world.deploy_word({config("c", "2")}), "deployed");
  ASSERT_EQ(world.get("Service", "front"), nullptr);
  model::Object other = fixed;
  other.json["metadata"]["name"] = "thief";
  world.foreign_apply(other);

  const auto report = rollback(world.environment(), world.options, 1);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->result, model::DeployResult::kDeployed);
  const auto back = world.get("Service", "front");
  ASSERT_NE(back, nullptr);
  EXPECT_NE(model::get_string(back->json, "/spec/clusterIP"), address);
  EXPECT_NE(model::get_int(back->json, "/spec/ports/0/nodePort"), 30777);
  EXPECT_TRUE(std::any_of(report->objects.begin(), report->objects.end(), [](const auto& one) {
    return one.object.name == "front" && one.message.find("former address") != std::string::npos;
  }));
}

TEST(FormerAddress, ADeployInsistsOnItsOwn) {
  World world;
  model::Object fixed = service("front");
  fixed.json["spec"]["clusterIP"] = "10.0.7.7";
  model::Object other = fixed;
  other.json["metadata"]["name"] = "thief";
  world.foreign_apply(other);
  EXPECT_EQ(world.deploy_word({config("c", "1"), fixed}), "rolled_back");
}

}  // namespace
}  // namespace instantexec::engine
