#include "net/ca_store.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "net/errors.h"

namespace instantexec::net {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 16U << 20U;
constexpr std::string_view kPemBegin = "-----BEGIN CERTIFICATE-----";

std::string read_pem(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > kMaxFileBytes) return {};
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return text.find(kPemBegin) == std::string::npos ? std::string{} : text;
}

std::string read_folder(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file(error)) paths.push_back(it->path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::string out;
  for (const std::string& path : paths) out += read_pem(path) + "\n";
  return out;
}

// The first file with certificates; the folders when there is none, or when they were named.
std::string gather(const CaLocations& locations) {
  std::string out;
  for (const std::string& path : locations.files) {
    out += read_pem(path);
    if (!out.empty()) break;
  }
  if (out.empty() || locations.folders_too) {
    for (const std::string& folder : locations.folders) out += read_folder(folder);
  }
  return out;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

}  // namespace

CaLocations ca_locations(const std::string& ssl_cert_file, const std::string& ssl_cert_dir) {
  CaLocations out;
  out.files = {"/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Gentoo
               "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL 6
               "/etc/ssl/ca-bundle.pem",                             // OpenSUSE
               "/etc/pki/tls/cacert.pem",                            // OpenELEC
               "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // CentOS, RHEL 7
               "/etc/ssl/cert.pem"};                                 // Alpine
  out.folders = {"/etc/ssl/certs", "/etc/pki/tls/certs"};
  if (!ssl_cert_file.empty()) out.files = {ssl_cert_file};
  if (!ssl_cert_dir.empty()) {
    out.folders.clear();
    for (const std::string_view part : split(ssl_cert_dir, ':')) {
      if (!part.empty()) out.folders.emplace_back(part);
    }
    out.folders_too = true;
  }
  return out;
}

Result<std::string> read_ca_certificates(const CaLocations& locations) {
  Result<std::string> found = gather(locations);
  if (found->find(kPemBegin) == std::string::npos) {
    return fail(errors::kTlsAuthorityUnusable,
                "no trusted authorities found; looked at " + join(locations.files, ", ") + " and " +
                    join(locations.folders, ", "),
                "install ca-certificates, or set SSL_CERT_FILE or the cluster's certificate-authority");
  }
  return found;
}

Result<std::string> read_system_ca_certificates() {
  return read_ca_certificates(ca_locations(environment("SSL_CERT_FILE"), environment("SSL_CERT_DIR")));
}

}  // namespace instantexec::net
