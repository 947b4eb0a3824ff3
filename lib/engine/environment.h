#pragma once

#include <string>

#include "engine/ports.h"

namespace instantexec::engine {

// The world an operation runs in.
struct Environment {
  Cluster& cluster;
  Clock& clock;
  EventSink& events;
  // Who we are, for the lock and the records: host, process id, CI run, and something random. Must differ
  // between any two processes.
  std::string holder;
};

}  // namespace instantexec::engine
