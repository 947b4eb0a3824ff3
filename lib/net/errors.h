#pragma once

#include "base/error.h"

// What can go wrong between this program and a server, before anybody has understood an HTTP answer. Every
// message names host and port.
namespace instantexec::net::errors {

inline constexpr ErrorCode kResolve{"net.resolve", ExitCode::kUnreachable,
                                    "The name of the server could not be resolved.",
                                    "check the server's host name, DNS and the VPN"};
inline constexpr ErrorCode kConnect{"net.connect", ExitCode::kUnreachable,
                                    "No connection to the server could be opened.",
                                    "check that the server runs and that no firewall is in between"};
inline constexpr ErrorCode kProxy{"net.proxy", ExitCode::kUnreachable,
                                  "The proxy could not be reached or refused to connect.",
                                  "check proxy-url, HTTPS_PROXY and NO_PROXY"};
inline constexpr ErrorCode kTlsExpired{"net.tls-certificate-expired", ExitCode::kUnreachable,
                                       "The server's certificate has expired.",
                                       "renew the server's certificate, and check this machine's clock"};
inline constexpr ErrorCode kTlsNotYetValid{"net.tls-certificate-not-yet-valid", ExitCode::kUnreachable,
                                           "The server's certificate is not valid yet.",
                                           "check this machine's clock"};
inline constexpr ErrorCode kTlsUnknownAuthority{
    "net.tls-unknown-authority", ExitCode::kUnreachable,
    "The server's certificate is not signed by a trusted authority.",
    "check certificate-authority-data of this cluster in the kubeconfig"};
inline constexpr ErrorCode kTlsNameMismatch{
    "net.tls-name-mismatch", ExitCode::kUnreachable, "The server's certificate is for another name.",
    "use a name the certificate holds, or set tls-server-name in the kubeconfig"};
inline constexpr ErrorCode kTlsClientCertificate{
    "net.tls-client-certificate", ExitCode::kUnreachable,
    "The client certificate or its key cannot be used, or the server refused it.",
    "check client-certificate-data and client-key-data in the kubeconfig"};
inline constexpr ErrorCode kTlsAuthorityUnusable{"net.tls-authority-unusable", ExitCode::kUnreachable,
                                                 "The certificate authority given holds no certificate.",
                                                 "check certificate-authority-data in the kubeconfig"};
inline constexpr ErrorCode kTlsHandshake{"net.tls-handshake", ExitCode::kUnreachable,
                                         "No TLS session could be agreed with the server.",
                                         "check that the port speaks TLS 1.2 or newer"};
inline constexpr ErrorCode kTimeout{"net.timeout", ExitCode::kUnreachable,
                                    "The server did not answer in time.",
                                    "try again, or allow more time with --request-timeout"};
inline constexpr ErrorCode kConnectionLost{"net.connection-lost", ExitCode::kUnreachable,
                                           "The connection broke before the answer was complete.",
                                           "try again"};
inline constexpr ErrorCode kProtocol{"net.protocol", ExitCode::kUnreachable,
                                     "The server's answer breaks the rules of HTTP.",
                                     "check that the server URL points to an API server"};
inline constexpr ErrorCode kTooLarge{"net.answer-too-large", ExitCode::kUnreachable,
                                     "The server's answer is larger than this program reads.", ""};
inline constexpr ErrorCode kUrl{"net.url", ExitCode::kUsage, "A URL is not usable here.",
                                "write it as https://host:port"};
inline constexpr ErrorCode kProxyUrl{"net.proxy-url", ExitCode::kUsage,
                                     "A proxy URL is not usable: only http, https, socks5 and socks5h are.",
                                     "write it as http://host:port"};

}  // namespace instantexec::net::errors
