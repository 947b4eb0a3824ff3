#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/health_watch.h"
#include "unit/engine/world.h"

// What tests of following health share.
namespace instantexec::engine::test {

inline const std::string kGood = "registry.example/web:1";
inline const std::string kCrash = "registry.example/web:crash";
inline constexpr Duration kLimit{600'000};

// "Deployment web: InProgress Current", in the order in which objects were first spoken of; changes of the
// reason alone are left out.
inline std::vector<std::string> told(const RecordingSink& sink) {
  std::vector<std::string> out;
  for (const model::Event& event : sink.events) {
    const auto* changed = std::get_if<model::ObjectHealthChanged>(&event);
    if (changed == nullptr) continue;
    const std::string name = changed->object.kind + " " + changed->object.name + ":";
    auto line = std::find_if(out.begin(), out.end(),
                             [&](const std::string& known) { return known.starts_with(name); });
    if (line == out.end()) line = out.insert(out.end(), name);
    const std::string word = " " + std::string(model::to_string(changed->health.status));
    if (!line->ends_with(word)) *line += word;
  }
  return out;
}

inline std::string last_word(const RecordingSink& sink, const std::string& object) {
  for (const std::string& line : told(sink)) {
    if (line.starts_with(object + ":")) return line.substr(line.rfind(' ') + 1);
  }
  return "";
}

// Somebody deploys without this program.
inline void create(World& world, const model::Object& object) {
  world.foreign_apply(object);
}

inline Result<WatchedHealth> watch(World& world, const std::string& selector = "", Duration limit = kLimit) {
  world.sink.events.clear();
  return watch_health(world.environment(), world.options, {selector}, limit);
}

inline bool ready(const WatchedHealth& seen) {
  return !seen.nodes.empty() &&
         std::all_of(seen.nodes.begin(), seen.nodes.end(), [](const status::HealthNode& node) {
           return status::counts_as_ready(node.status.status);
         });
}

}  // namespace instantexec::engine::test
