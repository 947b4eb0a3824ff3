#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/admission.h"
#include "sim/api.h"
#include "sim/api_target.h"
#include "sim/canonical.h"
#include "sim/convert.h"
#include "sim/defaults.h"
#include "sim/json_patch.h"
#include "sim/merge.h"
#include "sim/prepare.h"
#include "sim/service_addresses.h"
#include "sim/typing.h"
#include "sim/validation.h"

namespace instantexec::sim {
namespace {

using engine::Response;
using model::get_string;
using model::Json;

constexpr std::size_t kMaxFieldManager = 128;

Verdict strictly_decodable(const Json& body, const ServedKind& kind) {
  std::string problem = typing_problem(body, *kind.type, "");
  if (problem.empty()) problem = bytes_problem(body, kind);
  if (problem.empty()) return {};
  std::string why = problem;
  if (const auto at = problem.find(": field not declared"); at != std::string::npos) {
    why = fmt::format("strict decoding error: unknown field \"{}\"", problem.substr(1, at - 1));
  }
  const auto& gvk = kind.resource.gvk;
  if (kind.custom && why == problem) {
    // Custom objects are decoded as they are and judged by their schema.
    const auto end = problem.find(": ");
    FieldErrors errors;
    errors.wrong_type(problem.substr(1, end - 1), problem.substr(end + 2));
    return invalid(kind_and_group(kind), model::get_string(body, "/metadata/name"), std::move(errors));
  }
  return refuse(400, "BadRequest",
                fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", gvk.kind, gvk.version,
                            gvk.kind, why));
}

Verdict applicable(const engine::ApplyRequest& request, const ServedKind& kind) {
  std::string problem = typing_problem(request.body.json, *kind.type, "");
  if (problem.empty()) problem = duplicate_item(request.body.json, *kind.type, "");
  const auto& gvk = kind.resource.gvk;
  if (const std::string bytes = bytes_problem(request.body.json, kind); problem.empty() && !bytes.empty()) {
    Refusal out;
    out.message = fmt::format(
        "failed to convert new object ({}/{}; /{}, Kind={}) to proper version: unable to convert "
        "unstructured "
        "object to /{}, Kind={}: error decoding from json: {}",
        request.body.ns(), request.body.name(), gvk.version, gvk.kind, gvk.version, gvk.kind, bytes);
    out.by_schema = true;
    return tl::unexpected<Refusal>(std::move(out));
  }
  if (problem.empty()) return {};
  const auto end = problem.find(": ");
  Refusal out{500,
              "",
              fmt::format("failed to create typed patch object ({}/{}; {}/{}, Kind={}): {}",
                          request.body.ns(), request.body.name(), gvk.group, gvk.version, gvk.kind, problem),
              {{"FieldValueInvalid", problem.substr(0, end), problem.substr(end + 2)}},
              true};
  return tl::unexpected<Refusal>(std::move(out));
}

Verdict field_conflicts(const std::vector<FieldConflict>& conflicts) {
  Refusal out{
      409,
      "Conflict",
      fmt::format("Apply failed with {} conflict{}:", conflicts.size(), conflicts.size() == 1 ? "" : "s"),
      {}};
  std::map<std::string, std::vector<std::string>> by_manager;
  for (const FieldConflict& conflict : conflicts) {
    by_manager[conflict.message].push_back(conflict.field);
    out.causes.push_back({"FieldManagerConflict", conflict.field, conflict.message});
  }
  for (const auto& [message, fields] : by_manager) {
    if (conflicts.size() == 1) {
      out.message += " " + message + ": " + fields.front();
      continue;
    }
    std::string who = message;
    who.replace(0, std::string_view("conflict").size(), "conflicts");
    out.message += (by_manager.begin()->first == message ? " " : "\n") + who + ":";
    for (const std::string& field : fields) out.message += "\n- " + field;
  }
  return tl::unexpected<Refusal>(std::move(out));
}

Writer writer(std::string manager, const ServedKind& kind, Timestamp now) {
  if (manager.empty()) manager = "unknown";
  return {std::move(manager), kind.resource.gvk.api_version(), "", now};
}

// Ownership of a write that is no apply. Status is written apart and owned by whoever writes it there.
Json tracked(const Snapshot& live, Json after, const ServedKind& kind, const Writer& by) {
  Json before = live ? shown_as(*live, kind).json : Json::object();
  if (!live && !kind.custom) canonicalise(before, *kind.type);
  Json status;
  if (kind.has_status) {
    before.erase("status");
    if (const auto it = after.find("status"); it != after.end()) {
      status = std::move(*it);
      after.erase(it);
    }
  }
  Json out = update(before, std::move(after), *kind.type, by);
  if (!status.is_null()) out["status"] = std::move(status);
  return out;
}

}  // namespace

Answer<Response> Api::answer(const engine::ApplyRequest& request, Timestamp now) {
  const auto found = target(request.body.gvk(), request.body.ns(), request.body.name(), "patch");
  if (!found) return tl::unexpected<Refusal>(found.error());
  const ServedKind& kind = *found->kind;
  const Snapshot& live = found->live;
  if (request.field_manager.empty()) {
    FieldErrors errors;
    errors.required("fieldManager", "is required for apply patch");
    return invalid("PatchOptions.meta.k8s.io", "", std::move(errors));
  }
  if (request.field_manager.size() > kMaxFieldManager) {
    FieldErrors errors;
    errors.too_long("fieldManager", kMaxFieldManager);
    return invalid("PatchOptions.meta.k8s.io", "", std::move(errors));
  }
  if (const Json* managed = model::find(request.body.json, "/metadata/managedFields");
      managed != nullptr && !managed->is_null()) {
    return refuse(400, "BadRequest", "metadata.managedFields must be nil");
  }
  if (auto ok = applicable(request, kind); !ok) return tl::unexpected<Refusal>(ok.error());
  Json config = request.body.json;
  Json& metadata = config["metadata"];
  if (!request.preconditions.uid.empty()) metadata["uid"] = request.preconditions.uid;
  if (!request.preconditions.resource_version.empty()) {
    metadata["resourceVersion"] = request.preconditions.resource_version;
  }
  const model::Object asked{config};
  const std::string resource = resource_and_group(kind);
  if (!live && !asked.uid().empty()) {
    return conflict(
        resource, asked.name(),
        fmt::format("uid mismatch: the provided object specified uid {}, and no existing object was found",
                    asked.uid()));
  }
  if (live && !asked.resource_version().empty() && asked.resource_version() != live->resource_version()) {
    return stale(resource, asked.name());
  }
  if (kind.resource.namespaced && asked.ns().empty()) metadata["namespace"] = found->ref.ns;
  if (kind.has_status) config.erase("status");
  ApplyResult applied = apply(live ? shown_as(*live, kind).json : Json::object(), std::move(config),
                              *kind.type, writer(request.field_manager, kind, now), request.force);
  if (!applied.conflicts.empty()) return tl::unexpected<Refusal>(field_conflicts(applied.conflicts).error());
  return finish({*found, {std::move(applied.object)}, request.field_manager, request.dry_run, true, now});
}

Answer<Response> Api::answer(const engine::CreateRequest& request, Timestamp now) {
  // Everybody may ask what they may do.
  const std::string kind = request.body.kind();
  if (kind.starts_with("SelfSubject") && kind.ends_with("Review")) return review(request);
  model::Object object = request.body;
  if (object.name().empty() && !get_string(object.json, "/metadata/generateName").empty()) {
    object.json["metadata"]["name"] = get_string(object.json, "/metadata/generateName") + name_suffix();
  }
  const auto found = target(object.gvk(), object.ns(), object.name(), "create");
  if (!found) return tl::unexpected<Refusal>(found.error());
  if (auto ok = strictly_decodable(object.json, *found->kind); !ok)
    return tl::unexpected<Refusal>(ok.error());
  if (found->live) {
    if (!found->ref.ns.empty() && !store_.get({"", "Namespace", "", found->ref.ns})) {
      return not_found("namespaces", found->ref.ns);
    }
    return already_exists(resource_and_group(*found->kind), object.name());
  }
  if (!object.resource_version().empty()) {
    return refuse(500, "", "resourceVersion should not be set on objects to be created");
  }
  if (found->kind->resource.namespaced) object.json["metadata"]["namespace"] = found->ref.ns;
  return finish({*found, std::move(object), request.field_manager, request.dry_run, false, now});
}

Answer<Response> Api::answer(const engine::ReplaceRequest& request, Timestamp now) {
  model::Object object = request.body;
  const auto found = target(object.gvk(), object.ns(), object.name(), "update");
  if (!found) return tl::unexpected<Refusal>(found.error());
  if (auto ok = strictly_decodable(object.json, *found->kind); !ok)
    return tl::unexpected<Refusal>(ok.error());
  const std::string resource = resource_and_group(*found->kind);
  if (!found->live) return not_found(resource, object.name());
  if (!object.uid().empty() && object.uid() != found->live->uid()) {
    return conflict(resource, object.name(),
                    fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                                object.uid(), found->live->uid()));
  }
  if (object.resource_version().empty() && found->kind->needs_version()) {
    FieldErrors errors;
    errors.invalid("metadata.resourceVersion", "0", "must be specified for an update");
    return invalid(kind_and_group(*found->kind), object.name(), std::move(errors));
  }
  if (!object.resource_version().empty() && object.resource_version() != found->live->resource_version()) {
    return stale(resource, object.name());
  }
  if (found->kind->resource.namespaced) object.json["metadata"]["namespace"] = found->ref.ns;
  return finish({*found, std::move(object), request.field_manager, request.dry_run, false, now});
}

Answer<Response> Api::answer(const engine::PatchRequest& request, Timestamp now) {
  const auto found = target(request.gvk, request.ns, request.name, "patch");
  if (!found) return tl::unexpected<Refusal>(found.error());
  const std::string resource = resource_and_group(*found->kind);
  if (!found->live) return not_found(resource, request.name);
  auto patched = json_patch(shown_as(*found->live, *found->kind).json, request.patch);
  if (!patched) return tl::unexpected<Refusal>(patched.error());
  model::Object object{std::move(*patched)};
  if (auto ok = strictly_decodable(object.json, *found->kind); !ok)
    return tl::unexpected<Refusal>(ok.error());
  for (const auto& [field, mine, there] : {std::tuple("name", object.name(), found->ref.name),
                                           std::tuple("namespace", object.ns(), found->ref.ns)}) {
    if (mine == there) continue;
    return refuse(400, "BadRequest",
                  fmt::format("the {0} of the object ({1}) does not match the {0} on the URL ({2})", field,
                              mine, there));
  }
  if (!object.resource_version().empty() && object.resource_version() != found->live->resource_version()) {
    return stale(resource, request.name);
  }
  return finish({*found, std::move(object), request.field_manager, request.dry_run, false, now});
}

Answer<Response> Api::finish(Write write) {
  const ServedKind& kind = *write.target.kind;
  const Snapshot live = write.target.live;
  model::Object& object = write.object;
  drop_nulls(object.json);
  if (const Json* managed = model::find(object.json, "/metadata/managedFields");
      managed != nullptr && managed->empty()) {
    // Says the same as an empty list, and outlives the tidying of empty lists.
    object.json["metadata"]["managedFields"] = Json::array({Json::object()});
  }
  set_defaults(object.json, kind);
  if (!kind.custom) canonicalise(object.json, *kind.type);
  if (!live) {
    if (auto ok = may_create(store_, kind, write.target.ref); !ok) return tl::unexpected<Refusal>(ok.error());
    prepare_create(object, kind, new_uid(), write.now);
    if (!kind.custom) canonicalise(object.json, *kind.type);
  } else if (auto ok = prepare_update(object, shown_as(*live, kind), kind); !ok) {
    return tl::unexpected<Refusal>(ok.error());
  }
  if (!write.tracked) {
    object.json = tracked(live, std::move(object.json), kind, writer(write.manager, kind, write.now));
  }
  allocate(store_, object, live.get(), next_address_, write.dry_run);
  if (auto ok = validate(object, live ? shown_as(*live, kind) : model::Object{}, kind); !ok) {
    return tl::unexpected<Refusal>(ok.error());
  }
  if (auto ok = admit(store_, object, live.get(), kind); !ok) return tl::unexpected<Refusal>(ok.error());
  if (kind_and_group(kind) == "Service") {
    if (auto ok = addresses_free(store_, object, live.get(), write.dry_run); !ok) {
      return tl::unexpected<Refusal>(ok.error());
    }
  }
  if (live) {
    object.json["metadata"]["resourceVersion"] = live->resource_version();
    if (!differs(shown_as(*live, kind).json, object.json)) return committed(shown_as(*live, kind), 200);
  }
  const int status = live ? 200 : 201;
  if (write.dry_run) return committed(std::move(object), status);
  const bool last_finalizer_gone =
      object.terminating() && model::get_array(object.json, "/metadata/finalizers").empty() &&
      model::get_int(object.json, "/metadata/deletionGracePeriodSeconds") == 0 && kind.kind() != "Namespace";
  if (last_finalizer_gone) {
    store_.remove(write.target.ref);
    return committed(std::move(object), status);
  }
  const Snapshot stored = store_.put(to_stored(std::move(object), kind));
  return committed(shown_as(*stored, kind), status);
}

}  // namespace instantexec::sim
