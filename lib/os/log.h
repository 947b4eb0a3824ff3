#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/env.h"

// The log: for whoever debugs a run, on standard error or in a file. Progress and results are not log
// messages. Thread-safe. Nothing is written before init_logging().
namespace instantexec::os {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kOff };

// "trace", "debug", "info", "warn" (or "warning"), "error", "off", in any case. Error input.invalid.
[[nodiscard]] Result<LogLevel> parse_log_level(std::string_view text);

// kubectl's -v numbers: 0 warnings, 1-3 info, 4-6 debug, 7 and more trace.
[[nodiscard]] LogLevel log_level_of_verbosity(int verbosity);

// INSTANTEXEC_LOG_LEVEL, else SYNERGYMESH_LOG_LEVEL, else kWarn. Error input.invalid names the variable.
[[nodiscard]] Result<LogLevel> log_level_of_environment(const Environment& environment);

struct LogConfig {
  LogLevel level = LogLevel::kWarn;
  bool json = false;  // one JSON object per line with ts, level, message and the fields
  bool to_stderr = true;
  std::string file = {};  // appended to, created 0600, links refused; "": none
};

// Starts or replaces the log. Error file.not-written.
[[nodiscard]] Status init_logging(const LogConfig& config);

// Worth the cost of building a message?
[[nodiscard]] bool log_enabled(LogLevel level);

// A named value of a message: {"object", "apps/Deployment web"}. Names used elsewhere: code, stage, object.
struct LogField {
  std::string_view name;
  std::string_view value;
};

// Writes one line. Message and values are sanitised here; secrets must not come here at all.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace instantexec::os
