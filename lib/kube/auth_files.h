#pragma once

#include <memory>

#include "engine/ports.h"
#include "kube/kubeconfig.h"
#include "kube/rest_config.h"

namespace instantexec::kube {

// Token, token file, basic authentication and client certificate of a kubeconfig user (AuthMethod::kStatic),
// also several at once. A token file is read again after 50 s (a minute less 10 s of leeway, as client-go
// does) and after a 401; certificate and key files at most once a second. When a file cannot be read or is
// empty, the last good content is kept. `clock` outlives the authenticator. The first credentials() gives
// auth.token-file or auth.certificate-file when a file has never been readable.
[[nodiscard]] std::unique_ptr<Authenticator> make_file_authenticator(UserEntry user, engine::Clock& clock);

}  // namespace instantexec::kube
