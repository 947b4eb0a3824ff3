#include "kube/in_cluster.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/url.h"
#include "os/files.h"

namespace instantexec::kube {

std::optional<InCluster> find_in_cluster(const os::Environment& environment, const std::string& folder) {
  const std::string_view host = os::env_value(environment, "KUBERNETES_SERVICE_HOST");
  const std::string_view port = os::env_value(environment, "KUBERNETES_SERVICE_PORT");
  const std::string token_file = folder + "/token";
  if (host.empty() || port.empty()) return std::nullopt;
  if (!os::file_exists(token_file) || os::is_directory(token_file)) return std::nullopt;

  InCluster out;
  // Some platforms write the brackets of an IPv6 address themselves.
  out.server =
      fmt::format("https://{}:{}", host.front() == '[' ? std::string(host) : net::bracketed(host), port);
  out.token_file = token_file;
  if (os::file_exists(folder + "/ca.crt")) out.ca_file = folder + "/ca.crt";
  out.ns = os::env_value(environment, "POD_NAMESPACE");
  if (out.ns.empty()) {
    if (const auto text = os::read_file(folder + "/namespace", {.max_bytes = 4096})) out.ns = trim(*text);
  }
  return out;
}

}  // namespace instantexec::kube
