#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "source_dir.h"
#include "support/net/child_program.h"
#include "support/temp_dir.h"

// Starts tests/support/net/fixture_server.py and ends it with the object. See that file for the listeners.
namespace instantexec::testing {

class FixtureServer {
 public:
  FixtureServer()
      : program_({"python3", std::string(INSTANTEXEC_SOURCE_DIR) + "/tests/support/net/fixture_server.py",
                  folder_.path()}) {
    const auto said = nlohmann::json::parse(program_.first_line(), nullptr, false);
    if (said.is_object()) ports_ = said["ports"];
  }

  // 0 when the server did not come up.
  [[nodiscard]] int port(const std::string& listener) const { return ports_.value(listener, 0); }
  // A PEM file of the fixture: "trusted.crt", "client.key" …
  [[nodiscard]] std::string pem(const std::string& name) const { return folder_.read(name); }

 private:
  TempDir folder_;
  ChildProgram program_;
  nlohmann::json ports_ = nlohmann::json::object();
};

}  // namespace instantexec::testing
