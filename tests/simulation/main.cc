#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "simulation/kills.h"
#include "simulation/life.h"

// simulation lives FIRST COUNT [STEPS]   random lives with the seeds from FIRST
// simulation kills                       a kill at every request of eight kinds of work
// simulation kills-again SEED COUNT      kills whose recovery is killed too
// simulation clients SEED ROUNDS         eight at once want to deploy the same release
namespace instantexec::simulation {
namespace {

constexpr int kSteps = 5;

void print(const Counts& counts) {
  std::cout << counts.lives << " lives, " << counts.steps << " steps, " << counts.processes << " processes, "
            << counts.requests << " requests, " << counts.foreign << " things done by others\n";
  std::cout << "met:";
  for (const auto& [name, count] : counts.met) std::cout << "  " << count << " " << name;
  std::cout << "\nended:";
  for (const auto& [name, count] : counts.ends) std::cout << "  " << count << " " << name;
  std::cout << "\n";
}

int lives(std::uint32_t first, std::uint32_t count, int steps, const std::string& program) {
  Counts counts;
  int failed = 0;
  for (std::uint32_t seed = first; seed < first + count; ++seed) {
    Life life(seed);
    life.run(steps);
    counts += life.counts();
    if (life.broken().empty()) {
      if (count == 1) std::cout << life.trace();
      continue;
    }
    ++failed;
    std::cout << "reproduce with: " << program << " lives " << seed << " 1 " << steps << "\n" << life.trace();
    for (const std::string& rule : life.broken()) std::cout << "BROKEN: " << rule << "\n";
    std::cout.flush();  // a run that is cut short has said what it found
    if (failed >= 5) break;
  }
  print(counts);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace instantexec::simulation

int main(int argc, char** argv) {
  const auto number = [&](int index, unsigned long otherwise) {
    return static_cast<std::uint32_t>(argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise);
  };
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "lives") {
    return instantexec::simulation::lives(
        number(2, 1), number(3, 100), static_cast<int>(number(4, instantexec::simulation::kSteps)), argv[0]);
  }
  namespace simulation = instantexec::simulation;
  if (what == "kills") return simulation::kill_everywhere() ? 0 : 1;
  if (what == "kills-again") return simulation::kill_recoveries_too(number(2, 1), number(3, 200)) ? 0 : 1;
  if (what == "clients") return simulation::contend(number(2, 1), static_cast<int>(number(3, 200))) ? 0 : 1;
  std::cerr << "usage: simulation lives FIRST COUNT [STEPS] | kills | kills-again SEED COUNT | clients SEED "
               "ROUNDS\n";
  return 2;
}
