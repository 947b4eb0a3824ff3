#pragma once

#include <string>

#include "base/error.h"
#include "engine/session.h"

namespace instantexec::engine {

// Why a record or the lock of a release was not stored: record.refused when the server refused it outright
// (session.h), else the error of the answer, or cluster.write-failed saying `otherwise` without one.
[[nodiscard]] Error record_error(const Response& response, const std::string& otherwise);

}  // namespace instantexec::engine
