#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "engine/deploy.h"
#include "simulation/invariants.h"
#include "simulation/kills.h"
#include "simulation/objects.h"
#include "simulation/processes.h"

namespace instantexec::simulation {

bool contend(std::uint32_t seed, int rounds) {
  constexpr int kClients = 8;
  std::mt19937 random(seed);
  sim::SimServer server;
  Processes processes(server, random);
  Invariants invariants("web", "default");
  invariants.may_hold("ConfigMap/default/a");
  invariants.may_hold("ConfigMap/default/b");
  const auto now = [&server] { return server.now().since_start.count(); };
  server.store().listen([&](const sim::Change& change) {
    const auto json = [](const sim::Snapshot& snapshot) {
      return snapshot ? State(snapshot, &snapshot->json) : State();
    };
    const model::Object& object = change.after ? *change.after : *change.before;
    invariants.see({Entry::Kind::kChanged, now(), server.actor(), "", key_of(object.ref()),
                    json(change.before), json(change.after)});
  });
  std::vector<std::string> writers;  // of objects, one entry for each change of hands
  server.faults.on_request = [&](const sim::RequestInfo& info) -> sim::Fault {
    const bool writes = !info.dry_run && info.verb != "get" && info.verb != "list" && info.verb != "logs";
    if (!writes || info.ref.kind.ends_with("Review")) return {};
    invariants.see({Entry::Kind::kSent, now(), info.client, info.verb, key_of(info.ref), nullptr, nullptr});
    if (info.ref.kind == "ConfigMap" && (writers.empty() || writers.back() != info.client)) {
      writers.push_back(info.client);
    }
    return {};
  };
  engine::ReleaseOptions options;
  options.release = "web";
  options.ns = "default";
  options.lock_timeout = std::chrono::hours(10);
  int deployed = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Job> jobs;
    for (int client = 0; client < kClients; ++client) {
      const std::string name = "p" + std::to_string(round) + "." + std::to_string(client);
      jobs.push_back({name, {}, [&options, name](engine::Environment environment) {
                        const auto result = engine::deploy(std::move(environment), options,
                                                           manifests({config("a", name), config("b", name)}));
                        return result ? std::string(to_string(result->result)) : result.error().to_string();
                      }});
    }
    for (const std::string& word : processes.run(jobs)) {
      if (word == "deployed") ++deployed;
      if (word != "deployed") std::cout << "WRONG: " << word << "\n";
    }
  }
  for (const std::string& rule : invariants.broken()) std::cout << "BROKEN: " << rule << "\n";
  std::cout << kClients << " clients, " << rounds << " rounds, seed " << seed << ": " << deployed
            << " deployed, " << writers.size() << " changes of hands\n";
  return deployed == kClients * rounds && invariants.broken().empty() &&
         writers.size() == static_cast<std::size_t>(deployed);
}

}  // namespace instantexec::simulation
