#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/ports.h"
#include "sim/server.h"

namespace instantexec::sim {

struct ClientOptions {
  std::string name = "client";      // in the audit trail
  Duration latency{2};              // one way
  Duration gives_up_after{15'000};  // on a request whose answer is lost
  std::size_t capacity = 16;
  // Called when a fault kills this client. Must not return: a test throws out of wait() here, as SIGKILL
  // would end the process.
  std::function<void()> on_death;
};

// One client's connection to a simulated server: the engine's ports. Throwing it away and making another one
// is what the death of a process looks like to the server; requests under way are still done.
class SimCluster final : public engine::Cluster, public engine::Clock {
 public:
  // The server must outlive the client.
  explicit SimCluster(SimServer& server, ClientOptions options = {});
  ~SimCluster() override;
  SimCluster(const SimCluster&) = delete;
  SimCluster& operator=(const SimCluster&) = delete;

  Result<engine::ClusterInfo> info() override;
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override;
  engine::RequestId submit(engine::Request request) override;
  engine::WatchId watch(engine::WatchRequest request) override;
  void cancel_watch(engine::WatchId id) override;
  // Lets virtual time pass up to the next event or the deadline.
  engine::ClusterEvent wait(Instant deadline) override;
  [[nodiscard]] std::size_t capacity() const override { return options_.capacity; }

  [[nodiscard]] std::optional<Timestamp> server_time() override { return server_.wall(); }

  // Whether wait() would return, or end the process, without letting time pass.
  [[nodiscard]] bool ready() const { return dead_ || !ready_.empty(); }

  Instant now() override { return server_.now(); }
  Timestamp wall() override { return server_.wall(); }

  // The user presses Ctrl-C (signal 2), or the runner sends SIGTERM (15), after a while.
  void interrupt(int signal, Duration after = Duration{0});
  // All watches lose their connection, see nothing for a while, and list again.
  void disconnect_watches(Duration length);
  // Every watch event from now on arrives twice.
  void duplicate_watch_events(bool on) { duplicate_events_ = on; }
  // Watches stay open and deliver nothing, as over a connection that hangs.
  void silence_watches(bool on) { silent_ = on; }

 private:
  struct Watching;

  void deliver(engine::ClusterEvent event, Duration after);
  void run(engine::RequestId id, const engine::Request& request, const Fault& fault);
  void answer(engine::RequestId id, engine::Response response, Duration after);
  void changed(const Change& change);
  void list(engine::WatchId id);
  void die();

  SimServer& server_;
  ClientOptions options_;
  std::shared_ptr<const model::ApiCatalog> catalog_;
  std::deque<engine::ClusterEvent> ready_;
  std::map<engine::WatchId, std::unique_ptr<Watching>> watches_;
  engine::RequestId next_request_ = 0;
  engine::WatchId next_watch_ = 0;
  bool duplicate_events_ = false;
  bool silent_ = false;
  bool dead_ = false;
  // Work left in the server's timeline checks this before it touches a client that may be gone.
  std::shared_ptr<SimCluster*> self_;
};

}  // namespace instantexec::sim
