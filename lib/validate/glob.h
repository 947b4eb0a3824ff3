#pragma once

#include <string_view>

namespace instantexec::validate {

// Whether a path ("a/b/c", no leading slash) fits a pattern: `*` and `?` match within one component, `**` as
// a whole component matches any number of components, none included. Takes time bounded by the product of the
// lengths.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);

}  // namespace instantexec::validate
