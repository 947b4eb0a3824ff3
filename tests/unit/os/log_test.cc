#include "os/log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/temp_dir.h"

namespace instantexec::os {
namespace {

using instantexec::testing::TempDir;

class LogTest : public ::testing::Test {
 protected:
  void start(LogLevel level, bool json) {
    const auto started =
        init_logging({.level = level, .json = json, .to_stderr = false, .file = dir_.path("log")});
    ASSERT_TRUE(started) << started.error().to_string();
  }
  std::string text() const { return dir_.read("log"); }
  ~LogTest() override { static_cast<void>(init_logging({.level = LogLevel::kOff}).has_value()); }

  TempDir dir_;
};

TEST_F(LogTest, WritesFromItsLevelUp) {
  start(LogLevel::kInfo, false);
  log(LogLevel::kDebug, "quiet");
  log(LogLevel::kInfo, "heard", {{"object", "apps/Deployment web"}});
  EXPECT_TRUE(log_enabled(LogLevel::kError));
  EXPECT_FALSE(log_enabled(LogLevel::kTrace));
  EXPECT_EQ(text().find("quiet"), std::string::npos);
  EXPECT_NE(text().find("info  heard object=\"apps/Deployment web\"\n"), std::string::npos) << text();
  struct stat info {};
  ASSERT_EQ(::stat(dir_.path("log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(LogTest, EscapesWhatCouldForgeALine) {
  start(LogLevel::kInfo, false);
  log(LogLevel::kInfo, "one\n2026-01-01 error forged \x1b[31m");
  const std::string written = text();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
  EXPECT_EQ(written.find('\x1b'), std::string::npos);
}

TEST_F(LogTest, JsonIsOneObjectPerLine) {
  start(LogLevel::kTrace, true);
  log(LogLevel::kWarn, "bytes \xff and \"quotes\"\n{}", {{"code", "auth.denied"}, {"stage", "deploy"}});
  const std::string written = text();
  ASSERT_EQ(std::count(written.begin(), written.end(), '\n'), 1) << written;
  const auto line = nlohmann::json::parse(written, nullptr, false);
  ASSERT_TRUE(line.is_object()) << written;
  EXPECT_EQ(line["level"], "warn");
  EXPECT_EQ(line["message"], "bytes \\xff and \"quotes\"\n{}");
  EXPECT_EQ(line["code"], "auth.denied");
  EXPECT_EQ(line["stage"], "deploy");
  EXPECT_EQ(line["ts"].get<std::string>().size(), 27U);
}

TEST_F(LogTest, RefusesALinkAsLogFile) {
  std::filesystem::create_symlink(dir_.write("target", "x"), dir_.path("linked"));
  const auto started = init_logging({.file = dir_.path("linked")});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code->name, "file.not-written");
}

TEST(LogLevels, ComeFromNamesNumbersAndTheEnvironment) {
  EXPECT_EQ(parse_log_level(" WARNING "), LogLevel::kWarn);
  EXPECT_FALSE(parse_log_level("loud"));
  EXPECT_EQ(log_level_of_verbosity(0), LogLevel::kWarn);
  EXPECT_EQ(log_level_of_verbosity(2), LogLevel::kInfo);
  EXPECT_EQ(log_level_of_verbosity(6), LogLevel::kDebug);
  EXPECT_EQ(log_level_of_verbosity(9), LogLevel::kTrace);
  EXPECT_EQ(log_level_of_environment({}), LogLevel::kWarn);
  EXPECT_EQ(log_level_of_environment({{"SYNERGYMESH_LOG_LEVEL", "INFO"}}), LogLevel::kInfo);
  EXPECT_EQ(log_level_of_environment({{"SYNERGYMESH_LOG_LEVEL", "info"}, {"INSTANTEXEC_LOG_LEVEL", "debug"}}),
            LogLevel::kDebug);
  const auto wrong = log_level_of_environment({{"SYNERGYMESH_LOG_LEVEL", "loud"}});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().to_string().find("SYNERGYMESH_LOG_LEVEL"), std::string::npos);
}

}  // namespace
}  // namespace instantexec::os
