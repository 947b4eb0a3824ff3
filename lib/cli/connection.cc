#include "cli/connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/cluster.h"
#include "kube/kubeconfig_load.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/log.h"
#include "os/random.h"
#include "os/signals.h"
#include "os/terminal.h"
#include "sim/cluster.h"
#include "sim/server.h"

namespace instantexec::cli {
namespace {

class RealConnection final : public Connection {
 public:
  RealConnection(std::unique_ptr<SystemClock> clock, kube::ClientConfig config, bool ns_given,
                 std::unique_ptr<engine::Cluster> cluster)
      : clock_(std::move(clock)),
        authenticator_(std::move(config.authenticator)),
        ns_(config.rest.ns),
        ns_given_(ns_given),
        warnings_(std::move(config.warnings)),
        cluster_(std::move(cluster)) {}

  engine::Cluster& cluster() override { return *cluster_; }
  engine::Clock& clock() override { return *clock_; }
  const std::string& ns() const override { return ns_; }
  bool ns_given() const override { return ns_given_; }
  std::string credentials() const override { return authenticator_->describe(); }
  std::optional<Timestamp> credentials_end() const override { return authenticator_->expiry(); }
  bool credentials_renew() const override { return authenticator_->renews(); }
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  // In this order: the cluster uses the authenticator, which uses the clock.
  std::unique_ptr<SystemClock> clock_;
  std::unique_ptr<kube::Authenticator> authenticator_;
  std::string ns_;
  bool ns_given_;
  std::vector<std::string> warnings_;
  std::unique_ptr<engine::Cluster> cluster_;
};

// As a usual cluster has it: Services of type LoadBalancer get an address, one of those kept for examples
// (RFC 5737).
sim::ServerOptions simulated_server() {
  sim::ServerOptions options;
  options.load_balancer = "192.0.2.1";
  return options;
}

class SimulatedConnection final : public Connection {
 public:
  explicit SimulatedConnection(const std::string& ns)
      : server_(simulated_server()),
        client_(server_),
        ns_(ns.empty() ? "default" : ns),
        ns_given_(!ns.empty()) {
    // A namespace the user names is there, as one would choose a cluster that has it.
    engine::CreateRequest request;
    request.body.json = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns_}}}};
    if (ns_given_) server_.act(request);
  }

  engine::Cluster& cluster() override { return client_; }
  engine::Clock& clock() override { return client_; }
  const std::string& ns() const override { return ns_; }
  bool ns_given() const override { return ns_given_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  sim::SimServer server_;
  sim::SimCluster client_;
  std::string ns_;
  bool ns_given_;
  std::vector<std::string> warnings_;
};

std::string cache_root(const ClusterFlags& flags, const os::Environment& environment) {
  if (!flags.cache_dir.empty()) return flags.cache_dir;
  for (const auto& [variable, below] :
       {std::pair{"KUBECACHEDIR", "/instantexec"}, std::pair{"XDG_CACHE_HOME", "/instantexec/discovery"}}) {
    if (const auto folder = os::env_value(environment, variable); !folder.empty())
      return std::string(folder) + below;
  }
  const std::string home = os::home_directory(environment);
  return home.empty() ? "" : home + "/.cache/instantexec/discovery";
}

// kubectl's verbosity numbers, as os::log_level_of_verbosity reads them.
os::LogLevel level_of(int verbosity) {
  if (verbosity >= 7) return os::LogLevel::kTrace;
  return verbosity >= 4 ? os::LogLevel::kDebug : os::LogLevel::kInfo;
}

}  // namespace

Instant SystemClock::now() {
  return os::monotonic_now();
}
Timestamp SystemClock::wall() {
  return os::wall_now();
}

Result<std::unique_ptr<Connection>> connect(const ClusterFlags& flags, const os::Environment& environment,
                                            bool reads_standard_input) {
  if (flags.simulate) return std::make_unique<SimulatedConnection>(flags.config.ns);
  auto clock = std::make_unique<SystemClock>();
  kube::ClientConfigInput input;
  input.flags = flags.config;
  input.environment = environment;
  IE_TRY_ASSIGN(input.working_directory, os::working_directory());
  input.clock = clock.get();
  input.input_is_terminal = !reads_standard_input && os::is_terminal(STDIN_FILENO);
  input.interrupt_fd = os::signal_fd();
  IE_TRY_ASSIGN(kube::ClientConfig config, kube::load_client_config(input));
  kube::ClusterOptions options;
  options.cache_root = cache_root(flags, environment);
  options.interrupt_fd = os::signal_fd();
  options.take_interrupt = &os::take_signal;
  options.rest.log = [](int level, const std::string& text) { os::log(level_of(level), text); };
  IE_TRY_ASSIGN(auto cluster, kube::make_cluster(config.rest, *config.authenticator, std::move(options)));
  return std::make_unique<RealConnection>(std::move(clock), std::move(config), !flags.config.ns.empty(),
                                          std::move(cluster));
}

std::string holder_name(const os::Environment& environment) {
  std::string host(256, '\0');
  if (gethostname(host.data(), host.size() - 1) != 0) host = "unknown";
  host.resize(host.find('\0') == std::string::npos ? host.size() : host.find('\0'));
  const auto run = os::env_value(environment, "GITHUB_RUN_ID");
  return sanitise_line(
      fmt::format("{}:{}{}{}:{}", host, getpid(), run.empty() ? "" : ":run-", run, os::random_hex(4)), 200);
}

}  // namespace instantexec::cli
