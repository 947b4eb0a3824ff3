#pragma once

#include <cstdint>
#include <vector>

#include "sim/controllers/control.h"

namespace instantexec::sim {

inline constexpr const char* kRevision = "deployment.kubernetes.io/revision";

// The ReplicaSets of a Deployment.
struct Rollout {
  Snapshot current;  // of the template as it is now; null before it exists
  std::vector<Snapshot> old;
  std::vector<Snapshot> all;

  [[nodiscard]] std::int64_t total() const;      // replicas asked for
  [[nodiscard]] std::int64_t available() const;  // replicas that work
};

[[nodiscard]] Rollout look_up(Control& control, const model::Object& deployment);
// Writes counts, conditions and the revision annotation, and asks to be called again at the progress
// deadline.
void report_deployment(Control& control, const model::Object& deployment, const Rollout& rollout);

}  // namespace instantexec::sim
