#include <gtest/gtest.h>

#include "unit/engine/undoing.h"

// What one object of an undo needs is not forgotten over the next one.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

TEST(UndoRun, OneObjectThatWasNotWrittenYetIsEnoughToWait) {
  for (const bool first : {false, true}) {
    Undoing u;
    u.world.foreign_apply(config("a", "1"));
    u.world.foreign_apply(config("late", "1"));
    u.begin();
    if (!first) u.write(config("a", "2"), true);
    const model::Object late = *u.live(config("late", ""));
    u.task.saved.push_back({late.gvk(), late.ref(), late, late});
    u.task.saved.back().after->json["data"]["key"] = "2";
    if (first) u.write(config("a", "2"), true);
    u.world.server.timeline().at(u.world.server.now() + Duration{4000}, [&u] {
      (void)u.world.server.act(ApplyRequest{config("late", "2"), "me", true, false, {}});
    });
    u.task.quarantine_until = u.session->now() + Duration{5000};
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack) << first;
    u.world.server.run_for(Duration{10'000});
    EXPECT_EQ(model::get_string(u.live(config("late", ""))->json, "/data/key"), "1") << first;
  }
}

TEST(UndoRun, ADeletionIsWaitedForWhateverElseIsGone) {
  for (const bool first : {false, true}) {
    Undoing u;
    u.begin();
    model::Object held = config("held", "1");
    held.json["metadata"]["finalizers"] = {"example.org/soon"};
    if (first) u.write(held);
    u.write(config("other", "1"));
    if (!first) u.write(held);
    u.world.server.timeline().at(u.world.server.now() + Duration{30'000}, [&] {
      const model::Json patch = {{{"op", "remove"}, {"path", "/metadata/finalizers"}}};
      EXPECT_TRUE(
          u.world.server.act(PatchRequest{held.gvk(), "default", "held", patch, "someone", false}).ok());
    });
    const auto report = u.undo();
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->result, model::DeployResult::kRolledBack)
        << first << all(report->verification->differences);
    EXPECT_FALSE(u.live(held)) << first;
  }
}

}  // namespace
}  // namespace instantexec::engine
