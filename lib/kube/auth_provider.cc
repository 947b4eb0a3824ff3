#include "kube/auth_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "kube/auth_errors.h"
#include "kube/kubeconfig_url.h"

namespace instantexec::kube {
namespace {

constexpr Duration kLeeway = std::chrono::seconds(10);

class IdTokenAuthenticator final : public Authenticator {
 public:
  IdTokenAuthenticator(const Secret& token, Timestamp expiry, bool refreshable, engine::Clock& clock)
      : expiry_(expiry), refreshable_(refreshable), clock_(clock) {
    current_.authorization = bearer(token.reveal());
    current_.generation = 1;
  }

  Result<Credentials> credentials() override {
    if (clock_.wall() + kLeeway < expiry_) return current_;
    return fail(errors::kIdTokenExpired,
                fmt::format("the id-token in the kubeconfig ended at {}", format_rfc3339(expiry_)),
                refreshable_ ? "run any kubectl command, such as kubectl version: it renews the token in the "
                               "kubeconfig; then repeat this one"
                             : "log in again at your identity provider");
  }
  bool invalidate(std::uint64_t generation) override { return generation != current_.generation; }
  std::optional<Timestamp> expiry() const override { return expiry_; }
  std::string describe() const override { return "OpenID Connect id-token"; }

 private:
  Credentials current_;
  Timestamp expiry_;
  bool refreshable_;
  engine::Clock& clock_;
};

std::string_view value_of(const AuthProvider& provider, std::string_view key) {
  const auto found = provider.config.find(key);
  return found == provider.config.end() ? std::string_view{} : std::string_view(found->second.reveal());
}

Result<std::unique_ptr<Authenticator>> make_oidc(const AuthProvider& provider, engine::Clock& clock) {
  const bool refreshable = !value_of(provider, "refresh-token").empty();
  const std::string_view token = value_of(provider, "id-token");
  if (token.empty()) {
    return fail(errors::kIdTokenExpired, "the kubeconfig's oidc auth-provider holds no id-token",
                refreshable
                    ? "run any kubectl command, such as kubectl version: it writes the token into the "
                      "kubeconfig; then repeat this one"
                    : "log in at your identity provider");
  }
  const auto expiry = jwt_expiry(token);
  if (!expiry || !fits_header(token)) {
    return fail(errors::kToken,
                "the id-token of the kubeconfig's oidc auth-provider is not a JSON Web Token");
  }
  return std::make_unique<IdTokenAuthenticator>(Secret(std::string(token)), *expiry, refreshable, clock);
}

}  // namespace

Result<std::unique_ptr<Authenticator>> make_provider_authenticator(const AuthProvider& provider,
                                                                   engine::Clock& clock) {
  if (provider.name == "oidc") return make_oidc(provider, clock);
  if (provider.name == "gcp") {
    return fail(errors::kAuthProvider,
                "the kubeconfig uses the auth-provider gcp, which Kubernetes 1.26 removed",
                "install gke-gcloud-auth-plugin and run gcloud container clusters get-credentials");
  }
  if (provider.name == "azure") {
    return fail(errors::kAuthProvider,
                "the kubeconfig uses the auth-provider azure, which Kubernetes 1.26 removed",
                "install kubelogin and run kubelogin convert-kubeconfig");
  }
  return fail(
      errors::kAuthProvider,
      fmt::format("the kubeconfig uses the unknown auth-provider \"{}\"", sanitise_line(provider.name, 100)),
      "use an exec plugin or a token");
}

std::optional<Timestamp> jwt_expiry(std::string_view token) {
  const auto parts = split(token, '.');
  if (parts.size() != 3) return std::nullopt;
  std::string payload(parts[1]);  // base64url without padding
  std::replace(payload.begin(), payload.end(), '-', '+');
  std::replace(payload.begin(), payload.end(), '_', '/');
  payload.append((4 - payload.size() % 4) % 4, '=');
  const auto decoded = base64_decode(payload);
  if (!decoded) return std::nullopt;
  const auto claims = model::parse_json(*decoded);
  if (!claims) return std::nullopt;
  const model::Json* end = model::find(*claims, "/exp");
  if (end == nullptr || !end->is_number()) return std::nullopt;
  const double seconds = end->get<double>();
  if (!(seconds > 0 && seconds < 1e11)) return std::nullopt;
  return Timestamp{Duration{static_cast<Duration::rep>(seconds) * 1000}};
}

}  // namespace instantexec::kube
