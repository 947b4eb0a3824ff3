#include "engine/payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "journal/secrets.h"
#include "unit/engine/world.h"

// What is too large to be recorded is refused while it is planned.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kMebibyte = std::size_t{1} << 20U;

PlanResult plan_of(World& world, const std::vector<model::Object>& objects) {
  auto planned = plan_release(world.environment(), world.options, manifests(objects));
  EXPECT_TRUE(planned);
  return std::move(*planned);
}

std::size_t saved_bytes(World& world) {
  const auto head = journal::read_head(*world.get("Secret", "instantexec.web"));
  EXPECT_TRUE(head);
  return head->operation->payload.size;
}

TEST(TooLarge, CountsWhatIsWrittenToTheByte) {
  World world;
  ASSERT_EQ(world.deploy_word({config("changes", "1"), config("leaves", "1"), config("stays", "1")}),
            "deployed");
  const std::vector<model::Object> next = {config("changes", "22"), config("stays", "1"), config("new", "1"),
                                           secret("s", "value"), deployment("web", "registry.example/web:1")};
  const PlanResult counted = plan_of(world, next);
  ASSERT_EQ(word(deploy(world.environment(), world.options, plan_of(world, next))), "deployed");
  EXPECT_FALSE(too_large(counted, saved_bytes(world)));
  const auto finding = too_large(counted, saved_bytes(world) - 1);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->rule, "record.too-large");
  EXPECT_EQ(finding->severity, model::Severity::kError);
}

// Nothing that compresses would do: what counts is what has to be unpacked again.
model::Object large(char letter) {
  return config("large", std::string(std::size_t{900} * 1024, letter));
}

const model::Finding* finding_of(const std::vector<model::Finding>& findings) {
  const auto found = std::find_if(findings.begin(), findings.end(), [](const model::Finding& finding) {
    return finding.rule == "record.too-large";
  });
  return found == findings.end() ? nullptr : &*found;
}

TEST(TooLarge, IsRefusedBeforeTheLockByEveryVerb) {
  struct Row {
    const char* name;
    std::function<Result<model::DeployReport>(World&)> act;
  };
  const std::vector<Row> rows = {
      {"deploy", [](World& world) { return world.deploy({large('c')}); }},
      {"deploy of a plan",
       [](World& world) {
         PlanResult planned = plan_of(world, {large('c')});
         EXPECT_FALSE(planned.executable());
         return deploy(world.environment(), world.options, std::move(planned));
       }},
      {"rollback", [](World& world) { return rollback(world.environment(), world.options, 0); }},
  };
  for (const bool first : {true, false}) {
    for (const Row& row : rows) {
      if (first && std::string(row.name) == "rollback") continue;
      World world;
      if (!first) {
        ASSERT_EQ(world.deploy_word({large('a')}), "deployed") << row.name;
        ASSERT_EQ(world.deploy_word({large('b')}), "deployed") << row.name;
      }
      world.options.record_limit = kMebibyte;
      const std::size_t written = world.server.writes().size();
      const auto report = row.act(world);
      ASSERT_TRUE(report) << row.name << report.error().to_string();
      EXPECT_EQ(word(report), "refused") << row.name;
      EXPECT_EQ(world.server.writes().size(), written) << row.name << ": not even the lock";
      const model::Finding* finding = finding_of(report->findings);
      ASSERT_NE(finding, nullptr) << row.name;
      EXPECT_NE(finding->message.find(first ? "2 MiB unpacked; at most 1 are kept" : "3 MiB unpacked"),
                std::string::npos)
          << row.name << ": " << finding->message;
      EXPECT_EQ(finding->hint, "split it into several releases") << row.name;
    }
  }
}

TEST(TooLarge, TheLimitOfAReleaseIsWhatARecordMayHave) {
  EXPECT_EQ(ReleaseOptions{}.record_limit, journal::kMaxBlob);
}

// As long as eight of these names may be, and not longer.
PlanResult listing(std::size_t objects, plan::Op op) {
  PlanResult out;
  for (std::size_t i = 0; i < objects; ++i) {
    plan::Step& step = out.plan.steps.emplace_back();
    step.op = op;
    step.gvk = {"", "v1", "ConfigMap"};
    step.object = {"", "ConfigMap", "default", std::string(kMebibyte - 100, 'n') + std::to_string(i)};
    if (op != plan::Op::kCreate) step.uid = "00000000-0000-0000-0000-000000000001";
  }
  return out;
}

TEST(TooLarge, AListOfObjectsThatCannotBeKept) {
  for (const plan::Op op : {plan::Op::kCreate, plan::Op::kConfigure, plan::Op::kPrune, plan::Op::kKeep}) {
    EXPECT_FALSE(too_large(listing(8, op), journal::kMaxBlob)) << to_string(op);
    const auto finding = too_large(listing(9, op), journal::kMaxBlob);
    ASSERT_TRUE(finding) << to_string(op);
    EXPECT_EQ(finding->message, "9 objects are more than can be listed") << to_string(op);
  }
  PlanResult forgotten = listing(9, plan::Op::kKeep);
  for (plan::Step& step : forgotten.plan.steps) step.forgotten = true;
  EXPECT_FALSE(too_large(forgotten, journal::kMaxBlob));
}

}  // namespace
}  // namespace instantexec::engine
