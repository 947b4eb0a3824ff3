#pragma once

#include <map>
#include <string>
#include <string_view>

namespace instantexec::os {

// Environment variables by name. A value, so that everything that depends on the environment can be tested.
using Environment = std::map<std::string, std::string, std::less<>>;

// The environment of this process now. Entries without "=" are left out; the first of a repeated name wins,
// as in getenv.
[[nodiscard]] Environment read_environment();

// The value, or "" when the variable is not set. Views into `environment`.
[[nodiscard]] std::string_view env_value(const Environment& environment, std::string_view name);

[[nodiscard]] bool env_has(const Environment& environment, std::string_view name);

// HOME, without trailing slashes; "" when it is not set. The user database is never asked: a static program
// cannot load the libraries that takes.
[[nodiscard]] std::string home_directory(const Environment& environment);

}  // namespace instantexec::os
