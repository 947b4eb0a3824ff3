#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "engine/ports.h"
#include "os/env.h"

namespace instantexec::cli {

// The clocks of this machine.
class SystemClock final : public engine::Clock {
 public:
  Instant now() override;
  Timestamp wall() override;
};

// A cluster and the clock that belongs to it: real time for a real one, virtual time for the simulation.
class Connection {
 public:
  virtual ~Connection() = default;
  [[nodiscard]] virtual engine::Cluster& cluster() = 0;
  [[nodiscard]] virtual engine::Clock& clock() = 0;
  // Namespace by flag, environment or kubeconfig context; never empty.
  [[nodiscard]] virtual const std::string& ns() const = 0;
  // The namespace was named by the user (flag or environment), not taken from the context or by default.
  [[nodiscard]] virtual bool ns_given() const = 0;
  // The credentials in use, for people: "client certificate". Empty: none.
  [[nodiscard]] virtual std::string credentials() const { return {}; }
  // When they end, as far as can be seen in them; nothing before the first request.
  [[nodiscard]] virtual std::optional<Timestamp> credentials_end() const { return std::nullopt; }
  // New ones are fetched in time without anybody's help.
  [[nodiscard]] virtual bool credentials_renew() const { return false; }
  // Remarks on the configuration, sanitised, to be shown once.
  [[nodiscard]] virtual const std::vector<std::string>& warnings() const = 0;
};

// Prepares a connection; nothing is sent yet, so a dead server shows at Cluster::info(). Errors:
// kubeconfig.*, kuberc.*, auth.*, net.*. With `flags.simulate` an in-memory cluster that starts empty.
[[nodiscard]] Result<std::unique_ptr<Connection>> connect(const ClusterFlags& flags,
                                                          const os::Environment& environment,
                                                          bool reads_standard_input);

// Who this process is, for locks and records: host, process id, CI run if any, and something random.
[[nodiscard]] std::string holder_name(const os::Environment& environment);

}  // namespace instantexec::cli
