#include "engine/ports.h"

#include <algorithm>

namespace instantexec::engine {

bool Response::ownership_conflict() const {
  return http_status == 409 && std::any_of(causes.begin(), causes.end(), [](const StatusCause& cause) {
           return cause.reason == "FieldManagerConflict";
         });
}

}  // namespace instantexec::engine
