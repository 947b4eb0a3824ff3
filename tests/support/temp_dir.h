#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace instantexec::testing {

// A new empty folder, removed with all it holds at the end of the test.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "instantexec-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    // The canonical form, for tests that compare paths.
    path_ = std::filesystem::canonical(pattern);
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string path(std::string_view relative) const { return (path_ / relative).string(); }

  // Writes a file, with the folders above it, and gives its path.
  std::string write(std::string_view relative, std::string_view bytes) const {
    const auto file = path_ / relative;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }

  // As write(), and executable.
  std::string write_program(std::string_view relative, std::string_view bytes) const {
    const std::string file = write(relative, bytes);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }

  // The content of a file below the folder; "" when there is none.
  [[nodiscard]] std::string read(std::string_view relative) const {
    std::ostringstream out;
    out << std::ifstream(path_ / relative, std::ios::binary).rdbuf();
    return out.str();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace instantexec::testing
