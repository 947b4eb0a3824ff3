#include "base/error.h"

#include <utility>

namespace instantexec {

Error Error::with_context(std::string frame) && {
  context.push_back(std::move(frame));
  return std::move(*this);
}

std::string Error::to_string() const {
  std::string out;
  for (auto frame = context.rbegin(); frame != context.rend(); ++frame) {
    out += *frame;
    out += ": ";
  }
  return out + message;
}

std::string_view Error::next_step() const {
  if (!hint.empty()) return hint;
  return code == nullptr ? std::string_view{} : code->next;
}

Error make_error(const ErrorCode& code, std::string message, std::string hint) {
  Error error;
  error.code = &code;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

}  // namespace instantexec
