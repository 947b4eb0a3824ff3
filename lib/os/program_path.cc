#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "os/errors.h"
#include "os/process.h"

namespace instantexec::os {
namespace {

bool is_executable(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> find_program(std::string_view name, std::string_view path) {
  const std::string shown = sanitise_line(name);
  if (name.empty() || name.find('\0') != std::string_view::npos) {
    return fail(errors::kProgramMissing, fmt::format("\"{}\" is not the name of a program", shown));
  }
  if (name.find('/') != std::string_view::npos) {
    if (is_executable(std::string(name))) return std::string(name);
    return fail(errors::kProgramMissing, fmt::format("{} is not an executable file", shown),
                "install the program or correct its path");
  }
  for (const std::string_view folder : split(path, ':')) {
    const std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (!is_executable(candidate)) continue;
    if (folder.empty() || folder.front() != '/') {
      return fail(errors::kProgramUnsafe,
                  fmt::format("{} was found through the relative entry \"{}\" of PATH", shown,
                              sanitise_line(folder)));
    }
    return candidate;
  }
  return fail(errors::kProgramMissing, fmt::format("program {} was not found in PATH", shown));
}

}  // namespace instantexec::os
