#include "os/env.h"

#include <unistd.h>

extern "C" char** environ;

namespace instantexec::os {

Environment read_environment() {
  Environment out;
  if (environ == nullptr) return out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::string_view env_value(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view{} : std::string_view(found->second);
}

bool env_has(const Environment& environment, std::string_view name) {
  return environment.find(name) != environment.end();
}

std::string home_directory(const Environment& environment) {
  std::string_view home = env_value(environment, "HOME");
  while (home.size() > 1 && home.back() == '/') home.remove_suffix(1);
  return std::string(home);
}

}  // namespace instantexec::os
