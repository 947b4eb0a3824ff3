#include "engine/schemas.h"

#include <string>
#include <utility>
#include <vector>

#include "status/status.h"

namespace instantexec::engine {

std::map<model::Gvk, bool> read_schemas(Session& session, const model::ApiCatalog& catalog,
                                        const std::set<model::Gvk>& kinds,
                                        std::span<const model::Object* const> definitions) {
  std::map<model::Gvk, bool> out;
  std::vector<model::Gvk> asked;
  std::vector<Request> requests;
  for (const model::Gvk& gvk : kinds) {
    // Groups of custom kinds are domain names.
    if (status::knows_kind(gvk) || gvk.group.find('.') == std::string::npos) continue;
    for (const model::Object* definition : definitions) {
      if (const auto declared = status::declares_status(*definition, gvk)) out[gvk] = *declared;
    }
    const model::ApiResource* served = catalog.find(gvk);
    if (out.contains(gvk) || served == nullptr) continue;
    asked.push_back(gvk);
    requests.emplace_back(GetRequest{
        {"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}, "", served->resource + "." + gvk.group});
  }
  const auto responses = session.call_all(std::move(requests));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!responses[i].ok()) continue;
    if (const auto declared = status::declares_status(responses[i].object, asked[i]))
      out[asked[i]] = *declared;
  }
  return out;
}

std::map<model::Gvk, bool> read_schemas(Session& session, const model::ApiCatalog& catalog,
                                        std::span<const plan::Desired> desired) {
  std::set<model::Gvk> kinds;
  std::vector<const model::Object*> definitions;
  for (const plan::Desired& one : desired) {
    kinds.insert(one.object().gvk());
    if (plan::is_crd(one.object().gvk())) definitions.push_back(&one.object());
  }
  return read_schemas(session, catalog, kinds, definitions);
}

}  // namespace instantexec::engine
