#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace instantexec::net {

// Where to look for the system's trusted authorities.
struct CaLocations {
  std::vector<std::string> files;    // the first that exists is used
  std::vector<std::string> folders;  // searched when no file was found, or when named explicitly
  bool folders_too = false;          // SSL_CERT_DIR was given: read the folders besides the file
};

// The places Go's crypto/x509 knows on Linux, replaced by SSL_CERT_FILE (one file) and SSL_CERT_DIR (folders
// joined by ":"), when these are not empty.
[[nodiscard]] CaLocations ca_locations(const std::string& ssl_cert_file, const std::string& ssl_cert_dir);

// The certificates found there as PEM text. Error net.tls-authority-unusable naming the places when there are
// none.
[[nodiscard]] Result<std::string> read_ca_certificates(const CaLocations& locations);

// read_ca_certificates for this process's environment.
[[nodiscard]] Result<std::string> read_system_ca_certificates();

}  // namespace instantexec::net
