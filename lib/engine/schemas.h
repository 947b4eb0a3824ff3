#pragma once

#include <map>
#include <set>
#include <span>

#include "engine/session.h"
#include "model/api_catalog.h"
#include "plan/desired.h"

namespace instantexec::engine {

// Whether the schemas of custom kinds have a status (status::declares_status). `definitions`: the
// CustomResourceDefinitions of the release, which come first; those of other kinds are read from the cluster.
// Kinds whose schema may not be read or says nothing are left out, and so are Kubernetes' own.
[[nodiscard]] std::map<model::Gvk, bool> read_schemas(Session& session, const model::ApiCatalog& catalog,
                                                      const std::set<model::Gvk>& kinds,
                                                      std::span<const model::Object* const> definitions);
// The same for the kinds of a release: as it defines them itself, else as they are served.
[[nodiscard]] std::map<model::Gvk, bool> read_schemas(Session& session, const model::ApiCatalog& catalog,
                                                      std::span<const plan::Desired> desired);

}  // namespace instantexec::engine
