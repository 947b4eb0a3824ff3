#include "os/clock.h"

#include <ctime>

namespace instantexec::os {

Instant monotonic_now() {
  // Unlike CLOCK_MONOTONIC it goes on while the machine is suspended, as the lease on the server does.
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return {std::chrono::duration_cast<Duration>(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec))};
}

Timestamp wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Duration>(now)};
}

}  // namespace instantexec::os
