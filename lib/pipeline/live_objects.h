#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/ports.h"
#include "model/manifest.h"

namespace instantexec::pipeline {

// Several lists at once, all in flight together. One answer per request, in the same order; a failed list
// (403, kind not served) gives no objects and its error. Error stage.interrupted when waiting was ended;
// requests still under way are then abandoned.
struct ListAnswer {
  std::vector<model::Object> items;
  std::optional<Error> error;
  bool not_found = false;  // the kind or its namespace is not there
};
[[nodiscard]] Result<std::vector<ListAnswer>> list_all(engine::Cluster& cluster,
                                                       std::vector<engine::ListRequest> requests);

// What exists of the manifests' objects, by one list per kind and namespace. Kinds that are not served (yet)
// and lists that are refused count as "nothing exists": the plan will meet the same refusal and report it
// with its place.
[[nodiscard]] Result<std::map<model::ObjectRef, model::Object>> find_live(
    engine::Cluster& cluster, std::span<const model::Manifest> manifests);

}  // namespace instantexec::pipeline
