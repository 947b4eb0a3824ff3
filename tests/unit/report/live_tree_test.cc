#include "report/live_tree.h"

#include <gtest/gtest.h>

namespace instantexec::report {
namespace {

using model::ObjectRef;

Instant ms(int value) {
  return Instant{Duration{value}};
}

struct Screen {
  std::vector<std::string> frames;
  LiveProgress progress;

  explicit Screen(LiveView view = {})
      : progress([this](std::string_view text) { frames.emplace_back(text); }, std::move(view)) {}
};

const ObjectRef kWeb{"apps", "Deployment", "demo", "web"};

model::ObjectHealthChanged health(model::HealthStatus status, std::string message) {
  model::ObjectStatus value;
  value.status = status;
  value.message = std::move(message);
  return {kWeb, value};
}

TEST(LiveProgress, DrawsAtMostTenFramesASecond) {
  Screen screen;
  for (int i = 0; i < 1000; ++i) {
    screen.progress.emit(
        model::ObjectWritten{{"", "ConfigMap", "demo", "c" + std::to_string(i)}, model::Action::kCreated, ""},
        ms(i));
    screen.progress.tick(ms(i));
  }
  EXPECT_EQ(screen.frames.size(), 10U);
  screen.progress.finish(ms(1000));
  EXPECT_EQ(screen.frames.size(), 11U) << "the last state is always shown";
}

TEST(LiveProgress, RedrawsOverWhatItDrewBefore) {
  Screen screen;
  screen.progress.emit(model::ObjectWritten{kWeb, model::Action::kConfigured, ""}, ms(0));
  screen.progress.emit(health(model::HealthStatus::kInProgress, "1 of 3"), ms(200));
  ASSERT_EQ(screen.frames.size(), 2U);
  EXPECT_EQ(screen.frames[0].substr(0, 4), "\r\x1b[J") << "nothing to go back over";
  EXPECT_EQ(screen.frames[1].substr(0, 8), "\x1b[1A\r\x1b[J");
  EXPECT_NE(screen.frames[1].find("1 of 3"), std::string::npos);
}

TEST(LiveProgress, CountsTheLinesANarrowerTerminalHasWrapped) {
  Screen screen({.width = 80, .height = 24, .style = {}, .ns = {}});
  screen.progress.emit(health(model::HealthStatus::kInProgress, std::string(60, 'x')), ms(0));
  screen.progress.resize(40, 24);
  screen.progress.tick(ms(200));
  ASSERT_EQ(screen.frames.size(), 2U);
  EXPECT_EQ(screen.frames[1].substr(0, 4), "\x1b[2A") << "80 columns now take two lines of 40";
}

TEST(LiveProgress, WarningsStayAboveTheTree) {
  Screen screen;
  screen.progress.emit(model::PhaseStarted{model::Phase::kApplying, 1}, ms(0));
  screen.progress.emit(model::WarningRaised{"deprecated"}, ms(10));
  ASSERT_EQ(screen.frames.size(), 2U) << "at once, whatever the frame rate";
  const auto warning = screen.frames[1].find("warning: deprecated\n");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_LT(warning, screen.frames[1].find("applying"));
}

TEST(LiveProgress, IsSilentBeforeTheFirstEventAndAfterTheEnd) {
  Screen screen;
  screen.progress.tick(ms(0));
  screen.progress.finish(ms(10));
  screen.progress.emit(model::Note{"late"}, ms(500));
  screen.progress.tick(ms(900));
  EXPECT_TRUE(screen.frames.empty());
}

TEST(LiveLines, FitIntoAnySize) {
  LiveState state;
  fold(state, model::StageStarted{model::StageId::kDeployment}, ms(0));
  fold(state, model::PhaseStarted{model::Phase::kWaiting, 50}, ms(0));
  for (int i = 0; i < 50; ++i) {
    model::ObjectStatus status;
    status.status = i % 2 == 0 ? model::HealthStatus::kCurrent : model::HealthStatus::kInProgress;
    status.message = "設定 waiting for something long";
    status.evidence = {{{"", "Pod", "demo", "p"}, "container app: CrashLoop \x1b[31m"}};
    fold(state, model::ObjectHealthChanged{{"", "Pod", "demo", "pod-" + std::to_string(i)}, status}, ms(i));
  }
  for (const std::size_t width : {1U, 2U, 5U, 20U, 80U}) {
    for (const std::size_t height : {3U, 5U, 24U, 100U}) {
      const auto lines = live_lines(state, {width, height, {}, "demo"}, ms(60));
      EXPECT_LE(lines.size(), height);
      for (const std::string& line : lines) {
        EXPECT_LE(display_width(line), width) << line;
        EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
      }
    }
  }
}

TEST(LiveLines, AnUndoStartsWithACleanTree) {
  LiveState state;
  fold(state, model::PhaseStarted{model::Phase::kWaiting, 1}, ms(0));
  fold(state, health(model::HealthStatus::kFailed, "crash"), ms(1));
  fold(state, model::PhaseStarted{model::Phase::kUndoing, 1}, ms(2));
  EXPECT_TRUE(state.objects.empty());
  fold(state, model::ObjectWritten{kWeb, model::Action::kRestored, ""}, ms(3));
  EXPECT_TRUE(state.objects[0].settled(state.waiting));
}

}  // namespace
}  // namespace instantexec::report
