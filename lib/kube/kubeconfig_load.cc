#include "kube/kubeconfig_load.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "kube/auth_exec.h"
#include "kube/auth_files.h"
#include "kube/auth_provider.h"
#include "kube/kubeconfig_errors.h"
#include "kube/kubeconfig_files.h"
#include "kube/kuberc.h"
#include "os/files.h"

namespace instantexec::kube {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{4} * 1024 * 1024;

// Reads a file that must hold PEM, or notes why it cannot be used.
std::string read_pem(std::string_view what, const std::string& path, std::vector<std::string>& problems) {
  auto text = os::read_file(path, {.max_bytes = kMaxBytes});
  if (!text) {
    problems.push_back(fmt::format("{}: {}", what, text.error().message));
    return {};
  }
  if (text->find("-----BEGIN ") == std::string::npos) {
    problems.push_back(fmt::format("{}: {} holds no PEM block", what, sanitise_line(path)));
  }
  return std::move(*text);
}

void check_pem(std::string_view what, std::string_view pem, std::vector<std::string>& problems) {
  if (!pem.empty() && pem.find("-----BEGIN ") == std::string_view::npos) {
    problems.push_back(fmt::format("{} holds no PEM block once decoded", what));
  }
}

// Every file the user entry names is looked at before the run begins, so that all complaints come together.
void check_user_files(const UserEntry& user, std::vector<std::string>& problems) {
  check_pem("client-certificate-data", user.client_cert_data, problems);
  check_pem("client-key-data", user.client_key_data.reveal(), problems);
  if (!user.client_cert_file.empty()) read_pem("client-certificate", user.client_cert_file, problems);
  if (!user.client_key_file.empty()) read_pem("client-key", user.client_key_file, problems);
  // With a token beside it, an unreadable token file is not yet a failure.
  if (user.token_file.empty() || !user.token.empty()) return;
  const auto token = os::read_file(user.token_file, {.max_bytes = kMaxBytes});
  if (!token) {
    problems.push_back("tokenFile: " + token.error().message);
  } else if (trim(*token).empty()) {
    problems.push_back(fmt::format("tokenFile: {} is empty", sanitise_line(user.token_file)));
  }
}

bool in_ci(const os::Environment& environment) {
  const std::string value = to_lower(os::env_value(environment, "CI"));
  return !value.empty() && value != "0" && value != "false";
}

void check_insecure(const ClientConfigInput& input, ClientSpec& spec) {
  if (!spec.cluster.insecure) return;
  if (in_ci(input.environment) && !input.flags.insecure_skip_tls_verify) {
    spec.problems.emplace_back(
        "insecure-skip-tls-verify is set in the kubeconfig; in CI it must be confirmed with "
        "--insecure-skip-tls-verify, or better replaced by certificate-authority-data");
    return;
  }
  spec.warnings.push_back(
      fmt::format("TLS verification is off: anybody on the way to {} can read and change "
                  "everything, credentials included",
                  sanitise_line(spec.cluster.server)));
}

RestConfig make_rest_config(const ClientSpec& spec, std::string ca_pem) {
  RestConfig rest;
  rest.server = spec.cluster.server;
  rest.ca_pem = std::move(ca_pem);
  rest.insecure = spec.cluster.insecure;
  rest.tls_server_name = spec.cluster.tls_server_name;
  rest.proxy_url = spec.cluster.proxy_url;
  rest.disable_compression = spec.cluster.disable_compression;
  rest.request_timeout = spec.request_timeout;
  rest.impersonate = spec.user.impersonate;
  rest.ns = spec.ns;
  rest.context = spec.context_name;
  rest.cluster = spec.cluster_name;
  rest.user = spec.user_name;
  rest.in_cluster = spec.in_cluster;
  rest.sources = spec.sources;
  return rest;
}

Result<PluginRules> load_rules(const ClientConfigInput& input, bool needed) {
  IE_TRY_ASSIGN(const auto path, kuberc_path(input.flags.kuberc, input.environment));
  // kubectl only warns about a broken default file. It matters here only when a plugin would run.
  if (!path || (!path->explicit_path && !needed)) return PluginRules{};
  return read_kuberc(*path, input.working_directory, parse_config_text);
}

Result<std::unique_ptr<Authenticator>> make_authenticator(const ClientConfigInput& input,
                                                          const ClientSpec& spec, const RestConfig& rest) {
  const AuthMethod method = rest.is_https() ? auth_method(spec.user) : AuthMethod::kNone;
  IE_TRY_ASSIGN(PluginRules rules, load_rules(input, method == AuthMethod::kExec));
  switch (method) {
    case AuthMethod::kStatic:
      return make_file_authenticator(spec.user, *input.clock);
    case AuthMethod::kAuthProvider:
      return make_provider_authenticator(*spec.user.auth_provider, *input.clock);
    case AuthMethod::kExec: {
      ExecWorld world;
      world.clock = input.clock;
      world.environment = input.environment;
      world.input_is_terminal = input.input_is_terminal;
      world.interrupt_fd = input.interrupt_fd;
      world.parse = parse_config_text;
      return make_exec_authenticator(*spec.user.exec, spec.cluster, rest.ca_pem, std::move(rules),
                                     std::move(world));
    }
    case AuthMethod::kNone:
      break;
  }
  return make_static_authenticator({}, "no credentials");
}

}  // namespace

Result<Kubeconfig> load_kubeconfig(const ClientConfigInput& input) {
  return read_kubeconfigs(kubeconfig_paths(input.flags.kubeconfig, input.environment),
                          input.working_directory, parse_config_text);
}

Result<ClientConfig> load_client_config(const ClientConfigInput& input) {
  const KubeconfigPaths paths = kubeconfig_paths(input.flags.kubeconfig, input.environment);
  IE_TRY_ASSIGN(const Kubeconfig config, read_kubeconfigs(paths, input.working_directory, parse_config_text));
  const ResolveInput resolve{
      config, input.flags, find_in_cluster(input.environment, input.service_account_folder),
      std::string(os::env_value(input.environment, "KUBERNETES_MASTER")), input.working_directory};
  IE_TRY_ASSIGN(ClientSpec spec, resolve_client(resolve));
  const bool https = spec.cluster.server.starts_with("https://");
  if (https) check_insecure(input, spec);
  std::string ca_pem = spec.cluster.ca_data;
  check_pem("certificate-authority-data", ca_pem, spec.problems);
  if (!spec.cluster.ca_file.empty()) {
    ca_pem = read_pem("certificate-authority", spec.cluster.ca_file, spec.problems);
  }
  check_user_files(spec.user, spec.problems);
  if (!spec.problems.empty()) {
    return fail(errors::kKubeconfigInvalid,
                fmt::format("{} with the cluster configuration:\n  {}",
                            counted(spec.problems.size(), "problem"), join(spec.problems, "\n  ")));
  }
  if (paths.from_environment && config.files.empty() && !config.missing.empty()) {
    spec.warnings.push_back("no file named by KUBECONFIG exists: " +
                            sanitise_line(join(config.missing, ", ")));
  }
  if (!https && auth_method(spec.user) != AuthMethod::kNone) {
    spec.warnings.push_back(fmt::format("{} is not https: the credentials of the kubeconfig are not sent",
                                        sanitise_line(spec.cluster.server)));
  }
  ClientConfig out;
  out.rest = make_rest_config(spec, std::move(ca_pem));
  out.warnings = std::move(spec.warnings);
  IE_TRY_ASSIGN(out.authenticator, make_authenticator(input, spec, out.rest));
  return out;
}

}  // namespace instantexec::kube
