#pragma once

#include <cstddef>
#include <string>

namespace instantexec::os {

// `bytes` unpredictable bytes from the operating system as lower-case hexadecimal digits: for run ids and for
// delimiters nobody can guess. At most 256 bytes. Aborts when the system has no randomness to give.
[[nodiscard]] std::string random_hex(std::size_t bytes);

}  // namespace instantexec::os
