#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kube/discovery_cache.h"
#include "kube/rest_client.h"
#include "model/api_catalog.h"

namespace instantexec::kube {

// What kind of document /api or /apis answered with.
enum class DiscoveryFormat {
  kAggregated,  // APIGroupDiscoveryList: everything (KEP-3352, on by default since 1.27)
  kLegacy,      // APIVersions or APIGroupList: only group/versions, each to be asked for its resources
  kForeign,     // something else
};
[[nodiscard]] DiscoveryFormat discovery_format(const model::Json& document);

// Adds the resources of an APIGroupDiscoveryList; notes stale group/versions as incomplete.
void add_aggregated(const model::Json& document, model::ApiCatalog& catalog);

// The group/versions named by APIVersions ("v1") or APIGroupList ("apps/v1"), preferred version of a group
// first.
[[nodiscard]] std::vector<std::string> legacy_group_versions(const model::Json& document);

// Adds the resources of one APIResourceList.
void add_legacy(const model::Json& document, const std::string& group_version, model::ApiCatalog& catalog);

// Finds out what a server serves, with as few and as small requests as it can: nothing within the cache's
// lifetime, else two requests that an unchanged server answers with 304.
class Discovery {
 public:
  // `client` must outlive this.
  Discovery(RestClient& client, DiscoveryCache cache) : client_(client), cache_(std::move(cache)) {}

  // Errors of the server or the connection. Group/versions that could not be asked are noted as incomplete.
  // `refresh` ignores the cache's lifetime, but not its entity tags.
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh);

 private:
  struct Document {
    std::optional<CachedDocument> cached;
    std::optional<CallId> call;
    model::Json json;
  };
  Document begin(std::string_view path, bool refresh);
  Status complete(std::string_view path, Document& document);
  Status add(const Document& document, std::string_view path, model::ApiCatalog& catalog);
  void add_group_versions(const model::Json& document, model::ApiCatalog& catalog);

  RestClient& client_;
  DiscoveryCache cache_;
  std::shared_ptr<const model::ApiCatalog> catalog_;
};

// A GET of JSON outside any resource: "/version", "/apis".
[[nodiscard]] ApiCall raw_call(std::string path, Duration request_timeout);

}  // namespace instantexec::kube
