#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/time.h"

namespace instantexec::sim {

// Virtual time: work waiting for its moment. Time passes only in run_next and skip_to.
class Timeline {
 public:
  [[nodiscard]] Instant now() const { return now_; }
  // Work for the same moment is done in the order it was given. A moment in the past counts as now.
  void at(Instant moment, std::function<void()> work) {
    if (moment < now_) moment = now_;
    work_.emplace(std::pair(moment, ++given_), std::move(work));
  }
  [[nodiscard]] std::optional<Instant> next() const {
    if (work_.empty()) return std::nullopt;
    return work_.begin()->first.first;
  }
  // Does the next piece of work at its moment. Only when next() has a value.
  void run_next() {
    auto node = work_.extract(work_.begin());
    now_ = node.key().first;
    node.mapped()();
  }
  // Lets idle time pass; `moment` must not be later than next().
  void skip_to(Instant moment) {
    if (moment > now_) now_ = moment;
  }

 private:
  Instant now_;
  std::uint64_t given_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> work_;
};

}  // namespace instantexec::sim
