#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/deploy.h"
#include "engine/session.h"
#include "model/object.h"
#include "status/child_index.h"
#include "status/tree.h"

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
[[nodiscard]] HealthPlaces health_children(const HealthPlaces& places, const status::Options& options);

// Objects as they are now, with what they own and the events about them.
struct LiveHealth {
  Timestamp now;        // on the server's clock, when it was read
  std::string release;  // empty: selected by labels, or there is no release
  int revision = 0;     // in force
  std::vector<model::Object> objects;
  std::vector<model::ObjectRef> missing;  // of the release, and not there
  status::ChildIndex index;
  std::map<model::Gvk, bool> declares_status;  // of custom kinds, where the schema could be read
  // Every StorageClass; unset: no claims are among the objects, or they may not be listed.
  std::optional<std::vector<model::Object>> storage_classes;
  status::ReadyServices services;       // in the namespaces that webhooks among the objects call
  std::vector<std::string> unreadable;  // kinds that could not be listed, sanitised
};

// What is known beside an object, for judging it as it is.
struct LiveKnowledge {
  const status::ChildIndex& index;
  const std::map<model::Gvk, bool>& declares_status;
  const std::optional<std::vector<model::Object>>& storage_classes;
  const status::ReadyServices& services;
  std::span<const status::CustomRule> rules;
  status::Options options;
  Timestamp now;
};

// For showing a health, not for acting upon it. The knowledge must outlive the context.
[[nodiscard]] status::Context context_of(const model::Object& object, const LiveKnowledge& known);
// An object that is asked for and does not exist.
[[nodiscard]] status::HealthNode absent_node(const model::ObjectRef& ref);
// Every StorageClass, if they may be listed.
[[nodiscard]] std::optional<std::vector<model::Object>> read_storage_classes(Session& session);
// As a status::Context has them.
[[nodiscard]] std::vector<const model::Object*> pointers_to(std::span<const model::Object> objects);
// Claims are bound by the rules of their class.
[[nodiscard]] bool needs_storage_classes(const model::Gvk& gvk);

// Reads them. Without a release or with a selector: objects of the namespace that belong to nothing else, of
// the kinds that run or report something and of every custom kind. Errors as release_status, and why none of
// these kinds may be listed.
[[nodiscard]] Result<LiveHealth> read_live_health(Environment environment, const ReleaseOptions& options,
                                                  const HealthQuery& query);

}  // namespace instantexec::engine
