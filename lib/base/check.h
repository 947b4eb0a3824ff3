#pragma once

namespace instantexec::internal {
// Writes the broken invariant to stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace instantexec::internal

// Aborts when an invariant of this program is broken. Never used on input.
#define IE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::instantexec::internal::check_failed(#condition, __FILE__, __LINE__))
