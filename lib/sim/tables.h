#pragma once

#include <string_view>

namespace instantexec::sim {

// The embedded texts of tables/; tables/generate.py describes their format.
[[nodiscard]] std::string_view fields_table();
[[nodiscard]] std::string_view resources_table();

}  // namespace instantexec::sim
