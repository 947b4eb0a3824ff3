#include "kube/exec_credential.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "kube/auth_errors.h"
#include "kube/kubeconfig_fields.h"
#include "kube/kubeconfig_url.h"

namespace instantexec::kube {
namespace {

constexpr std::string_view kV1 = "client.authentication.k8s.io/v1";
constexpr std::string_view kV1Beta1 = "client.authentication.k8s.io/v1beta1";
constexpr std::string_view kV1Alpha1 = "client.authentication.k8s.io/v1alpha1";

std::string program_of(const ExecConfig& exec) {
  return sanitise_line(exec.command, 200);
}

}  // namespace

Status check_exec_version(const ExecConfig& exec) {
  if (exec.api_version == kV1 || exec.api_version == kV1Beta1) return {};
  if (exec.api_version == kV1Alpha1) {
    return fail(
        errors::kExecConfig,
        fmt::format("the exec section for {} uses {}, which Kubernetes 1.24 removed", program_of(exec),
                    kV1Alpha1),
        "write the kubeconfig anew with a current tool (for EKS: aws eks update-kubeconfig with aws CLI "
        "2.7 or 1.24 and later)");
  }
  return fail(errors::kExecConfig,
              fmt::format("the exec section for {} has the apiVersion \"{}\"; {} and {} are known",
                          program_of(exec), sanitise_line(exec.api_version, 100), kV1, kV1Beta1));
}

Result<bool> exec_is_interactive(const ExecConfig& exec, bool input_is_terminal) {
  if (exec.interactive_mode == "Never") return false;
  if (exec.interactive_mode != "Always" || input_is_terminal) return input_is_terminal;
  return fail(
      errors::kExecConfig,
      fmt::format("credential plugin {} must ask the user (interactiveMode: Always), and standard input "
                  "is no terminal",
                  program_of(exec)),
      "log in beforehand or use credentials that need no questions");
}

std::string exec_info(const ExecConfig& exec, const ClusterEntry& cluster, const std::string& ca_pem,
                      bool interactive) {
  model::Json spec{{"interactive", interactive}};
  if (exec.provide_cluster_info) {
    model::Json& info = spec["cluster"];
    info["server"] = cluster.server;
    if (!cluster.tls_server_name.empty()) info["tls-server-name"] = cluster.tls_server_name;
    if (cluster.insecure) info["insecure-skip-tls-verify"] = true;
    if (!ca_pem.empty()) info["certificate-authority-data"] = base64_encode(ca_pem);
    if (!cluster.proxy_url.empty()) info["proxy-url"] = cluster.proxy_url;
    if (cluster.disable_compression) info["disable-compression"] = true;
    info["config"] = cluster.exec_extension;
  }
  const model::Json credential{{"apiVersion", exec.api_version}, {"kind", "ExecCredential"}, {"spec", spec}};
  // Text that is not UTF-8 must not make dump() throw.
  return credential.dump(-1, ' ', false, model::Json::error_handler_t::replace);
}

Result<ExecAnswer> parse_exec_answer(const ExecConfig& exec, std::string_view output,
                                     const ParseText& parse) {
  const auto bad = [&](std::string_view what) {
    return fail(errors::kExecAnswer, fmt::format("credential plugin {} {}", program_of(exec), what));
  };
  std::optional<model::Json> root = model::parse_json(output);
  if (!root) {
    // client-go reads YAML here too. The parser's message is left out: it may quote a secret.
    auto yaml = parse(output);
    if (!yaml || !yaml->is_object()) return bad("did not print an ExecCredential as JSON");
    root = std::move(*yaml);
  }
  if (!root->is_object()) return bad("did not print an ExecCredential as JSON");
  const std::string version = model::get_string(*root, "/apiVersion");
  if (model::get_string(*root, "/kind") != "ExecCredential")
    return bad("answered something else than an ExecCredential");
  if (version != exec.api_version) {
    // Any other text is not repeated: who confuses the fields may have put a secret there.
    const bool known = version == kV1 || version == kV1Beta1 || version == kV1Alpha1;
    return bad(fmt::format("answered with {}, but the kubeconfig says {}",
                           known ? "apiVersion \"" + version + "\"" : std::string("an unknown apiVersion"),
                           exec.api_version));
  }
  std::vector<std::string> problems;
  FieldReader top(*root, "", problems);
  if (!top.has("status")) return bad("answered without a status");
  FieldReader status(top.object("status"), "status", problems);
  ExecAnswer answer{
      status.secret("token"), status.text("clientCertificateData"), status.secret("clientKeyData"), {}};
  const std::string expiry = status.text("expirationTimestamp");
  if (!problems.empty()) return bad("answered with malformed fields: " + join(problems, "; "));
  if (!expiry.empty()) {
    answer.expiry = parse_rfc3339(expiry);
    if (!answer.expiry) return bad("answered with an expirationTimestamp that is not RFC 3339");
  }
  const bool cert = !answer.client_cert_pem.empty();
  const bool key = !answer.client_key_pem.empty();
  if (cert != key) return bad("answered with only half of a certificate and key");
  if (answer.token.empty() && !cert) return bad("answered with neither a token nor a certificate");
  if (!fits_header(answer.token.reveal())) return bad("answered with a token that holds control characters");
  return answer;
}

}  // namespace instantexec::kube
