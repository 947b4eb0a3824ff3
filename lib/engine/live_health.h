#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/deploy.h"
#include "model/object.h"
#include "status/child_index.h"

namespace instantexec::engine {

// Which objects' health is asked for.
struct HealthQuery {
  std::string label_selector;  // empty: the release's objects; without a release all of the namespace
};

using HealthPlaces = std::set<std::pair<model::Gvk, std::string>>;  // kind and namespace

// Where objects of a namespace are found that run or report something: Kubernetes' workloads and every custom
// kind.
[[nodiscard]] HealthPlaces health_places(const model::ApiCatalog& catalog, const std::string& ns);
// Where what belongs to objects of these places is found, and the events about it.
[[nodiscard]] HealthPlaces health_children(const HealthPlaces& places);

// Objects as they are now, with what they own and the events about them.
struct LiveHealth {
  std::string release;  // empty: selected by labels, or there is no release
  int revision = 0;     // in force
  std::vector<model::Object> objects;
  std::vector<model::ObjectRef> missing;  // of the release, and not there
  status::ChildIndex index;
  std::map<model::Gvk, bool> declares_status;  // of custom kinds, where the schema could be read
  std::vector<std::string> unreadable;         // kinds that could not be listed, sanitised
};

// Reads them. Without a release or with a selector: objects of the namespace that belong to nothing else, of
// the kinds that run or report something and of every custom kind. Errors as release_status.
[[nodiscard]] Result<LiveHealth> read_live_health(Environment environment, const ReleaseOptions& options,
                                                  const HealthQuery& query);

}  // namespace instantexec::engine
