#pragma once

#include <span>
#include <string_view>

namespace instantexec::status {

// A file of lib/status/rules, compiled in: YAML in the language of docs/formats/health-rules.md.
struct BundledFile {
  std::string_view name;  // "security.yaml"
  std::string_view text;
};

// Rules of widely used kinds, written from the documentation of their projects, which every rule names. To be
// parsed and read with read_rules(…, "bundled").
[[nodiscard]] std::span<const BundledFile> bundled_rules();

}  // namespace instantexec::status
