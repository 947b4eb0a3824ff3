#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
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

// Passes everything on; others look at it on the way.
class Between : public Cluster {
 public:
  explicit Between(sim::SimCluster& inner) : inner_(inner) {}
  Result<ClusterInfo> info() override { return inner_.info(); }
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    return inner_.catalog(refresh);
  }
  RequestId submit(Request request) override { return inner_.submit(std::move(request)); }
  WatchId watch(WatchRequest request) override { return inner_.watch(std::move(request)); }
  void cancel_watch(WatchId id) override { inner_.cancel_watch(id); }
  ClusterEvent wait(Instant deadline) override { return inner_.wait(deadline); }
  [[nodiscard]] std::size_t capacity() const override { return inner_.capacity(); }

 protected:
  sim::SimCluster& inner_;
};

inline Result<WatchedHealth> watch_through(Cluster& cluster, World& world, EventSink* sink = nullptr) {
  world.sink.events.clear();
  return watch_health({cluster, world.client(), sink == nullptr ? world.sink : *sink, "holder"},
                      world.options, {""}, kLimit);
}

}  // namespace instantexec::engine::test
