#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/finding.h"
#include "model/manifest.h"

namespace instantexec::manifest {

// Where problems of one configuration file go.
struct ConfigSink {
  std::string file;
  const model::PositionTable* positions = nullptr;
  std::vector<model::Finding>* problems = nullptr;

  void report(std::string_view rule, std::string_view pointer, std::string message,
              std::string hint = {}) const;
};

// Reads one mapping of a configuration key by key. Every key asked for is known from then on; `finish`
// reports the others. A key that is absent or null gives nothing; one of the wrong type gives nothing and a
// problem.
class ConfigSection {
 public:
  // `json` may be null or of any type; it must outlive the section.
  ConfigSection(const ConfigSink& sink, const model::Json* json, std::string pointer);

  void text(std::string_view key, std::string& out);
  void flag(std::string_view key, bool& out);
  // Within [low, high], or a problem.
  void number(std::string_view key, double low, double high, double& out);
  // A whole number ≥ 0.
  void count(std::string_view key, std::size_t& out);
  // A number of seconds or a Go duration, above zero and at most a day.
  void duration(std::string_view key, std::optional<Duration>& out);
  void texts(std::string_view key, std::vector<std::string>& out);
  // Paths relative to the repository's root that stay within it; patterns are paths too.
  void path(std::string_view key, std::string& out);
  void paths(std::string_view key, std::vector<std::string>& out);
  // A list of anything, as it is.
  void list(std::string_view key, model::Json& out);
  // A DNS label (RFC 1123), as names of namespaces and releases are.
  void label(std::string_view key, std::string& out);

  [[nodiscard]] ConfigSection section(std::string_view key);
  [[nodiscard]] std::vector<ConfigSection> sections(std::string_view key);

  [[nodiscard]] bool present() const { return json_ != nullptr; }
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::string pointer_of(std::string_view key) const;
  [[nodiscard]] const ConfigSink& sink() const { return sink_; }

  // Reports keys nobody asked for.
  void finish();

 private:
  [[nodiscard]] const model::Json* get(std::string_view key);
  void wrong_type(std::string_view pointer, std::string_view wanted) const;
  [[nodiscard]] bool safe_path(std::string_view pointer, const std::string& path) const;

  ConfigSink sink_;
  const model::Json* json_ = nullptr;  // an object, or null
  std::string pointer_;
  std::vector<std::string> known_;
};

}  // namespace instantexec::manifest
