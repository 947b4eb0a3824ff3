#include "model/manifest.h"

#include <fmt/format.h>

#include "base/text.h"

namespace instantexec::model {

std::string SourceRange::to_string() const {
  const std::string shown = sanitise_line(file, 300);
  if (begin.line == 0) return shown;
  if (begin.column == 0) return fmt::format("{}:{}", shown, begin.line);
  return fmt::format("{}:{}:{}", shown, begin.line, begin.column);
}

SourceRange Manifest::at(std::string_view pointer) const {
  if (positions == nullptr) return range;
  while (!pointer.empty()) {
    if (const auto it = positions->find(pointer); it != positions->end())
      return {range.file, it->second, it->second};
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
  return range;
}

}  // namespace instantexec::model
