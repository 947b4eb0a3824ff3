#pragma once

#include <string>

#include "base/result.h"

namespace instantexec::cli {

// What a code means and what to do: an error code ("kubeconfig.invalid"), a finding ("server.quota"), an exit
// code ("5"), or "exit-codes". Empty: a list of everything. Error explain.unknown, with the nearest name.
[[nodiscard]] Result<std::string> explain(const std::string& topic);

}  // namespace instantexec::cli
