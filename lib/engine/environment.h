#pragma once

#include <string>

#include "engine/local_files.h"
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
  // Null: nothing is left on this machine.
  LocalFiles* files = nullptr;
  // The command line that finishes what an operation left, for people. Empty: one without a connection.
  std::string recover_command = {};
};

}  // namespace instantexec::engine
