#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "kube/kubeconfig.h"

// The protocol spoken with credential plugins. Pure.
// https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
namespace instantexec::kube {

// Accepts client.authentication.k8s.io/v1 and v1beta1. Error auth.exec-config; for v1alpha1, which old EKS
// configurations still carry, with the way out.
[[nodiscard]] Status check_exec_version(const ExecConfig& exec);

// Whether the plugin gets standard input, from interactiveMode (unset is IfAvailable, which v1beta1 means).
// Error auth.exec-config when the mode is Always and there is no terminal to read from.
[[nodiscard]] Result<bool> exec_is_interactive(const ExecConfig& exec, bool input_is_terminal);

// The value of KUBERNETES_EXEC_INFO. `cluster` appears only when the plugin asks for it; `ca_pem` is the CA's
// content, also when the kubeconfig names a file.
[[nodiscard]] std::string exec_info(const ExecConfig& exec, const ClusterEntry& cluster,
                                    const std::string& ca_pem, bool interactive);

// What a plugin answered.
struct ExecAnswer {
  Secret token;  // "": none
  std::string client_cert_pem;
  Secret client_key_pem;
  std::optional<Timestamp> expiry;
};

// Reads the plugin's standard output. Error auth.exec-answer: not an ExecCredential of the configured
// version, no status, neither token nor certificate, half a pair, or an unreadable time. The text never
// appears in the error.
[[nodiscard]] Result<ExecAnswer> parse_exec_answer(const ExecConfig& exec, std::string_view output,
                                                   const ParseText& parse);

}  // namespace instantexec::kube
