#pragma once

#include "base/error.h"

// Failures while obtaining credentials.
namespace instantexec::kube::errors {

inline constexpr ErrorCode kExecConfig{"auth.exec-config", ExitCode::kUsage,
                                       "The exec section of the kubeconfig user cannot be used.",
                                       "update the kubeconfig with the cloud provider's own tool"};
inline constexpr ErrorCode kExecDenied{"auth.exec-denied", ExitCode::kUsage,
                                       "The kuberc file forbids running this credential plugin.",
                                       "change credentialPluginPolicy or credentialPluginAllowlist in the "
                                       "kuberc file, if the plugin is trusted"};
inline constexpr ErrorCode kExecMissing{"auth.exec-missing", ExitCode::kUnreachable,
                                        "The credential plugin the kubeconfig names is not installed here.",
                                        "install the plugin and put it into PATH"};
inline constexpr ErrorCode kExecFailed{"auth.exec-failed", ExitCode::kUnreachable,
                                       "The credential plugin failed; what it said stands above.",
                                       "run the plugin's own login command"};
inline constexpr ErrorCode kExecAnswer{"auth.exec-answer", ExitCode::kUnreachable,
                                       "The credential plugin's answer is not an ExecCredential with "
                                       "credentials in it.",
                                       "update the plugin"};
inline constexpr ErrorCode kAuthProvider{"auth.provider-removed", ExitCode::kUsage,
                                         "The kubeconfig user relies on an auth-provider that no longer "
                                         "exists.",
                                         ""};
inline constexpr ErrorCode kIdTokenExpired{
    "auth.id-token-expired", ExitCode::kUnreachable,
    "The OpenID Connect id-token in the kubeconfig has expired.",
    "kubectl get --raw /version refreshes it; then repeat the command"};
inline constexpr ErrorCode kTokenFile{"auth.token-file", ExitCode::kUnreachable,
                                      "The file that holds the bearer token could not be used.", ""};
inline constexpr ErrorCode kToken{"auth.token-malformed", ExitCode::kUnreachable,
                                  "A token holds characters that cannot be sent in a header.",
                                  "copy the token again, without line breaks"};
inline constexpr ErrorCode kCertificateFile{"auth.certificate-file", ExitCode::kUnreachable,
                                            "The client certificate or its key could not be read.", ""};

}  // namespace instantexec::kube::errors
