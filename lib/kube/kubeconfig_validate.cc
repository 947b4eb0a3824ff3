#include <fmt/format.h>

#include "base/text.h"
#include "kube/kubeconfig_resolve.h"
#include "kube/kubeconfig_url.h"

namespace instantexec::kube {
namespace {

class Problems {
 public:
  explicit Problems(std::string subject) : subject_(std::move(subject)) {}

  void add_if(bool wrong, std::string_view what) {
    if (wrong) list.push_back(fmt::format("{}: {}", subject_, what));
  }

  std::vector<std::string> list;

 private:
  std::string subject_;
};

std::string subject(std::string_view kind, const std::string& name) {
  return name.empty() ? std::string(kind) : fmt::format("{} \"{}\"", kind, sanitise_line(name, 200));
}

void check_certificates(const UserEntry& user, Problems& problems) {
  const bool cert = !user.client_cert_file.empty() || !user.client_cert_data.empty();
  const bool key = !user.client_key_file.empty() || !user.client_key_data.empty();
  problems.add_if(!user.client_cert_file.empty() && !user.client_cert_data.empty(),
                  "client-certificate and client-certificate-data are both set");
  problems.add_if(!user.client_key_file.empty() && !user.client_key_data.empty(),
                  "client-key and client-key-data are both set");
  problems.add_if(cert && !key, "a client certificate without client-key or client-key-data");
}

void check_exec(const UserEntry& user, Problems& problems) {
  const ExecConfig& exec = *user.exec;
  problems.add_if(user.auth_provider.has_value(), "exec and auth-provider exclude each other");
  problems.add_if(exec.command.empty(), "exec has no command");
  problems.add_if(exec.api_version.empty(), "exec has no apiVersion");
  for (const auto& [name, value] : exec.env) {
    problems.add_if(name.empty() || name.find('=') != std::string::npos,
                    "exec.env has an entry without a usable name");
  }
  const std::string& mode = exec.interactive_mode;
  // Only v1 requires the field; v1beta1 has a default.
  problems.add_if(mode.empty() && exec.api_version == "client.authentication.k8s.io/v1",
                  "exec.interactiveMode must be Never, IfAvailable or Always");
  problems.add_if(!mode.empty() && mode != "Never" && mode != "IfAvailable" && mode != "Always",
                  fmt::format("exec.interactiveMode \"{}\" is not Never, IfAvailable or Always",
                              sanitise_line(mode, 60)));
}

void check_impersonation(const Impersonation& as, Problems& problems) {
  problems.add_if(as.user.empty() && (!as.uid.empty() || !as.groups.empty() || !as.extra.empty()),
                  "a uid, groups or extra fields to impersonate without a user (as)");
  bool fits = fits_header(as.user) && fits_header(as.uid);
  for (const std::string& group : as.groups) fits = fits && fits_header(group);
  for (const auto& [key, values] : as.extra) {
    for (const std::string& value : values) fits = fits && fits_header(value);
  }
  problems.add_if(!fits, "an identity to impersonate holds control characters");
}

}  // namespace

std::vector<std::string> validate_cluster(const std::string& name, const ClusterEntry& cluster) {
  Problems problems(subject("cluster", name));
  if (cluster.server.empty()) {
    problems.add_if(true, "no server is defined");
  } else if (const auto server = normalise_server(cluster.server); !server) {
    problems.add_if(true, "server: " + server.error().message);
  }
  if (!cluster.proxy_url.empty()) {
    const auto proxy = check_proxy_url(cluster.proxy_url);
    problems.add_if(!proxy, proxy ? "" : "proxy-url: " + proxy.error().message);
  }
  const bool has_ca = !cluster.ca_file.empty() || !cluster.ca_data.empty();
  problems.add_if(!cluster.ca_file.empty() && !cluster.ca_data.empty(),
                  "certificate-authority and certificate-authority-data are both set");
  problems.add_if(has_ca && cluster.insecure,
                  "a certificate authority and insecure-skip-tls-verify exclude each other");
  problems.add_if(!fits_header(cluster.tls_server_name), "tls-server-name holds control characters");
  return std::move(problems.list);
}

AuthMethod auth_method(const UserEntry& user) {
  const bool token = !user.token.empty() || !user.token_file.empty();
  const bool basic = !user.username.empty() || !user.password.empty();
  const bool cert = (!user.client_cert_file.empty() || !user.client_cert_data.empty()) &&
                    (!user.client_key_file.empty() || !user.client_key_data.empty());
  if (token || basic || cert) return AuthMethod::kStatic;
  if (user.exec) return AuthMethod::kExec;
  return user.auth_provider ? AuthMethod::kAuthProvider : AuthMethod::kNone;
}

std::vector<std::string> validate_user(const std::string& name, const UserEntry& user) {
  Problems problems(subject("user", name));
  const bool token = !user.token.empty() || !user.token_file.empty();
  const bool basic = !user.username.empty() || !user.password.empty();
  problems.add_if(token && basic, "a token and a user name with password exclude each other");
  problems.add_if(!fits_header(trim(user.token.reveal())), "the token holds control characters");
  check_certificates(user, problems);
  if (auth_method(user) == AuthMethod::kExec) check_exec(user, problems);
  check_impersonation(user.impersonate, problems);
  return std::move(problems.list);
}

}  // namespace instantexec::kube
