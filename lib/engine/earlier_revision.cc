#include "engine/earlier_revision.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "engine/live.h"

namespace instantexec::engine {
namespace {

using model::Json;

constexpr const char* kReferences = "/metadata/ownerReferences";

// Something that the objects of the revision speak of.
struct Named {
  model::Gvk gvk;
  model::ObjectRef object;
};

class Fitting {
 public:
  Fitting(Session& session, const ReleaseOptions& options, const model::ApiCatalog& catalog)
      : session_(session), options_(options), catalog_(catalog) {}

  Status run(std::vector<model::Manifest>& manifests) {
    LiveQuery query;
    for (const model::Manifest& manifest : manifests) {
      if (const auto job = job_of(manifest.object)) query.want(job->gvk, job->object);
      for (const Json& reference : model::get_array(manifest.object.json, kReferences)) {
        if (const auto owner = owner_of(manifest.object, reference)) query.want(owner->gvk, owner->object);
      }
    }
    if (query.empty()) return {};
    IE_TRY_ASSIGN(look_, look_live(session_, query));
    std::erase_if(manifests, [&](const model::Manifest& manifest) { return is_over(manifest.object); });
    for (model::Manifest& manifest : manifests) rebind(manifest.object);
    return {};
  }

 private:
  [[nodiscard]] std::string home(const model::Object& object) const {
    return object.ns().empty() ? options_.ns : object.ns();
  }

  [[nodiscard]] std::optional<Named> job_of(const model::Object& object) const {
    const model::Gvk gvk = object.gvk();
    if (gvk.group != "batch" || gvk.kind != "Job") return std::nullopt;
    return Named{gvk, {gvk.group, gvk.kind, home(object), object.name()}};
  }

  // It lives in the namespace of what it owns, or in none. Nothing when its kind is not known.
  [[nodiscard]] std::optional<Named> owner_of(const model::Object& owned, const Json& reference) const {
    const model::Gvk named =
        model::make_gvk(model::get_string(reference, "/apiVersion"), model::get_string(reference, "/kind"));
    const model::ApiResource* resource = catalog_.find_preferred(named.group, named.kind);
    if (resource == nullptr) return std::nullopt;
    const std::string ns = resource->namespaced ? home(owned) : "";
    return Named{resource->gvk, {named.group, named.kind, ns, model::get_string(reference, "/name")}};
  }

  [[nodiscard]] bool absent(const model::ObjectRef& object) const {
    return !look_.objects.contains(object) && !look_.unread.contains(object);
  }

  bool is_over(const model::Object& object) {
    const auto job = job_of(object);
    if (!job || !absent(job->object)) return false;
    session_.warn(words(job->object) + " does not exist any more, and a rollback does not run it again");
    return true;
  }

  void rebind(model::Object& object) {
    if (model::find(object.json, kReferences) == nullptr) return;
    Json kept = Json::array();
    for (Json reference : model::get_array(object.json, kReferences)) {
      const auto owner = owner_of(object, reference);
      if (owner && absent(owner->object)) {
        session_.warn(words(owner->object) + ", which owned " + words(object.ref()) +
                      ", does not exist any more");
        continue;
      }
      const auto now = owner ? look_.objects.find(owner->object) : look_.objects.end();
      if (now != look_.objects.end()) reference["uid"] = now->second.uid();
      kept.push_back(std::move(reference));
    }
    Json& metadata = object.json["metadata"];
    if (kept.empty()) {
      metadata.erase("ownerReferences");
    } else {
      metadata["ownerReferences"] = std::move(kept);
    }
  }

  static std::string words(const model::ObjectRef& object) { return sanitise_line(object.to_string(), 300); }

  Session& session_;
  const ReleaseOptions& options_;
  const model::ApiCatalog& catalog_;
  LiveLook look_;
};

}  // namespace

Status fit_to_what_is_there(Session& session, const ReleaseOptions& options,
                            std::vector<model::Manifest>& manifests) {
  IE_TRY_ASSIGN(const auto catalog, session.cluster().catalog(false));
  return Fitting(session, options, *catalog).run(manifests);
}

}  // namespace instantexec::engine
