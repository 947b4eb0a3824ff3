#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/gvk.h"

// What every renderer shares: colours, widths, names. Pure.
namespace instantexec::report {

enum class Colour { kBold, kDim, kRed, kGreen, kYellow, kCyan };

// How text is dressed. The default is plain ASCII-safe text without colours.
struct Style {
  bool colour = false;   // ANSI SGR sequences
  bool unicode = false;  // marks such as ✓ instead of words
};

// The text in this colour, or unchanged without colours.
[[nodiscard]] std::string paint(const Style& style, Colour colour, std::string_view text);

// Columns a terminal needs for sanitised UTF-8 text: 2 for East Asian wide characters and emoji, 0 for
// combining marks.
[[nodiscard]] std::size_t display_width(std::string_view text);

// The text cut to at most `columns`, ending in "…" when something was left out. 0 columns give "".
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);

// kubectl's name for an object: "deployment.apps/web", "configmap/settings". A namespace other than `ns` is
// added in brackets when `ns` is not empty: "configmap/a (namespace b)". Sanitised.
[[nodiscard]] std::string resource_name(const model::ObjectRef& object, std::string_view ns = {});

// Every line of the text behind this indent; ends in a newline unless the text is empty.
[[nodiscard]] std::string indent(std::string_view text, std::string_view by);

}  // namespace instantexec::report
