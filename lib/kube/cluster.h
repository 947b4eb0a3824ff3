#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/ports.h"
#include "kube/discovery_cache.h"
#include "kube/rest_client.h"
#include "kube/rest_config.h"

namespace instantexec::kube {

struct ClusterOptions {
  RestClientOptions rest;
  std::string user_agent = "kubectl-instantexec";
  std::string cache_root;  // of the discovery cache; empty: none is kept
  // Readable while an interruption waits, and what takes it (os::signal_fd, os::take_signal); -1: never.
  int interrupt_fd = -1;
  std::function<std::optional<int>()> take_interrupt;
};

// engine::Cluster over a real API server. `authenticator` must outlive it. Nothing is sent yet: info()
// connects. Errors: net.url, net.proxy-url, net.tls-authority-unusable.
[[nodiscard]] Result<std::unique_ptr<engine::Cluster>> make_cluster(RestConfig config,
                                                                    Authenticator& authenticator,
                                                                    ClusterOptions options);

// The same over a transport of the caller's, for tests.
[[nodiscard]] std::unique_ptr<engine::Cluster> make_cluster_over(std::unique_ptr<net::Transport> transport,
                                                                 RestConfig config,
                                                                 Authenticator& authenticator,
                                                                 ClusterOptions options);

}  // namespace instantexec::kube
