#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "engine/ports.h"
#include "kube/kubeconfig.h"
#include "kube/rest_config.h"

namespace instantexec::kube {

// The legacy `auth-provider` section. oidc: the id-token is used while it has more than 10 s to live; it is
// never refreshed here and no file is ever written. credentials() then gives auth.id-token-expired. Error
// auth.provider-removed for gcp and azure (with the way to their successors) and for unknown providers.
// `clock` outlives the authenticator.
[[nodiscard]] Result<std::unique_ptr<Authenticator>> make_provider_authenticator(const AuthProvider& provider,
                                                                                 engine::Clock& clock);

// When a JSON Web Token ends ("exp", RFC 7519); nothing when the text is none or has no end. The signature is
// not looked at.
[[nodiscard]] std::optional<Timestamp> jwt_expiry(std::string_view token);

}  // namespace instantexec::kube
