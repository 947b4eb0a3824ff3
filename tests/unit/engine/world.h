#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/deploy.h"
#include "sim/cluster.h"

namespace instantexec::engine::test {

// Thrown out of the engine where SIGKILL would end the process.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

class RecordingSink final : public EventSink {
 public:
  void emit(const model::Event& event) override { events.push_back(event); }
  std::vector<model::Event> events;

  // Phases in order, by name.
  [[nodiscard]] std::vector<std::string> phases() const;
  // Texts of notes and warnings.
  [[nodiscard]] std::string texts() const;
};

// LocalFiles in memory.
class RecordingFiles final : public LocalFiles {
 public:
  struct Bundle {
    std::string title;
    std::vector<EvidenceFile> files;
  };

  Result<std::string> save_evidence(const std::string& title,
                                    const std::vector<EvidenceFile>& files) override;
  Result<std::string> save_state(const UnfinishedState& state) override;
  void forget_state(const std::string& release, const std::string& ns) override;

  std::vector<Bundle> bundles;
  std::map<std::string, UnfinishedState> states;  // by "namespace/release"
  std::function<void()> on_evidence;              // called as a bundle arrives
  bool full = false;                              // nothing can be stored
};

// What an undo promises to bring back: identity, canonical values, owners. Records, events and what
// controllers make are left out.
using Picture = std::map<model::ObjectRef, model::Json>;

// A simulated cluster with one client, and releases named "web" in namespace "default".
class World {
 public:
  World();

  // What clients may do, by the attributes of a request (sim::ApiOptions); null: everything.
  std::function<bool(const model::Json&)> allow;
  sim::SimServer server;
  RecordingSink sink;
  ReleaseOptions options;
  LocalFiles* files = nullptr;  // of every process
  Cluster* through = nullptr;   // stands between every process and its client; null: nothing does
  Duration clock_is_off{0};     // the wall clock of every process, by so much

  // Another process: new connection, new holder.
  void restart();
  [[nodiscard]] Environment environment();
  [[nodiscard]] sim::SimCluster& client() { return *client_; }

  Result<model::DeployReport> deploy(const std::vector<model::Object>& objects);
  // The result, or the error's code, as text.
  std::string deploy_word(const std::vector<model::Object>& objects);
  Result<model::DeployReport> recover(bool resume = false);

  [[nodiscard]] Picture picture() const;
  [[nodiscard]] sim::Snapshot get(const std::string& kind, const std::string& name,
                                  const std::string& group = "") const;
  // Somebody else's kubectl apply (forced) or delete.
  void foreign_apply(model::Object object, const std::string& manager = "someone");
  void foreign_delete(const model::Object& object);

 private:
  // The clock of a machine that has the wrong time.
  class WrongClock final : public Clock {
   public:
    explicit WrongClock(World& world) : world_(world) {}
    Instant now() override { return world_.client_->now(); }
    Timestamp wall() override { return world_.client_->wall() + world_.clock_is_off; }

   private:
    World& world_;
  };

  std::unique_ptr<sim::SimCluster> client_;
  WrongClock clock_{*this};
  int processes_ = 0;
};

[[nodiscard]] model::Object config(const std::string& name, const std::string& value);
[[nodiscard]] model::Object secret(const std::string& name, const std::string& value);
// A Deployment whose pods become ready; images "…:does-not-exist" and "…:crash" do not.
[[nodiscard]] model::Object deployment(const std::string& name, const std::string& image, int replicas = 2);
[[nodiscard]] model::Object service(const std::string& name);
// A Service that waits for an address which nobody gives it.
[[nodiscard]] model::Object never_ready(const std::string& name);
// The definition of a kind Widget, and an object of it.
[[nodiscard]] model::Object widget_definition();
[[nodiscard]] model::Object widget();
[[nodiscard]] std::vector<model::Manifest> manifests(const std::vector<model::Object>& objects);
// "deployed", or "error: release.locked".
[[nodiscard]] std::string word(const Result<model::DeployReport>& result);
// The requests, out of so many, at which a test lets something go wrong: every one in the nightly run, else
// about `some` of them, spread evenly. `shift` gives another choice.
[[nodiscard]] std::vector<std::uint64_t> moments(std::uint64_t requests, std::uint64_t some,
                                                 std::uint64_t shift = 0);
// The nightly run: INSTANTEXEC_NIGHTLY is set.
[[nodiscard]] bool nightly();
// What differs between two pictures, one line each; empty: nothing.
[[nodiscard]] std::string differences(const Picture& before, const Picture& after);

}  // namespace instantexec::engine::test
