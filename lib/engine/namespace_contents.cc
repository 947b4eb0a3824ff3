#include "engine/namespace_contents.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "model/api_catalog.h"

namespace instantexec::engine {
namespace {

// Objects every namespace gets by itself.
bool furniture(const model::Object& object) {
  const std::string kind = object.kind();
  const std::string name = object.name();
  return kind == "Event" || kind == "Endpoints" || kind == "EndpointSlice" || kind == "Lease" ||
         (kind == "ServiceAccount" && name == "default") ||
         (kind == "ConfigMap" && name == "kube-root-ca.crt");
}

// Each kind once, whatever versions it has. What cannot be created is a view of other objects (metrics).
std::vector<Request> list_requests(const model::ApiCatalog& catalog, const std::string& ns) {
  std::vector<Request> out;
  std::set<std::pair<std::string, std::string>> seen;
  for (const model::ApiResource& resource : catalog.all()) {
    const auto& verbs = resource.verbs;
    if (!resource.namespaced || !verbs.contains("list") || !verbs.contains("create")) continue;
    if (!seen.emplace(resource.gvk.group, resource.gvk.kind).second) continue;
    out.emplace_back(ListRequest{resource.gvk, ns, "", ""});
  }
  return out;
}

// Nothing but owners that are not there, or not for long: the garbage collector deletes it. An owner outside
// the namespace was not looked for and counts as being there.
bool orphaned(const model::Object& object, const std::set<std::string>& staying,
              const model::ApiCatalog& catalog) {
  const model::Json& owners = model::get_array(object.json, "/metadata/ownerReferences");
  return !owners.empty() && std::none_of(owners.begin(), owners.end(), [&](const model::Json& owner) {
    const model::Gvk gvk =
        model::make_gvk(model::get_string(owner, "/apiVersion"), model::get_string(owner, "/kind"));
    const auto* kind = catalog.find_preferred(gvk.group, gvk.kind);
    return kind == nullptr || !kind->namespaced || staying.contains(model::get_string(owner, "/uid"));
  });
}

}  // namespace

NamespaceContents look_into(Session& session, const std::string& ns) {
  const auto served = session.cluster().catalog(true);
  if (!served) return {"its contents could not be listed", false};
  const model::ApiCatalog& catalog = **served;
  if (!catalog.incomplete().empty()) {
    return {"what it holds of " + sanitise_line(catalog.incomplete().front(), 100) + " cannot be seen",
            false};
  }
  std::vector<model::Object> items;
  for (Response& response : session.call_all(list_requests(catalog, ns))) {
    if (response.not_found() || response.http_status == 405) continue;
    if (!response.ok()) return {"its contents could not be listed", false};
    for (model::Object& item : response.items) {
      if (!item.terminating()) items.push_back(std::move(item));
    }
  }
  std::set<std::string> staying;
  for (const model::Object& item : items) staying.insert(item.uid());
  NamespaceContents out;
  // One orphan may own others.
  for (std::size_t before = 0; before != items.size();) {
    before = items.size();
    std::erase_if(items, [&](const model::Object& item) {
      if (!orphaned(item, staying, catalog)) return false;
      staying.erase(item.uid());
      out.leaving = out.leaving || !furniture(item);
      return true;
    });
  }
  const auto held =
      std::find_if(items.begin(), items.end(), [](const model::Object& item) { return !furniture(item); });
  if (held != items.end()) out.held = "it holds " + held->ref().to_string();
  return out;
}

}  // namespace instantexec::engine
