#include "analyze/naming.h"

#include <algorithm>

namespace instantexec::analyze {
namespace {

constexpr const char* kSingleWord = "single-word";

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string style_of(const std::string& name) {
  bool dash = false;
  bool dot = false;
  for (const char c : name) {
    if (c == '-') {
      dash = true;
    } else if (c == '.') {
      dot = true;
    } else if (!is_word_character(c)) {
      return "other";
    }
  }
  if (dot) return "dotted";
  return dash ? "kebab-case" : kSingleWord;
}

std::string shared_prefix(std::span<const std::string> names) {
  std::map<std::string, std::size_t> first_words;
  for (const auto& name : names) {
    const auto dash = name.find('-');
    if (dash != std::string::npos) ++first_words[name.substr(0, dash + 1)];
  }
  const auto best = std::max_element(first_words.begin(), first_words.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return best != first_words.end() && best->second * 2 > names.size() ? best->first : std::string{};
}

}  // namespace

NamingPatterns detect_naming_patterns(std::span<const model::Object> objects) {
  NamingPatterns patterns;
  std::vector<std::string> names;
  for (const auto& object : objects) {
    const std::string name = object.name();
    if (name.empty() || name.find(':') != std::string::npos) continue;
    names.push_back(name);
    ++patterns.styles[style_of(name)];
  }
  patterns.names = names.size();
  if (names.empty()) return patterns;

  std::size_t most = 0;
  for (const auto& [style, count] : patterns.styles) {
    if (style != kSingleWord && count > most) {
      most = count;
      patterns.dominant_style = style;
    }
  }
  if (patterns.dominant_style.empty()) patterns.dominant_style = kSingleWord;
  patterns.common_prefix = shared_prefix(names);

  std::size_t following = 0;
  for (const auto& object : objects) {
    const std::string name = object.name();
    if (name.empty() || name.find(':') != std::string::npos) continue;
    const std::string style = style_of(name);
    if (style == patterns.dominant_style || style == kSingleWord) {
      ++following;
    } else {
      patterns.outliers.push_back(object.ref());
    }
  }
  patterns.confidence = static_cast<double>(following) / static_cast<double>(names.size());
  return patterns;
}

}  // namespace instantexec::analyze
