#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/api.h"
#include "sim/controllers/control.h"
#include "sim/faults.h"
#include "sim/timeline.h"

namespace instantexec::sim {

struct ServerOptions {
  ApiOptions api;
  Pace pace;
  Timestamp start{Duration{1'767'225'600'000}};  // 2026-01-01T00:00:00Z
  std::string version = "v1.36.3";
  std::size_t nodes = 3;
  // The address that Services of type LoadBalancer get; empty: none, as in a cluster without a provider.
  std::string load_balancer;
  bool controllers = true;  // false: nothing happens to objects but what clients do
};

// One request as it reached the server, in order of arrival.
struct AuditEntry {
  std::string client;
  std::string verb;  // "get", "list", "apply", "create", "replace", "patch", "delete", "logs"
  model::ObjectRef ref;
  bool dry_run = false;
  int http_status = 0;   // of the server's own answer, whatever reached the client
  bool changed = false;  // the stored object is not what it was before

  [[nodiscard]] bool write() const;  // a writing verb without dry-run
};

// A simulated cluster: state, API, controllers and virtual time. Clients (SimCluster) come and go.
class SimServer {
 public:
  explicit SimServer(ServerOptions options = {});
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  [[nodiscard]] Instant now() const { return timeline_.now(); }
  [[nodiscard]] Timestamp wall() const { return options_.start + timeline_.now().since_start; }
  // Lets virtual time pass, with all that happens in it.
  void run_for(Duration length);
  // Lets time pass until the condition holds, at most so long; whether it does.
  bool run_until(const std::function<bool()>& condition, Duration at_most);

  // Does a request at once, as `client`, and writes it into the audit trail.
  engine::Response handle(const std::string& client, const engine::Request& request);
  // As a second actor in a test: kubectl apply, edit, delete. Not in the audit trail.
  engine::Response act(const engine::Request& request);
  // Whose request is being done at this moment; empty for controllers and act(). For listeners of the store.
  [[nodiscard]] const std::string& actor() const { return actor_; }
  // The stored object, or null.
  [[nodiscard]] Snapshot get(const model::ObjectRef& ref) const { return store_.get(ref); }

  // Every request, reads included, oldest first.
  [[nodiscard]] const std::vector<AuditEntry>& audit() const { return audit_; }
  // The writes that were meant (no dry-run), refused ones included.
  [[nodiscard]] std::vector<AuditEntry> writes() const;

  Faults faults;

  [[nodiscard]] const ServerOptions& options() const { return options_; }
  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] Api& api() { return api_; }
  [[nodiscard]] Timeline& timeline() { return timeline_; }
  [[nodiscard]] Control& control() { return control_; }

 private:
  void furnish();

  ServerOptions options_;
  Store store_;
  Registry registry_;
  Timeline timeline_;
  Api api_;
  Control control_;
  std::vector<AuditEntry> audit_;
  std::string actor_;
};

}  // namespace instantexec::sim
