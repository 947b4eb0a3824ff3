#include <gtest/gtest.h>

#include "unit/engine/health_story.h"

// Objects to which nothing happens for long: who says that this is all right is waited for.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

constexpr Duration kQuarter = std::chrono::minutes(15);

model::Object slow_deployment(int deadline_seconds) {
  auto out = deployment("web", kGood);
  out.json["spec"]["progressDeadlineSeconds"] = deadline_seconds;
  auto& metadata = out.json["spec"]["template"]["metadata"];
  metadata["labels"]["instantexec.dev/fault"] = "slow-start";
  metadata["annotations"]["instantexec.dev/ready-after"] = "900s";
  return out;
}

std::string cause_of(const Result<model::DeployReport>& report) {
  return report && report->cause ? report->cause->summary : "";
}

TEST(Silence, ADeploymentMayBeSilentUntilItsOwnDeadline) {
  World world;
  world.options.timeout = std::chrono::minutes(30);
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({slow_deployment(1500)}), "deployed");
  EXPECT_GE(world.server.now() - started, kQuarter);
}

TEST(Silence, AJobMayWork) {
  World world;
  world.options.timeout = std::chrono::minutes(30);
  const auto job = *model::parse_json(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"move",
    "namespace":"default"},"spec":{"template":{"metadata":{"annotations":{"instantexec.dev/run-for":"900s"}},
    "spec":{"restartPolicy":"Never","containers":[{"name":"app","image":"registry.example/web:1"}]}}}})");
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({model::Object{job}}), "deployed");
  EXPECT_GE(world.server.now() - started, kQuarter);
}

TEST(Silence, ACustomResourceMayTakeItsTime) {
  World world;
  world.options.timeout = std::chrono::minutes(30);
  const std::string mine = std::exchange(world.options.release, "definitions");
  auto definition = widget_definition();
  definition.json["spec"]["versions"][0]["subresources"]["status"] = model::Json::object();
  ASSERT_EQ(world.deploy_word({definition}), "deployed");
  world.options.release = mine;
  const auto say = [&](Duration after, const std::string& phase) {
    world.server.timeline().at(world.server.now() + after, [&world, phase] {
      auto object = *world.get("Widget", "w", "example.com");
      object.json["status"]["phase"] = phase;
      world.server.store().put(std::move(object));
    });
  };
  say(Duration{5'000}, "Creating");
  say(kQuarter, "Available");
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({widget()}), "deployed");
  EXPECT_GE(world.server.now() - started, kQuarter);
}

TEST(Silence, OthersAreGivenUpAndItIsSaidWhy) {
  World world;
  world.options.timeout = std::chrono::minutes(30);
  const auto started = world.server.now();
  const auto report = world.deploy({never_ready("lb")});
  EXPECT_EQ(word(report), "rolled_back");
  EXPECT_LT(world.server.now() - started, kQuarter);
  EXPECT_NE(cause_of(report).find("(nothing has happened to it for 10m"), std::string::npos)
      << cause_of(report);
}

TEST(Silence, TheUsersLimitCounts) {
  World world;
  world.options.timeout = std::chrono::minutes(30);
  world.options.per_object_timeout = std::chrono::minutes(1);
  const auto started = world.server.now();
  EXPECT_EQ(world.deploy_word({slow_deployment(1500)}), "rolled_back");
  EXPECT_LT(world.server.now() - started, std::chrono::minutes(5));
  // Zero: none, but the time as a whole.
  world.options.per_object_timeout = Duration{0};
  const auto report = world.deploy({never_ready("lb")});
  EXPECT_EQ(word(report), "rolled_back");
  EXPECT_NE(cause_of(report).find("(not ready after 30m"), std::string::npos) << cause_of(report);
}

TEST(Silence, IsTold) {
  World world;
  world.options.timeout = std::chrono::minutes(6);
  EXPECT_EQ(world.deploy_word({never_ready("lb")}), "rolled_back");
  std::string early;
  std::string late;
  for (const model::Event& event : world.sink.events) {
    const auto* waiting = std::get_if<model::StillWaiting>(&event);
    if (waiting == nullptr) continue;
    if (early.empty()) early = waiting->missing;
    late = waiting->missing;
  }
  EXPECT_EQ(early, "Service default/lb (WaitingForLoadBalancer)");
  EXPECT_TRUE(late.starts_with("Service default/lb (WaitingForLoadBalancer, nothing has happened for 5m"))
      << late;
}

}  // namespace
}  // namespace instantexec::engine
