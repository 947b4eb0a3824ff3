#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/ports.h"
#include "kube/in_cluster.h"
#include "kube/kubeconfig_resolve.h"
#include "kube/rest_config.h"
#include "os/env.h"

// The edge: reads what the pure parts ask for and gives a client everything it needs.
namespace instantexec::kube {

struct ClientConfigInput {
  ConfigFlags flags;
  os::Environment environment;  // os::read_environment()
  std::string
      working_directory;  // os::working_directory(); relative paths in flags and KUBECONFIG start here
  engine::Clock* clock = nullptr;  // outlives the result
  bool input_is_terminal = false;  // standard input is a terminal, and nothing else (such as -f -) reads it
  int interrupt_fd = -1;           // os::signal_fd(): ends a credential plugin that waits
  std::string service_account_folder = kServiceAccountFolder;
};

struct ClientConfig {
  RestConfig rest;
  std::unique_ptr<Authenticator> authenticator;  // never null; gives nothing when there are no credentials
  std::vector<std::string> warnings;             // sanitised; show each once on standard error
};

// From flags, environment and files to a usable client configuration. No program is run and no connection is
// made yet: a plugin runs at the first Authenticator::credentials().
// Errors: kubeconfig.* (kubeconfig.invalid lists every problem, one per line), kuberc.invalid, auth.*.
// In CI (variable CI) a kubeconfig may not switch TLS verification off by itself: the flag must say so too.
[[nodiscard]] Result<ClientConfig> load_client_config(const ClientConfigInput& input);

// The merged kubeconfig alone, for listing contexts. Errors: kubeconfig.*.
[[nodiscard]] Result<Kubeconfig> load_kubeconfig(const ClientConfigInput& input);

}  // namespace instantexec::kube
