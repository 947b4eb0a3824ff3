#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/ports.h"
#include "kube/kubeconfig.h"
#include "kube/kuberc.h"
#include "kube/rest_config.h"
#include "os/env.h"
#include "os/process.h"

namespace instantexec::kube {

// How the exec authenticator reaches the world.
struct ExecWorld {
  engine::Clock* clock = nullptr;  // outlives the authenticator
  os::Environment environment;     // handed to the plugin; its PATH finds the plugin
  bool input_is_terminal = false;  // standard input is a terminal that nothing else reads
  int interrupt_fd = -1;           // ends a waiting plugin; see os::Command
  ParseText parse;
  std::function<Result<os::ProcessResult>(const os::Command&)> run = os::run_process;
};

// Credentials from a plugin: run at the first need, kept until its timestamp passes or a 401 arrives. One
// authenticator is the cache of one (exec section, cluster) pair. Errors: auth.exec-config for a version that
// is not served; the rest from credentials().
[[nodiscard]] Result<std::unique_ptr<Authenticator>> make_exec_authenticator(
    ExecConfig exec, ClusterEntry cluster, std::string ca_pem, PluginRules rules, ExecWorld world);

}  // namespace instantexec::kube
