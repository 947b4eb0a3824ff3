#pragma once

#include <string>
#include <utility>

namespace instantexec {

// A value that must not be shown: tokens, keys, passwords, Secret data. It has no formatter and no stream
// operator, so printing one does not compile; `reveal` marks each place where the value is really needed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace instantexec
