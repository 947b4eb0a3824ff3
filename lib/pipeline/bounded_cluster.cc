#include "pipeline/bounded_cluster.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace instantexec::pipeline {

engine::ClusterEvent BoundedCluster::wait(Instant deadline) {
  if (expired_ || clock_.now() >= deadline_) {
    expired_ = true;
    return engine::Interrupted{0};
  }
  engine::ClusterEvent event = inner_.wait(std::min(deadline, deadline_));
  if (const auto* interrupted = std::get_if<engine::Interrupted>(&event)) signal_ = interrupted->signal;
  if (std::holds_alternative<engine::DeadlinePassed>(event) && deadline_ < deadline &&
      clock_.now() >= deadline_) {
    expired_ = true;
    return engine::Interrupted{0};
  }
  return event;
}

}  // namespace instantexec::pipeline
