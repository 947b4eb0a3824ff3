#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace instantexec::kube {

// client-go's reflector back-off: 0.8 s to 30 s, doubling, each wait stretched by up to its own length at
// random, and back to the start after two minutes without a failure.
class Backoff {
 public:
  // How long to wait after a failure at `now`; `random` is uniform in [0, 1).
  Duration next(Instant now, double random) {
    constexpr Duration kFirst{800};
    constexpr Duration kLongest{30'000};
    constexpr Duration kQuiet{120'000};
    if (!last_ || now - *last_ > kQuiet) step_ = kFirst;
    last_ = now;
    const Duration base = step_;
    step_ = std::min(kLongest, step_ * 2);
    return base + Duration{static_cast<std::int64_t>(static_cast<double>(base.count()) * random)};
  }

 private:
  std::optional<Instant> last_;
  Duration step_{0};
};

}  // namespace instantexec::kube
