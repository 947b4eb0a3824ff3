#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace instantexec {

// A value, or why there is none.
template <typename T>
using Result = tl::expected<T, Error>;

// Success without a value.
using Status = tl::expected<void, Error>;

// Makes a failed Result: `return fail(errors::kUsage, "…");`
[[nodiscard]] inline tl::unexpected<Error> fail(const ErrorCode& code, std::string message,
                                                std::string hint = {}) {
  return tl::unexpected<Error>(make_error(code, std::move(message), std::move(hint)));
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace instantexec

#define IE_CONCAT_INNER(a, b) a##b
#define IE_CONCAT(a, b) IE_CONCAT_INNER(a, b)

// Returns the error of a Status or Result from the enclosing function.
#define IE_TRY(expression)                                                         \
  do {                                                                             \
    if (auto ie_status = (expression); !ie_status) {                               \
      return ::tl::unexpected<::instantexec::Error>(std::move(ie_status).error()); \
    }                                                                              \
  } while (false)

// Declares `target` from the value of a Result, or returns its error: IE_TRY_ASSIGN(const auto text,
// read(path));
#define IE_TRY_ASSIGN(target, expression)                                                              \
  auto IE_CONCAT(ie_result_, __LINE__) = (expression);                                                 \
  if (!IE_CONCAT(ie_result_, __LINE__)) {                                                              \
    return ::tl::unexpected<::instantexec::Error>(std::move(IE_CONCAT(ie_result_, __LINE__)).error()); \
  }                                                                                                    \
  target = std::move(*IE_CONCAT(ie_result_, __LINE__))
