#pragma once

#include <span>

#include "base/error.h"

namespace instantexec::cli {

// Every error code of the program; generated from the headers that declare them.
[[nodiscard]] std::span<const ErrorCode* const> all_error_codes();

}  // namespace instantexec::cli
