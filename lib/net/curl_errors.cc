#include "net/curl_errors.h"

#include <cstring>
#include <string_view>

#include "base/text.h"
#include "net/errors.h"

namespace instantexec::net {
namespace {

// Verification results of OpenSSL (x509_vfy.h); they are part of its stable interface. The library itself is
// not included here.
constexpr long kUnableToGetIssuer = 2;
constexpr long kNotYetValid = 9;
constexpr long kHasExpired = 10;
constexpr long kSelfSigned = 18;
constexpr long kSelfSignedInChain = 19;
constexpr long kUnableToGetLocalIssuer = 20;
constexpr long kUnableToVerifyLeaf = 21;
constexpr long kCaUntrusted = 27;

std::string with_detail(std::string text, const CurlFailure& failure) {
  const std::string detail = sanitise_line(failure.detail, 300);
  if (!detail.empty()) text += ": " + detail;
  return text;
}

Error verification(const CurlFailure& failure) {
  const std::string who = "certificate of " + failure.server;
  // Names are compared before the chain is looked at and leave no result behind, only this text.
  if (failure.detail.find("target host name") != std::string::npos ||
      failure.detail.find("common name") != std::string::npos) {
    return make_error(errors::kTlsNameMismatch, with_detail(who + " is for another name", failure));
  }
  switch (failure.verify_result) {
    case kHasExpired:
      return make_error(errors::kTlsExpired, who + " has expired");
    case kNotYetValid:
      return make_error(errors::kTlsNotYetValid, who + " is not valid yet");
    case kUnableToGetIssuer:
    case kSelfSigned:
    case kSelfSignedInChain:
    case kUnableToGetLocalIssuer:
    case kUnableToVerifyLeaf:
    case kCaUntrusted:
      return make_error(errors::kTlsUnknownAuthority, who + " is signed by an authority that is not trusted");
    default:
      return make_error(errors::kTlsUnknownAuthority, with_detail(who + " was not accepted", failure));
  }
}

Error connect_failed(const CurlFailure& failure) {
  std::string why = failure.os_errno != 0 ? std::strerror(static_cast<int>(failure.os_errno)) : "";
  if (why.empty()) why = sanitise_line(failure.detail, 300);
  if (!failure.proxy.empty()) {
    return make_error(errors::kProxy,
                      "cannot connect to proxy " + failure.proxy + " for " + failure.server + ": " + why);
  }
  return make_error(errors::kConnect, "cannot connect to " + failure.server + ": " + why);
}

// Breaks after the request was handed over, and TLS alerts of the server, which arrive as read errors: with
// TLS 1.3 a refused client certificate is noticed only after our side has finished the handshake.
Error broken(const CurlFailure& failure) {
  if (failure.proxy_status != 0 && failure.proxy_status / 100 != 2 && !failure.request_begun) {
    return make_error(errors::kProxy, "proxy " + failure.proxy + " answered " +
                                          std::to_string(failure.proxy_status) +
                                          " when asked to connect to " + failure.server);
  }
  if (failure.detail.find("alert") != std::string::npos &&
      failure.detail.find("certificate") != std::string::npos) {
    return make_error(errors::kTlsClientCertificate,
                      with_detail(failure.server + " refused the client certificate", failure));
  }
  return make_error(errors::kConnectionLost,
                    with_detail("connection to " + failure.server + " broke", failure));
}

}  // namespace

Error describe(const CurlFailure& failure) {
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return make_error(errors::kResolve, "cannot resolve the host name of " + failure.server);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return make_error(errors::kProxy, "cannot resolve the host name of proxy " + failure.proxy);
    case CURLE_PROXY:
      return make_error(
          errors::kProxy,
          with_detail("proxy " + failure.proxy + " did not connect to " + failure.server, failure));
    case CURLE_COULDNT_CONNECT:
      return connect_failed(failure);
    case CURLE_OPERATION_TIMEDOUT:
      if (!failure.request_begun) {
        return make_error(errors::kTimeout,
                          "no connection to " + failure.server + " in time" +
                              (failure.proxy.empty() ? "" : " through " + failure.proxy),
                          std::string(errors::kConnect.next));
      }
      return make_error(errors::kTimeout, "no complete answer from " + failure.server + " in time");
    case CURLE_PEER_FAILED_VERIFICATION:
      return verification(failure);
    case CURLE_SSL_CERTPROBLEM:
      return make_error(
          errors::kTlsClientCertificate,
          with_detail("the client certificate for " + failure.server + " is not usable", failure));
    case CURLE_SSL_CACERT_BADFILE:
      return make_error(errors::kTlsAuthorityUnusable,
                        "the certificate authority given for " + failure.server + " holds no certificate");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
      return make_error(errors::kTlsHandshake, with_detail("no TLS session with " + failure.server, failure));
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      return broken(failure);
    case CURLE_ABORTED_BY_CALLBACK:
      if (failure.request_begun) {
        return make_error(errors::kConnectionLost, "the connection to " + failure.server +
                                                       " broke, and what was sent is not sent again");
      }
      return make_error(errors::kConnectionLost,
                        "not sent to " + failure.server + ": it was held up for too long");
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return make_error(errors::kConnectionLost,
                        with_detail("the answer of " + failure.server + " was cut off", failure));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP_RETURNED_ERROR:
      return make_error(errors::kProtocol,
                        with_detail("the answer of " + failure.server + " is not valid HTTP", failure));
    default:
      return make_error(errors::kProtocol, with_detail("the exchange with " + failure.server + " failed (" +
                                                           curl_easy_strerror(failure.code) + ")",
                                                       failure));
  }
}

std::string proxy_host(std::string_view proxy_url) {
  const auto scheme = proxy_url.find("://");
  if (scheme != std::string_view::npos) proxy_url.remove_prefix(scheme + 3);
  const auto at = proxy_url.rfind('@');
  if (at != std::string_view::npos) proxy_url.remove_prefix(at + 1);
  return sanitise_line(proxy_url.substr(0, proxy_url.find('/')), 200);
}

}  // namespace instantexec::net
