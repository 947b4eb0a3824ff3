#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/object.h"

namespace instantexec::analyze {

// How a set of objects names things.
struct NamingPatterns {
  std::size_t names = 0;  // objects looked at
  std::map<std::string, std::size_t>
      styles;                  // "kebab-case", "single-word", "dotted", "other" → how many names
  std::string dominant_style;  // empty when there are no names
  std::string common_prefix;   // first word most names share ("mesh-"); empty when fewer than half do
  double confidence = 0;       // share of the names that follow the dominant style
  std::vector<model::ObjectRef> outliers;  // names of another style than the dominant one
};

// Patterns in the names of objects. "single-word" fits every style, so it counts towards the dominant one.
// System names that a user does not choose (names containing ":") are left out.
[[nodiscard]] NamingPatterns detect_naming_patterns(std::span<const model::Object> objects);

}  // namespace instantexec::analyze
