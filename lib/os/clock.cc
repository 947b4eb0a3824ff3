#include "os/clock.h"

namespace instantexec::os {

Instant monotonic_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Duration>(now)};
}

Timestamp wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Duration>(now)};
}

}  // namespace instantexec::os
