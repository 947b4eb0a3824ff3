#pragma once

#include "base/time.h"

namespace instantexec::os {

// The monotonic clock: never set, never goes backwards.
[[nodiscard]] Instant monotonic_now();

// The calendar clock, which somebody may set while we run.
[[nodiscard]] Timestamp wall_now();

}  // namespace instantexec::os
