#pragma once

#include <compare>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/api_catalog.h"
#include "model/object.h"
#include "plan/desired.h"
#include "plan/plan.h"
#include "status/status.h"

// Which rights a release needs, as values. Pure.
namespace instantexec::engine {

// The unit in which the API server grants and refuses.
struct Right {
  std::string ns;        // empty: at the cluster scope
  std::string group;     // "apps"; empty: core
  std::string resource;  // "deployments", "pods/log"
  std::string verb;      // "patch"

  friend auto operator<=>(const Right&, const Right&) = default;
};

// What a right is needed for.
enum class Purpose { kDeploy, kRollback, kRecords, kDiagnosis };

struct Need {
  Purpose purpose = Purpose::kDeploy;  // the first of them
  std::set<std::string> names;         // of objects; empty: the right is not about single objects
};

using Needs = std::map<Right, Need>;

// Plurals of kinds: what the server serves, and what definitions in the release bring.
class ResourceNames {
 public:
  ResourceNames(const model::ApiCatalog& catalog, std::span<const plan::Desired> desired);

  // The plural of the kind; nothing known: its lower-case name with an "s".
  [[nodiscard]] std::string of(const model::Gvk& gvk) const;

 private:
  const model::ApiCatalog& catalog_;
  std::map<std::pair<std::string, std::string>, std::string> arriving_;  // by group and kind
};

// One object of a release, and what happens to it.
struct Touched {
  model::Gvk gvk;
  model::ObjectRef object;
  plan::Op op = plan::Op::kUnchanged;
};

// What carrying these steps out, and undoing them, takes; with the records in the release's namespace.
// Server-side apply is `patch`, and `create` besides when the object does not exist; an undo patches what
// changed and deletes what was created. kDiagnosis: what an operation can do without;
// `readiness` tells what has to be looked at besides.
[[nodiscard]] Needs needs_of(std::span<const Touched> objects, const plan::Scope& scope,
                             const ResourceNames& names, const status::Options& readiness = {});

// What every deploy and rollback of a release of these objects takes, whatever happens to them: for a Role.
[[nodiscard]] Needs needs_of_any(std::span<const Touched> objects, const plan::Scope& scope,
                                 const ResourceNames& names, const status::Options& readiness = {});

// The rights as Roles, one for each namespace, and a ClusterRole if there are rights at the cluster scope,
// all named "instantexec-<release>" (a ClusterRole with the namespace too); rights at the cluster scope that
// can be limited to the objects' names are. With a service account ("name", of the release's namespace, or
// "namespace/name"; empty: none) also the bindings to it.
[[nodiscard]] std::vector<model::Object> roles_of(const Needs& needs, const plan::Scope& scope,
                                                  const std::string& service_account);

// "delete configmaps, patch deployments.apps in namespace shop; create namespaces".
[[nodiscard]] std::string describe(const Needs& needs);

}  // namespace instantexec::engine
