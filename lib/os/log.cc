#include "os/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "os/clock.h"
#include "os/errors.h"
#include "os/fd.h"
#include "os/files.h"

namespace instantexec::os {
namespace {

// spdlog's file sink takes its permissions from the umask and follows links; this one is given a descriptor.
class FdSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FdSink(int borrowed) : fd_(borrowed) {}
  explicit FdSink(Fd owned) : owned_(std::move(owned)), fd_(owned_.get()) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    // A log nobody reads any more must not end the run.
    static_cast<void>(write_all(fd_, std::string_view(line.data(), line.size())).has_value());
  }
  void flush_() override {}

 private:
  Fd owned_;
  int fd_;
};

struct Log {
  std::unique_ptr<spdlog::logger> logger;
  bool json = false;
};

Log& current() {
  static Log log;
  return log;
}

constexpr std::array<std::pair<std::string_view, LogLevel>, 7> kLevels{{{"trace", LogLevel::kTrace},
                                                                        {"debug", LogLevel::kDebug},
                                                                        {"info", LogLevel::kInfo},
                                                                        {"warn", LogLevel::kWarn},
                                                                        {"warning", LogLevel::kWarn},
                                                                        {"error", LogLevel::kError},
                                                                        {"off", LogLevel::kOff}}};

std::string_view name_of(LogLevel level) {
  for (const auto& [name, value] : kLevels) {
    if (value == level) return name;
  }
  return "off";
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

std::string json_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  nlohmann::ordered_json line;
  line["ts"] = format_rfc3339_micro(wall_now());
  line["level"] = std::string(name_of(level));
  line["message"] = sanitise(message);
  for (const LogField& field : fields) line[std::string(field.name)] = sanitise(field.value);
  // Sanitised text is valid UTF-8; names are ours. `replace` keeps dump() from throwing all the same.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string text_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line =
      fmt::format("{} {:<5} {}", format_rfc3339_micro(wall_now()), name_of(level), sanitise_line(message));
  for (const LogField& field : fields) {
    line += fmt::format(" {}=\"{}\"", field.name, sanitise_line(field.value));
  }
  return line;
}

Result<spdlog::sink_ptr> open_file_sink(const std::string& path) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    return fail(errors::kFileNotWritten,
                fmt::format("log file {}: {}", sanitise_line(path), std::generic_category().message(errno)));
  }
  return std::make_shared<FdSink>(std::move(fd));
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view text) {
  const std::string word = to_lower(trim(text));
  for (const auto& [name, level] : kLevels) {
    if (name == word) return level;
  }
  return fail(instantexec::errors::kInvalidInput,
              fmt::format("\"{}\" is not a log level", sanitise_line(text, 60)),
              "use trace, debug, info, warn, error or off");
}

LogLevel log_level_of_verbosity(int verbosity) {
  if (verbosity <= 0) return LogLevel::kWarn;
  if (verbosity <= 3) return LogLevel::kInfo;
  return verbosity <= 6 ? LogLevel::kDebug : LogLevel::kTrace;
}

Result<LogLevel> log_level_of_environment(const Environment& environment) {
  for (const std::string_view name : {"INSTANTEXEC_LOG_LEVEL", "SYNERGYMESH_LOG_LEVEL"}) {
    const std::string_view value = env_value(environment, name);
    if (value.empty()) continue;
    auto level = parse_log_level(value);
    if (!level) return fail(std::move(level).error().with_context(std::string(name)));
    return level;
  }
  return LogLevel::kWarn;
}

Status init_logging(const LogConfig& config) {
  std::vector<spdlog::sink_ptr> sinks;
  if (config.to_stderr) sinks.push_back(std::make_shared<FdSink>(STDERR_FILENO));
  if (!config.file.empty()) {
    IE_TRY_ASSIGN(spdlog::sink_ptr sink, open_file_sink(config.file));
    sinks.push_back(std::move(sink));
  }
  auto logger = std::make_unique<spdlog::logger>("instantexec", sinks.begin(), sinks.end());
  logger->set_level(to_spdlog(config.level));
  logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
  current() = Log{std::move(logger), config.json};
  return {};
}

bool log_enabled(LogLevel level) {
  const Log& log = current();
  return level != LogLevel::kOff && log.logger && log.logger->should_log(to_spdlog(level));
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!log_enabled(level)) return;
  const Log& target = current();
  const std::string line =
      target.json ? json_line(level, message, fields) : text_line(level, message, fields);
  target.logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace instantexec::os
