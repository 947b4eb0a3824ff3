#pragma once

#include "base/time.h"

namespace instantexec::sim {

// What a simulated node does with a pod, one step after another. Faults are asked for as in the sandbox of
// scripts/sandbox: by the label instantexec.dev/fault (for every container, or the one named by the
// annotation instantexec.dev/fault-container), or by an image: "registry.invalid/…" and "…:does-not-exist"
// are image-not-found, "…:crash" is crash-loop.
enum class PodStep {
  kStart,      // scheduled, containers started or waiting
  kBackOff,    // an image pull has failed twice
  kPulled,     // pull-backoff with recover-after: at last
  kCrash,      // a running container exits
  kRestart,    // an exited container runs again
  kReady,      // slow-start turns ready
  kLoseReady,  // ready-then-lost
  kProbe,      // never-ready: the probe has failed
  kComplete,   // a pod that is meant to end
  kNothing,    // for ever as it is
};

struct PodProgress {
  PodStep next = PodStep::kStart;
  Instant due;
};

}  // namespace instantexec::sim
