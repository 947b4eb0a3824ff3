#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/in_cluster.h"
#include "kube/kubeconfig.h"
#include "kube/rest_config.h"

// From a merged kubeconfig and the command line to the one cluster and user meant. Pure.
namespace instantexec::kube {

// What the command line says. Empty: not given. Paths may be relative to the working directory.
struct ConfigFlags {
  std::string kubeconfig;
  std::string context;
  std::string cluster;
  std::string user;
  std::string ns;
  std::string ns_source = "--namespace";  // how `ns` was given, for messages: a flag or a variable
  std::string server;
  Secret token;
  std::string as;
  std::string as_uid;
  std::vector<std::string> as_groups;
  std::string certificate_authority;
  std::string client_certificate;
  std::string client_key;
  bool insecure_skip_tls_verify = false;
  std::string tls_server_name;
  std::string request_timeout;  // "30", "1m"; "0": those of CallOptions
  bool disable_compression = false;
  std::string kuberc;
};

struct ResolveInput {
  const Kubeconfig& config;
  const ConfigFlags& flags;
  std::optional<InCluster> in_cluster;
  std::string default_server;     // KUBERNETES_MASTER; "" when not set
  std::string working_directory;  // absolute
};

// The chosen cluster and user with every override applied. Files are named, not read.
struct ClientSpec {
  ClusterEntry cluster;  // server normalised
  UserEntry user;
  std::string ns;
  std::string context_name;  // "" when none was chosen
  std::string cluster_name;
  std::string user_name;
  Duration request_timeout{0};
  bool in_cluster = false;
  ConfigSources sources;
  std::vector<std::string> problems;  // contradictions; the client cannot be used while there are any
  std::vector<std::string> warnings;  // sanitised, worth showing once
};

// Chooses and overlays by client-go's rules. Differences, each in favour of what the user typed or of a clear
// message: --token also beats a tokenFile; a context whose cluster is not defined is an error instead of
// localhost:8080; a context whose user is not defined is a warning; flags that have no server of their own
// do not keep a pod from its in-cluster configuration.
// Errors: kubeconfig.context-missing, kubeconfig.entry-missing, kubeconfig.no-cluster.
[[nodiscard]] Result<ClientSpec> resolve_client(const ResolveInput& input);

// How requests will be authenticated. An explicit token, basic or certificate authentication disables the
// exec plugin and the auth-provider, as in client-go.
enum class AuthMethod { kNone, kStatic, kExec, kAuthProvider };
[[nodiscard]] AuthMethod auth_method(const UserEntry& user);

// Everything that is wrong within the entries themselves, without looking at files; the names are used in
// the texts, which are sanitised.
[[nodiscard]] std::vector<std::string> validate_cluster(const std::string& name, const ClusterEntry& cluster);
[[nodiscard]] std::vector<std::string> validate_user(const std::string& name, const UserEntry& user);

}  // namespace instantexec::kube
