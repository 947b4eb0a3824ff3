#include "pipeline/bounded_cluster.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace instantexec::pipeline {

engine::ClusterEvent BoundedCluster::wait(Instant deadline) {
  // Said once: whoever works on the cluster still has to take the answers that are under way.
  if (!expired_ && clock_.now() >= deadline_) {
    expired_ = true;
    return engine::Interrupted{0};
  }
  engine::ClusterEvent event = inner_.wait(expired_ ? deadline : std::min(deadline, deadline_));
  if (const auto* interrupted = std::get_if<engine::Interrupted>(&event)) signal_ = interrupted->signal;
  const bool at_limit = !expired_ && deadline_ < deadline && clock_.now() >= deadline_;
  if (at_limit && std::holds_alternative<engine::DeadlinePassed>(event)) {
    expired_ = true;
    return engine::Interrupted{0};
  }
  return event;
}

}  // namespace instantexec::pipeline
