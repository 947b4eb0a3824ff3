#include <algorithm>

#include "sim/controllers/control.h"

namespace instantexec::sim {
namespace {

using engine::Propagation;
using model::get_array;
using model::get_bool;
using model::get_string;
using model::Json;

bool has_finalizer(const model::Object& object, const char* name) {
  const Json& finalizers = get_array(object.json, "/metadata/finalizers");
  return std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end();
}

void finish(Control& control, const model::Object& object, const char* finalizer) {
  model::Object after = object;
  Json& finalizers = after.json["metadata"]["finalizers"];
  finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), Json(finalizer)), finalizers.end());
  if (finalizers.empty()) {
    control.api.finish_removal(object.ref());
  } else {
    control.store().put(std::move(after));
  }
}

void finish_foreground(Control& control, const model::Object& owner) {
  bool blocked = false;
  for (const Snapshot& child : control.store().dependents(owner.uid())) {
    for (const Json& reference : get_array(child->json, "/metadata/ownerReferences")) {
      if (get_string(reference, "/uid") == owner.uid() && get_bool(reference, "/blockOwnerDeletion"))
        blocked = true;
    }
    if (!child->terminating()) control.api.remove(*child, Propagation::kForeground, control.wall());
  }
  if (!blocked) finish(control, owner, "foregroundDeletion");
}

void orphan_dependents(Control& control, const model::Object& owner) {
  for (const Snapshot& child : control.store().dependents(owner.uid())) {
    model::Object after = *child;
    Json& owners = after.json["metadata"]["ownerReferences"];
    owners.erase(
        std::remove_if(owners.begin(), owners.end(),
                       [&](const Json& reference) { return get_string(reference, "/uid") == owner.uid(); }),
        owners.end());
    if (owners.empty()) after.json["metadata"].erase("ownerReferences");
    control.store().put(std::move(after));
  }
  finish(control, owner, "orphan");
}

}  // namespace

void collect_garbage(Control& control, const model::ObjectRef& ref) {
  const Snapshot object = control.store().get(ref);
  if (!object) return;
  if (object->terminating()) {
    if (has_finalizer(*object, "orphan")) return orphan_dependents(control, *object);
    if (has_finalizer(*object, "foregroundDeletion")) return finish_foreground(control, *object);
    return;
  }
  const Json& owners = get_array(object->json, "/metadata/ownerReferences");
  if (owners.empty()) return;
  model::Object after = *object;
  Json& left = after.json["metadata"]["ownerReferences"];
  left.erase(std::remove_if(left.begin(), left.end(),
                            [&](const Json& reference) {
                              return control.store().by_uid(get_string(reference, "/uid")) == nullptr;
                            }),
             left.end());
  if (left.empty()) return control.api.remove(*object, Propagation::kBackground, control.wall());
  if (left.size() < owners.size()) control.store().put(std::move(after));
}

void owner_removed(Control& control, const model::Object& owner) {
  for (const Snapshot& child : control.store().dependents(owner.uid())) {
    control.look_at(child->ref(), control.pace.controller);
  }
}

}  // namespace instantexec::sim
