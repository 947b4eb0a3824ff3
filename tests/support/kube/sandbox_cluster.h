#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "engine/ports.h"
#include "kube/cluster.h"
#include "kube/kubeconfig_load.h"
#include "os/clock.h"
#include "os/files.h"

// A client of the control plane that scripts/sandbox started.
namespace instantexec::testing {

class SystemClock final : public engine::Clock {
 public:
  Instant now() override { return os::monotonic_now(); }
  Timestamp wall() override { return os::wall_now(); }
};

// The kubeconfig of the sandbox; nothing when INSTANTEXEC_SANDBOX_KUBECONFIG is not set, and then such tests
// are skipped.
inline std::optional<std::string> sandbox_kubeconfig() {
  const char* path = std::getenv("INSTANTEXEC_SANDBOX_KUBECONFIG");
  if (path == nullptr || *path == '\0') return std::nullopt;
  return std::string(path);
}

struct SandboxClient {
  SystemClock clock;
  kube::ClientConfig config;
  std::unique_ptr<engine::Cluster> cluster;  // after what it uses
};

// A cluster adapter over the real server, as the program makes one. Null with `why` filled when that fails.
inline std::unique_ptr<SandboxClient> make_sandbox_client(const std::string& kubeconfig, std::string& why,
                                                          kube::ClusterOptions options = {}) {
  auto client = std::make_unique<SandboxClient>();
  kube::ClientConfigInput input;
  input.flags.kubeconfig = kubeconfig;
  input.environment = os::read_environment();
  input.working_directory = os::working_directory().value_or("/");
  input.clock = &client->clock;
  auto config = kube::load_client_config(input);
  if (!config) {
    why = config.error().to_string();
    return nullptr;
  }
  client->config = std::move(*config);
  auto cluster = kube::make_cluster(client->config.rest, *client->config.authenticator, std::move(options));
  if (!cluster) {
    why = cluster.error().to_string();
    return nullptr;
  }
  client->cluster = std::move(*cluster);
  return client;
}

}  // namespace instantexec::testing
