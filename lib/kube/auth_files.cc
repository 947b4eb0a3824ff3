#include "kube/auth_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/certificate.h"
#include "base/digest.h"
#include "base/text.h"
#include "kube/auth_errors.h"
#include "kube/auth_provider.h"
#include "kube/kubeconfig_url.h"
#include "os/files.h"
#include "os/log.h"

namespace instantexec::kube {
namespace {

constexpr Duration kTokenPeriod = std::chrono::seconds(50);
constexpr Duration kCertificatePeriod = std::chrono::seconds(1);
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

class FileAuthenticator final : public Authenticator {
 public:
  FileAuthenticator(UserEntry user, engine::Clock& clock) : user_(std::move(user)), clock_(clock) {
    current_.generation = 1;
    current_.certificate_generation = 1;
    current_.client_cert_pem = user_.client_cert_data;
    current_.client_key_pem = user_.client_key_data;
    if (!user_.token.empty()) {
      set_token(std::string(trim(user_.token.reveal())));
    } else if (!user_.username.empty() || !user_.password.empty()) {
      current_.authorization =
          Secret("Basic " + base64_encode(user_.username + ":" + user_.password.reveal()));
    }
  }

  Result<Credentials> credentials() override {
    IE_TRY(refresh_token(false));
    IE_TRY(refresh_certificate());
    return current_;
  }

  bool invalidate(std::uint64_t generation) override {
    if (generation != current_.generation) return true;
    // Reading tells at once whether trying again makes sense.
    static_cast<void>(refresh_token(true).has_value());
    return generation != current_.generation;
  }

  // Of whichever ends first.
  std::optional<Timestamp> expiry() const override {
    const auto token = jwt_expiry(token_.reveal());
    const auto certificate = certificate_end(current_.client_cert_pem);
    if (token && certificate) return std::min(*token, *certificate);
    return token ? token : certificate;
  }

  // The token of a service account: the kubelet writes a new one into the file in time.
  bool renews() const override { return !user_.token_file.empty() && current_.client_cert_pem.empty(); }

  std::string describe() const override {
    std::vector<std::string> parts;
    if (!user_.token_file.empty()) {
      parts.push_back("token file " + sanitise_line(user_.token_file));
    } else if (!user_.token.empty()) {
      parts.emplace_back("bearer token");
    } else if (!current_.authorization.empty()) {
      parts.emplace_back("user name and password");
    }
    const bool cert = !user_.client_cert_file.empty() || !user_.client_cert_data.empty();
    if (cert) parts.emplace_back("client certificate");
    return join(parts, " and ");
  }

 private:
  void set_token(std::string token) {
    token_ = Secret(std::move(token));
    current_.authorization = bearer(token_.reveal());
  }

  Status refresh_token(bool force);
  Status refresh_certificate();
  [[nodiscard]] Result<std::string> read_token() const;
  Status keep_old(const Error& error, bool have_old);

  UserEntry user_;
  engine::Clock& clock_;
  Credentials current_;
  Secret token_;
  std::optional<Instant> token_read_;
  std::optional<Instant> certificate_read_;
  bool complained_ = false;
};

Result<std::string> FileAuthenticator::read_token() const {
  const auto bad = [&](std::string_view what) {
    return fail(errors::kTokenFile, fmt::format("token file {} {}", sanitise_line(user_.token_file), what));
  };
  auto text = os::read_file(user_.token_file, {.max_bytes = kMaxBytes});
  if (!text) return fail(errors::kTokenFile, "token file: " + text.error().message);
  std::string token(trim(*text));
  if (token.empty()) return bad("is empty");
  if (!fits_header(token)) return bad("holds control characters");
  return token;
}

// The last good content serves on; the log says so once until the file is good again.
Status FileAuthenticator::keep_old(const Error& error, bool have_old) {
  if (!have_old) return fail(error);
  if (!complained_) os::log(os::LogLevel::kWarn, error.message, {{"code", error.code->name}});
  complained_ = true;
  return {};
}

Status FileAuthenticator::refresh_token(bool force) {
  if (user_.token_file.empty()) return {};
  const Instant now = clock_.now();
  if (!force && token_read_ && now - *token_read_ < kTokenPeriod) return {};
  auto token = read_token();
  if (!token) return keep_old(token.error(), !token_.empty());
  complained_ = false;
  token_read_ = now;
  if (*token == token_.reveal()) return {};
  set_token(std::move(*token));
  ++current_.generation;
  return {};
}

Status FileAuthenticator::refresh_certificate() {
  if (user_.client_cert_file.empty() && user_.client_key_file.empty()) return {};
  const Instant now = clock_.now();
  if (certificate_read_ && now - *certificate_read_ < kCertificatePeriod) return {};
  const bool first = !certificate_read_;
  std::string cert = user_.client_cert_data;
  std::string key = user_.client_key_data.reveal();
  for (auto& [path, text] :
       {std::pair(&user_.client_cert_file, &cert), std::pair(&user_.client_key_file, &key)}) {
    if (path->empty()) continue;
    auto content = os::read_file(*path, {.max_bytes = kMaxBytes});
    if (!content) {
      return keep_old(make_error(errors::kCertificateFile, "client certificate: " + content.error().message),
                      !first);
    }
    *text = std::move(*content);
  }
  certificate_read_ = now;
  if (cert == current_.client_cert_pem && key == current_.client_key_pem.reveal()) return {};
  current_.client_cert_pem = std::move(cert);
  current_.client_key_pem = Secret(std::move(key));
  if (!first) {
    ++current_.generation;
    ++current_.certificate_generation;
  }
  return {};
}

}  // namespace

std::unique_ptr<Authenticator> make_file_authenticator(UserEntry user, engine::Clock& clock) {
  return std::make_unique<FileAuthenticator>(std::move(user), clock);
}

}  // namespace instantexec::kube
