#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"

namespace instantexec::model {

// A place in a text. Lines and columns count from 1, columns in bytes; line 0 means "unknown".
struct SourcePosition {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const SourcePosition&, const SourcePosition&) = default;
};

struct SourceRange {
  std::string file;  // as the user named it; "-" is standard input; empty: unknown
  SourcePosition begin;
  SourcePosition end;

  // "config/web.yaml:12:3", without what is unknown.
  [[nodiscard]] std::string to_string() const;
};

// Where each field of one document stands: JSON pointer → position of its key (of its value for list items).
using PositionTable = std::map<std::string, SourcePosition, std::less<>>;

// An object and where it was written.
struct Manifest {
  Object object;
  SourceRange range;
  // Shared because one document may hold several objects (List kinds); null when positions are not known
  // (rendered input), in which case `range` is all there is. Pointers are relative to `object`.
  std::shared_ptr<const PositionTable> positions;

  // Position of the field at the JSON pointer, or of its nearest known ancestor, or of the document.
  [[nodiscard]] SourceRange at(std::string_view pointer) const;
};

}  // namespace instantexec::model
