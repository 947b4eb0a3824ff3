#include "row.h"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "base/digest.h"
#include "base/text.h"

namespace instantexec::kube::testing {

const std::string kCaPem = "-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n";
const std::string kOtherCaPem = "-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----\n";
const std::string kCertPem = "-----BEGIN CERTIFICATE-----\nY2VydA==\n-----END CERTIFICATE-----\n";
const std::string kKeyPem = "-----BEGIN PRIVATE KEY-----\na2V5\n-----END PRIVATE KEY-----\n";

std::string data_field(std::string_view field, std::string_view content) {
  return fmt::format("{}: {}", field, base64_encode(content));
}

std::string minimal(std::string_view cluster, std::string_view user, std::string_view context) {
  return fmt::format(
      "current-context: c\n"
      "contexts: [{{name: c, context: {{cluster: k, user: u{}{}}}}}]\n"
      "clusters: [{{name: k, cluster: {{{}}}}}]\n"
      "users: [{{name: u, user: {{{}}}}}]\n",
      context.empty() ? "" : ", ", context, cluster, user);
}

std::vector<Row> all_rows() {
  std::vector<Row> out;
  for (const auto& rows : {loading_rows(), merging_rows(), override_rows(), validation_rows(), server_rows(),
                           credential_rows()}) {
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return out;
}

namespace {

void set_flag(ConfigFlags& flags, const std::string& name, const std::string& value) {
  const std::map<std::string, std::string ConfigFlags::*> texts{
      {"--kubeconfig", &ConfigFlags::kubeconfig},
      {"--context", &ConfigFlags::context},
      {"--cluster", &ConfigFlags::cluster},
      {"--user", &ConfigFlags::user},
      {"--namespace", &ConfigFlags::ns},
      {"--server", &ConfigFlags::server},
      {"--as", &ConfigFlags::as},
      {"--as-uid", &ConfigFlags::as_uid},
      {"--certificate-authority", &ConfigFlags::certificate_authority},
      {"--client-certificate", &ConfigFlags::client_certificate},
      {"--client-key", &ConfigFlags::client_key},
      {"--tls-server-name", &ConfigFlags::tls_server_name},
      {"--request-timeout", &ConfigFlags::request_timeout},
      {"--kuberc", &ConfigFlags::kuberc}};
  if (const auto found = texts.find(name); found != texts.end()) {
    flags.*(found->second) = value;
  } else if (name == "--token") {
    flags.token = Secret(value);
  } else if (name == "--as-group") {
    flags.as_groups.push_back(value);
  } else if (name == "--insecure-skip-tls-verify") {
    flags.insecure_skip_tls_verify = true;
  } else if (name == "--disable-compression") {
    flags.disable_compression = true;
  } else {
    throw std::invalid_argument("no such flag: " + name);
  }
}

}  // namespace

Laid::Laid(const Row& row) {
  environment["HOME"] = dir.path("home");
  environment["PATH"] = "/usr/bin:/bin";
  std::filesystem::create_directories(dir.path("work"));
  for (const auto& [path, content] : row.files) dir.write(path, expand(content));
  for (const auto& [name, value] : row.environment) environment[name] = expand(value);
  if (environment["HOME"] == "-") environment.erase("HOME");
  for (const auto& [name, value] : row.flags) set_flag(flags, name, expand(value));
}

std::string Laid::expand(std::string_view text) const {
  std::string out(text);
  for (auto at = out.find("$DIR"); at != std::string::npos; at = out.find("$DIR"))
    out.replace(at, 4, dir.path());
  return out;
}

ClientConfigInput Laid::input() {
  ClientConfigInput out;
  out.flags = flags;
  out.environment = environment;
  out.working_directory = dir.path("work");
  out.clock = &clock;
  out.service_account_folder = dir.path("sa");
  return out;
}

std::map<std::string, std::string> render(ClientConfig& config) {
  const RestConfig& rest = config.rest;
  std::map<std::string, std::string> out{{"server", rest.server},
                                         {"ca", rest.ca_pem},
                                         {"insecure", rest.insecure ? "yes" : "no"},
                                         {"tls-server-name", rest.tls_server_name},
                                         {"proxy", rest.proxy_url},
                                         {"compression", rest.disable_compression ? "off" : "on"},
                                         {"timeout", fmt::format("{}ms", rest.request_timeout.count())},
                                         {"as", rest.impersonate.user},
                                         {"as-uid", rest.impersonate.uid},
                                         {"as-groups", join(rest.impersonate.groups, ",")},
                                         {"ns", rest.ns},
                                         {"ns-source", rest.sources.ns},
                                         {"context", rest.context},
                                         {"context-source", rest.sources.context},
                                         {"cluster", rest.cluster},
                                         {"cluster-source", rest.sources.cluster},
                                         {"user", rest.user},
                                         {"user-source", rest.sources.user},
                                         {"files", join(rest.sources.files, ",")},
                                         {"in-cluster", rest.in_cluster ? "yes" : "no"},
                                         {"auth", config.authenticator->describe()},
                                         {"warnings", join(config.warnings, "\n")}};
  for (const auto& [key, values] : rest.impersonate.extra)
    out["as-extra"] += key + "=" + join(values, ",") + ";";
  if (config.authenticator->describe().starts_with("exec plugin")) return out;  // not run here
  if (const auto credentials = config.authenticator->credentials()) {
    out["authorization"] = credentials->authorization.reveal();
    out["cert"] = credentials->client_cert_pem;
    out["key"] = credentials->client_key_pem.reveal();
  } else {
    out["authorization"] = std::string("error ") + std::string(credentials.error().code->name);
  }
  return out;
}

}  // namespace instantexec::kube::testing
