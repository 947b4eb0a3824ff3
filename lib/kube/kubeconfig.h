#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "kube/rest_config.h"
#include "model/object.h"

// kubeconfig files as data: parsed and merged the way client-go does it. Nothing here touches a file.
// Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
namespace instantexec::kube {

// Turns YAML (or JSON, which is YAML) into JSON; the first document of several, null for an empty text.
// A parameter because the YAML library belongs to another module.
using ParseText = std::function<Result<model::Json>(std::string_view text)>;

struct ClusterEntry {
  std::string server;
  std::string tls_server_name;
  bool insecure = false;
  std::string ca_file;  // absolute
  std::string ca_data;  // PEM, decoded
  std::string proxy_url;
  bool disable_compression = false;
  model::Json exec_extension;  // extension "client.authentication.k8s.io/exec"; null when there is none
  std::string origin;          // the file that defined it, as the user named that
};

struct ExecConfig {
  std::string api_version;
  std::string command;  // absolute when it has a slash, else for a PATH search
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string interactive_mode;  // "Never", "IfAvailable", "Always", or whatever the file says; "" unset
};

struct AuthProvider {
  std::string name;  // "oidc", "gcp", "azure"
  std::map<std::string, Secret, std::less<>> config;
};

struct UserEntry {
  std::string client_cert_file;  // absolute, as are the other files
  std::string client_cert_data;  // PEM
  std::string client_key_file;
  Secret client_key_data;  // PEM
  Secret token;
  std::string token_file;
  std::string username;
  Secret password;
  Impersonation impersonate;
  std::optional<ExecConfig> exec;
  std::optional<AuthProvider> auth_provider;
  std::string origin;
};

struct ContextEntry {
  std::string cluster;
  std::string user;
  std::string ns;
  std::string origin;
};

struct Kubeconfig {
  std::map<std::string, ClusterEntry, std::less<>> clusters;
  std::map<std::string, UserEntry, std::less<>> users;
  std::map<std::string, ContextEntry, std::less<>> contexts;
  std::string current_context;
  std::string current_context_origin;
  std::vector<std::string> files;    // read, in order of precedence
  std::vector<std::string> missing;  // looked for and not there
};

struct KubeconfigText {
  std::string path;       // as the user named it; for messages
  std::string directory;  // absolute; relative paths in the file start here
  std::string text;
};

// One file. Empty text is an empty kubeconfig; unknown fields are ignored; apiVersion and kind may be
// missing. Error kubeconfig.unreadable lists every mistyped field, bad base64 text and repeated name in the
// file.
[[nodiscard]] Result<Kubeconfig> parse_kubeconfig(const KubeconfigText& file, const ParseText& parse);

// Files in order of precedence: the first that defines a name wins whole, no fields are mixed; the first
// non-empty current-context wins.
[[nodiscard]] Kubeconfig merge_kubeconfigs(std::span<const Kubeconfig> files);

}  // namespace instantexec::kube
