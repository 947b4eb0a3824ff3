#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"

namespace instantexec::analyze {

// Conflict markers that git left behind (a "<<<<<<<" line followed by "=======" and ">>>>>>>" lines), one
// finding `conflict.merge-marker` for each opening line. A lone run of equal signs, as under a heading, is no
// marker.
[[nodiscard]] std::vector<model::Finding> find_merge_markers(const std::string& path, std::string_view text);

}  // namespace instantexec::analyze
