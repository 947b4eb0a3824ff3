#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "kube/discovery_cache.h"
#include "kube/rest_client.h"

namespace instantexec::kube {

// The OpenAPI v3 documents of a server, one for each group/version. The index names them by the hash of their
// content, so a document that is in the cache under its hash is never fetched again.
class OpenApi {
 public:
  // `client` must outlive this.
  OpenApi(RestClient& client, DiscoveryCache cache) : client_(client), cache_(std::move(cache)) {}

  // The JSON text for "apps/v1" or "v1". Errors: kube.kind-not-served when the index does not name it, and
  // those of the server and the connection.
  Result<std::string> document(const std::string& group_version);

 private:
  Status read_index();
  Result<std::string> get(const std::string& path);

  RestClient& client_;
  DiscoveryCache cache_;
  std::map<std::string, std::string> paths_;  // "apis/apps/v1" → path with the hash
};

}  // namespace instantexec::kube
