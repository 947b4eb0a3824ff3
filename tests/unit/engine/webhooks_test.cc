#include <gtest/gtest.h>

#include "engine/live_health.h"
#include "unit/engine/health_story.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

model::Object webhook(const std::string& service) {
  auto out = *model::parse_json(R"({"apiVersion":"admissionregistration.k8s.io/v1",
    "kind":"ValidatingWebhookConfiguration","metadata":{"name":"gate"},"webhooks":[{"name":"gate.example.com",
    "admissionReviewVersions":["v1"],"sideEffects":"None","clientConfig":{"service":{"namespace":"default"}},
    "rules":[{"apiGroups":["example.com"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["*"]}]}]})");
  out["webhooks"][0]["clientConfig"]["service"]["name"] = service;
  return {out};
}

const std::string kWarning =
    "webhook gate.example.com calls Service default/web, which has no ready endpoint";

TEST(Webhooks, NobodyAnswersForOne) {
  World world;
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({service("web"), webhook("web")}), "deployed");
  EXPECT_NE(world.sink.texts().find(kWarning), std::string::npos) << world.sink.texts();
  EXPECT_LT((world.server.now() - started).count(), 20'000);
}

TEST(Webhooks, TheReleaseIsRecordedBeforeItIsWaitedForThem) {
  World world;
  bool asked = false;
  int recorded_later = 0;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    asked = asked || info.ref.kind == "EndpointSlice";
    if (asked && info.ref.kind == "Secret" && info.verb != "get" && info.verb != "list") ++recorded_later;
    return sim::Fault{};
  };
  EXPECT_EQ(world.deploy_word({service("web"), webhook("web")}), "deployed");
  EXPECT_TRUE(asked);
  EXPECT_EQ(recorded_later, 0);
}

TEST(Webhooks, TheReleaseBringsTheServer) {
  World world;
  EXPECT_EQ(world.deploy_word({deployment("web", kGood), service("web"), webhook("web")}), "deployed");
  EXPECT_EQ(world.sink.texts().find("no ready endpoint"), std::string::npos) << world.sink.texts();
}

TEST(Webhooks, NothingIsSaidOfWhatMayNotBeRead) {
  World world;
  world.allow = [](const model::Json& attributes) {
    return model::get_string(attributes, "/resource") != "endpointslices";
  };
  EXPECT_EQ(world.deploy_word({service("web"), webhook("web")}), "deployed");
  EXPECT_EQ(world.sink.texts().find("no ready endpoint"), std::string::npos) << world.sink.texts();
}

TEST(Webhooks, NorWithoutWaiting) {
  World world;
  world.options.wait = false;
  EXPECT_EQ(world.deploy_word({service("web"), webhook("web")}), "deployed");
  EXPECT_EQ(world.sink.texts().find("no ready endpoint"), std::string::npos) << world.sink.texts();
}

TEST(Webhooks, HealthAndStatusSayIt) {
  World world;
  ASSERT_EQ(world.deploy_word({service("web"), webhook("web")}), "deployed");
  const auto status = release_status(world.environment(), world.options);
  ASSERT_TRUE(status) << status.error().to_string();
  std::string said;
  for (const model::ObjectOutcome& one : status->objects) said += one.health.message + "\n";
  EXPECT_NE(said.find(kWarning), std::string::npos) << said;

  const auto live = read_live_health(world.environment(), world.options, {});
  ASSERT_TRUE(live) << live.error().to_string();
  EXPECT_TRUE(live->services.lacks("default", "web"));

  const auto watched = watch(world);
  ASSERT_TRUE(watched) << watched.error().to_string();
  EXPECT_TRUE(ready(*watched)) << "it is a warning";
  said.clear();
  for (const status::HealthNode& node : watched->nodes) said += node.status.message + "\n";
  EXPECT_NE(said.find(kWarning), std::string::npos) << said;
}

}  // namespace
}  // namespace instantexec::engine
