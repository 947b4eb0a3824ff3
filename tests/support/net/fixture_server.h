#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

// Starts tests/support/net/fixture_server.py and ends it with the object. See that file for the listeners.
namespace instantexec::testing {

class FixtureServer {
 public:
  FixtureServer() {
    std::string pattern = std::filesystem::temp_directory_path() / "instantexec-net-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    std::string python = "python3";
    std::string script = std::string(INSTANTEXEC_SOURCE_DIR) + "/tests/support/net/fixture_server.py";
    std::array<char*, 4> arguments{python.data(), script.data(), folder_.data(), nullptr};
    const int failed = ::posix_spawnp(&pid_, "python3", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    stdin_ = in[1];
    if (failed != 0) std::abort();
    std::string line;
    char c = 0;
    while (::read(out[0], &c, 1) == 1 && c != '\n') line += c;
    ::close(out[0]);
    const auto said = nlohmann::json::parse(line, nullptr, false);
    if (said.is_object()) ports_ = said["ports"];
  }
  ~FixtureServer() {
    ::close(stdin_);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  FixtureServer(const FixtureServer&) = delete;
  FixtureServer& operator=(const FixtureServer&) = delete;

  // 0 when the server did not come up.
  [[nodiscard]] int port(const std::string& listener) const { return ports_.value(listener, 0); }
  // A PEM file of the fixture: "trusted.crt", "client.key" …
  [[nodiscard]] std::string pem(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  pid_t pid_ = 0;
  int stdin_ = -1;
  nlohmann::json ports_ = nlohmann::json::object();
};

}  // namespace instantexec::testing
