#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace instantexec {

// When the first certificate of a PEM text ends (notAfter, RFC 5280); nothing when there is none or it cannot
// be read. Nothing about it is verified.
[[nodiscard]] std::optional<Timestamp> certificate_end(std::string_view pem);

}  // namespace instantexec
