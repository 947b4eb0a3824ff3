#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/api.h"
#include "sim/api_target.h"
#include "sim/convert.h"
#include "sim/prepare.h"

namespace instantexec::sim {
namespace {

using engine::Propagation;
using engine::Response;
using model::get_array;
using model::get_int;
using model::Json;

constexpr std::array<std::string_view, 4> kSystemNamespaces = {"default", "kube-system", "kube-public",
                                                               "kube-node-lease"};

// The server's Status object for a removal that is over.
model::Object success(const ServedKind& kind, const model::Object& gone) {
  Json details{{"name", gone.name()}, {"kind", kind.resource.resource}, {"uid", gone.uid()}};
  if (!kind.resource.gvk.group.empty()) details["group"] = kind.resource.gvk.group;
  return {Json{{"kind", "Status"},
               {"apiVersion", "v1"},
               {"metadata", Json::object()},
               {"status", "Success"},
               {"details", std::move(details)}}};
}

void add_finalizer(Json& metadata, const char* name) {
  Json& finalizers = metadata["finalizers"];
  if (!finalizers.is_array()) finalizers = Json::array();
  if (std::find(finalizers.begin(), finalizers.end(), name) == finalizers.end()) finalizers.push_back(name);
}

// How long the object may take to end by itself. Only scheduled pods do.
std::int64_t grace_seconds(const model::Object& object) {
  if (object.kind() != "Pod" || model::get_string(object.json, "/spec/nodeName").empty()) return 0;
  const std::string phase = model::get_string(object.json, "/status/phase");
  if (phase == "Succeeded" || phase == "Failed") return 0;
  return get_int(object.json, "/spec/terminationGracePeriodSeconds", 30);
}

}  // namespace

Answer<model::Object> Api::begin_removal(const Target& target, Propagation propagation, Timestamp now,
                                         bool dry_run) {
  const model::Object& live = *target.live;
  model::Object after = live;
  Json& metadata = after.json["metadata"];
  const bool has_dependents = propagation == Propagation::kForeground || propagation == Propagation::kOrphan;
  if (has_dependents) {
    add_finalizer(metadata, propagation == Propagation::kForeground ? "foregroundDeletion" : "orphan");
  }
  if (target.kind->kind() == "CustomResourceDefinition") {
    add_finalizer(metadata, "customresourcecleanup.apiextensions.k8s.io");  // its instances go first
  }
  const std::int64_t grace = grace_seconds(live);
  const bool is_namespace = target.kind->kind() == "Namespace" && target.ref.group.empty();
  const bool stays = !get_array(after.json, "/metadata/finalizers").empty() || grace > 0 || is_namespace;
  if (!stays) {
    if (!dry_run) store_.remove(target.ref);
    return success(*target.kind, live);
  }
  if (!live.terminating()) {
    metadata["deletionTimestamp"] = format_rfc3339(now + Duration{grace * 1000});
    if (!is_namespace) metadata["deletionGracePeriodSeconds"] = grace;
    if (live.generation() > 0) metadata["generation"] = live.generation() + 1;
    if (is_namespace) after.json["status"]["phase"] = "Terminating";
  }
  if (after.json == live.json) return shown_as(live, *target.kind);
  if (dry_run) return shown_as(after, *target.kind);
  return shown_as(*store_.put(std::move(after)), *target.kind);
}

Answer<Response> Api::answer(const engine::DeleteRequest& request, Timestamp now) {
  const auto found = target(request.gvk, request.ns, request.name, "delete");
  if (!found) return tl::unexpected<Refusal>(found.error());
  const ServedKind& kind = *found->kind;
  if (kind.kind() == "Namespace" && found->ref.group.empty() &&
      std::find(kSystemNamespaces.begin(), kSystemNamespaces.end(), request.name) !=
          kSystemNamespaces.end()) {
    return refuse(
        403, "Forbidden",
        fmt::format("namespaces \"{}\" is forbidden: this namespace may not be deleted", request.name));
  }
  if (!found->live) return not_found(resource_and_group(kind), request.name);
  const model::Object& live = *found->live;
  const auto& asked = request.preconditions;
  if (!asked.uid.empty() && asked.uid != live.uid()) {
    return conflict(
        kind.kind(), request.name,
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The object "
                    "might have been deleted and then recreated",
                    asked.uid, live.uid()));
  }
  if (!asked.resource_version.empty() && asked.resource_version != live.resource_version()) {
    return conflict(
        kind.kind(), request.name,
        fmt::format("the ResourceVersion in the precondition ({}) does not match the ResourceVersion in "
                    "record ({}). The object might have been modified",
                    asked.resource_version, live.resource_version()));
  }
  auto removed = begin_removal(*found, request.propagation, now, request.dry_run);
  if (!removed) return tl::unexpected<Refusal>(removed.error());
  return committed(std::move(*removed), 200);
}

void Api::remove(const model::Object& live, Propagation propagation, Timestamp now) {
  Target found{registry_.find(live.gvk()), live.ref(), store_.get(live.ref())};
  if (found.kind == nullptr) {
    store_.remove(found.ref);  // its definition is gone, and its instances go with it
  } else if (found.live && found.live->uid() == live.uid()) {
    static_cast<void>(begin_removal(found, propagation, now, false));
  }
}

}  // namespace instantexec::sim
