#include <utility>

#include "sim/admission.h"
#include "sim/api.h"
#include "sim/defaults.h"
#include "sim/merge.h"
#include "sim/prepare.h"

namespace instantexec::sim {

using model::Json;

// Objects that controllers make (pods, ReplicaSets, EndpointSlices, events) carry no managedFields: nobody
// applies them, and keeping track would cost most of a simulated run.
Snapshot Api::create(model::Object object, Timestamp now, std::string* problem) {
  const ServedKind* kind = registry_.find(object.gvk());
  if (kind == nullptr || store_.get(object.ref())) return nullptr;
  auto ok = may_create(store_, *kind, object.ref());
  if (ok) ok = admit(store_, object, nullptr, *kind);
  if (!ok) {
    if (problem != nullptr) *problem = ok.error().message;
    return nullptr;
  }
  const Json* status = model::find(object.json, "/status");
  const Json given = status == nullptr ? Json() : *status;
  set_defaults(object.json, *kind);
  prepare_create(object, *kind, new_uid(), now);
  if (!given.is_null()) object.json["status"] = given;
  allocate(store_, object, nullptr, next_address_, false);
  return store_.put(std::move(object));
}

Snapshot Api::write_status(const model::Object& live, const model::Object& after, const std::string& manager,
                           Timestamp now) {
  const Snapshot current = store_.get(live.ref());
  if (!current || current->uid() != live.uid()) return nullptr;
  model::Object next = *current;
  for (const char* pointer : {"/status", "/metadata/annotations"}) {
    if (const Json* value = model::find(after.json, pointer)) next.json[Json::json_pointer(pointer)] = *value;
  }
  if (next.json == current->json) return current;
  if (model::find(current->json, "/metadata/managedFields") != nullptr) {
    if (const ServedKind* kind = registry_.find(current->gvk())) {
      next.json = update(current->json, std::move(next.json), *kind->type,
                         {manager, current->api_version(), "status", now});
    }
  }
  return store_.put(std::move(next));
}

Snapshot Api::write(const model::Object& live, model::Object after, const std::string& manager,
                    Timestamp now) {
  const Snapshot current = store_.get(live.ref());
  const ServedKind* kind = registry_.find(live.gvk());
  if (!current || current->uid() != live.uid() || kind == nullptr) return nullptr;
  if (!prepare_update(after, *current, *kind)) return nullptr;
  if (model::find(current->json, "/metadata/managedFields") != nullptr) {
    after.json =
        update(current->json, std::move(after.json), *kind->type, {manager, current->api_version(), "", now});
  }
  after.json["metadata"]["resourceVersion"] = current->resource_version();
  if (!differs(current->json, after.json)) return current;
  return store_.put(std::move(after));
}

}  // namespace instantexec::sim
