#pragma once

#include <functional>
#include <memory>
#include <random>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/environment.h"
#include "sim/cluster.h"

namespace instantexec::simulation {

// Thrown out of the engine where SIGKILL would end the process.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

// What happens to a process from outside. Times count from its start; zero: never.
struct Fate {
  Duration starts_after{0};
  Duration killed_after{0};
  Duration interrupted_after{0};
  Duration paused_after{0};  // SIGSTOP
  Duration paused_for{0};    // until SIGCONT
};

// One process of the tool.
struct Job {
  std::string name;  // in the history, and as the holder of the lock
  Fate fate;
  std::function<std::string(engine::Environment)> work;  // returns a word for how it ended
};

// Runs processes of the tool on one simulated cluster, several at a time, in virtual time. Only one of them
// runs at any moment; where more than one could, the random source chooses, so a run can be repeated.
class Processes {
 public:
  Processes(sim::SimServer& server, std::mt19937& random) : server_(server), random_(random) {}
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
  ~Processes() = default;

  // Runs all jobs to their ends and returns their words: what `work` returned, "killed", or "stuck" when
  // nothing could ever happen again.
  std::vector<std::string> run(const std::vector<Job>& jobs);

 private:
  struct Slot;
  class Connection;

  void begin(Slot& slot, const Job& job);
  void live(Slot& slot, const Job& job);
  // Lets time pass until it is the turn of a process; null when all have ended.
  Slot* next();
  void yield(Slot& slot);

  sim::SimServer& server_;
  std::mt19937& random_;
  std::vector<std::shared_ptr<Slot>> slots_;
  std::binary_semaphore all_ended_{0};
  bool stuck_ = false;
};

}  // namespace instantexec::simulation
