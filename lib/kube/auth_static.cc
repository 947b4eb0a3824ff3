#include <utility>

#include "kube/rest_config.h"

namespace instantexec::kube {
namespace {

class StaticAuthenticator final : public Authenticator {
 public:
  StaticAuthenticator(Credentials credentials, std::string description)
      : credentials_(std::move(credentials)), description_(std::move(description)) {}

  Result<Credentials> credentials() override { return credentials_; }
  bool invalidate(std::uint64_t generation) override { return generation != credentials_.generation; }
  std::optional<Timestamp> expiry() const override { return std::nullopt; }
  std::string describe() const override { return description_; }

 private:
  Credentials credentials_;
  std::string description_;
};

}  // namespace

std::unique_ptr<Authenticator> make_static_authenticator(Credentials credentials, std::string description) {
  return std::make_unique<StaticAuthenticator>(std::move(credentials), std::move(description));
}

Secret bearer(std::string_view token) {
  return Secret("Bearer " + std::string(token));
}

}  // namespace instantexec::kube
