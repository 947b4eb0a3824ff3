#pragma once

#include <cstdint>
#include <string_view>

#include "manifest/tree_builder.h"

namespace instantexec::manifest {

// Feed the events of a text to a builder; problems of syntax go to builder.fail. The text is UTF-8 without a
// byte order mark, checked by find_bad_character, and outlives the call. `first_line` is the number of its
// first line, of a text that is a part of another one.

// YAML by yaml-cpp's event interface.
void read_yaml(std::string_view text, TreeBuilder& builder, std::uint32_t first_line = 1);
// JSON values one after another, by nlohmann's SAX interface.
void read_json(std::string_view text, TreeBuilder& builder, std::uint32_t first_line = 1);

}  // namespace instantexec::manifest
