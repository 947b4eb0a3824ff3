#pragma once

#include <optional>
#include <string>

#include "os/env.h"

// The configuration every pod is given.
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
namespace instantexec::kube {

struct InCluster {
  std::string server;      // "https://[fd00::1]:443"
  std::string ca_file;     // "" when the pod has none: system roots
  std::string token_file;  // re-read while running: the kubelet rotates it
  std::string ns;          // POD_NAMESPACE, else the service account's; "" when neither says
};

inline constexpr char kServiceAccountFolder[] = "/var/run/secrets/kubernetes.io/serviceaccount";

// What the pod was given, or nothing: both KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT and the token
// file are needed.
[[nodiscard]] std::optional<InCluster> find_in_cluster(const os::Environment& environment,
                                                       const std::string& folder = kServiceAccountFolder);

}  // namespace instantexec::kube
