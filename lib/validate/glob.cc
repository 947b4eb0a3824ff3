#include "validate/glob.h"

#include <string>
#include <vector>

#include "base/text.h"

namespace instantexec::validate {
namespace {

// One component. Backtracks to the last star only, which suffices for this pattern language.
bool component_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  const auto wanted = split(pattern, '/');
  const auto parts = split(path, '/');
  // fits[j]: the pattern so far fits the first j components.
  std::vector<char> fits(parts.size() + 1, 0);
  fits[0] = 1;
  for (const std::string_view component : wanted) {
    std::vector<char> next(parts.size() + 1, 0);
    if (component == "**") {
      char any = 0;
      for (std::size_t j = 0; j <= parts.size(); ++j) next[j] = any = static_cast<char>(any | fits[j]);
    } else {
      for (std::size_t j = 0; j < parts.size(); ++j) {
        if (fits[j] != 0 && component_matches(component, parts[j])) next[j + 1] = 1;
      }
    }
    fits = std::move(next);
  }
  return fits[parts.size()] != 0;
}

}  // namespace instantexec::validate
