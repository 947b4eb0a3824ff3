#include "plan/desired.h"

#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "model/marks.h"

namespace instantexec::plan {
namespace {

using model::Json;

constexpr std::array kServerMetadata = {
    "managedFields", "uid",      "resourceVersion",   "creationTimestamp",
    "generation",    "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"};
// Written by other programs from the object itself; applying them would freeze them.
constexpr std::array kDerivedAnnotations = {"kubectl.kubernetes.io/last-applied-configuration",
                                            "deployment.kubernetes.io/revision"};

void strip_server_fields(model::Object& object) {
  object.json.erase("status");
  const auto metadata = object.json.find("metadata");
  if (metadata == object.json.end() || !metadata->is_object()) return;
  for (const char* key : kServerMetadata) metadata->erase(key);
  const auto annotations = metadata->find("annotations");
  if (annotations == metadata->end()) return;
  if (annotations->is_object()) {
    for (const char* key : kDerivedAnnotations) annotations->erase(key);
    annotations->erase(std::string(model::marks::kCreatedBy));
  }
  if (annotations->is_null() || annotations->empty()) metadata->erase("annotations");
}

struct ArrivingKind {
  bool namespaced = true;
  std::set<std::string> versions;
};
using ArrivingKinds = std::map<std::pair<std::string, std::string>, ArrivingKind>;  // group, kind

ArrivingKinds arriving_kinds(const std::vector<model::Manifest>& manifests) {
  ArrivingKinds out;
  for (const model::Manifest& manifest : manifests) {
    const Json& json = manifest.object.json;
    if (!is_crd(manifest.object.gvk())) continue;
    ArrivingKind kind;
    kind.namespaced = model::get_string(json, "/spec/scope") != "Cluster";
    for (const Json& version : model::get_array(json, "/spec/versions")) {
      if (model::get_bool(version, "/served", true)) {
        kind.versions.insert(model::get_string(version, "/name"));
      }
    }
    out[{model::get_string(json, "/spec/group"), model::get_string(json, "/spec/names/kind")}] =
        std::move(kind);
  }
  return out;
}

model::Finding problem(const model::Manifest& manifest, std::string rule, std::string message,
                       std::string_view pointer) {
  model::Finding out;
  out.rule = std::move(rule);
  out.message = std::move(message);
  if (!manifest.object.name().empty()) out.subject = manifest.object.ref();
  out.at = manifest.at(pointer);
  return out;
}

model::Finding unknown_kind(const model::Manifest& manifest, const model::ApiCatalog& catalog) {
  const model::Gvk gvk = manifest.object.gvk();
  const std::string named = sanitise_line(gvk.api_version() + " " + gvk.kind, 200);
  model::Finding out =
      problem(manifest, "manifest.unknown-kind", "the cluster does not serve " + named, "/kind");
  out.field = "apiVersion";
  if (catalog.incomplete_group(gvk.group)) {
    out.message = "the API group of " + named + " does not answer, so its kinds are not known";
    out.hint = "kubectl get apiservices";
    return out;
  }
  const auto served = catalog.versions(gvk.group, gvk.kind);
  if (!served.empty()) {
    out.hint = "use apiVersion: " + served.front()->gvk.api_version();
  } else {
    out.hint = "add its CustomResourceDefinition to the release, or install what provides it";
  }
  return out;
}

std::vector<model::Finding> identity_problems(const model::Manifest& manifest) {
  const model::Object& object = manifest.object;
  if (object.kind().empty() || object.api_version().empty()) {
    return {problem(manifest, "manifest.no-identity", "an object without apiVersion or kind", "")};
  }
  if (!object.name().empty()) return {};
  if (!model::get_string(object.json, "/metadata/generateName").empty()) {
    model::Finding out = problem(
        manifest, "manifest.generate-name",
        sanitise_line(object.kind(), 100) + " uses generateName, which makes another object each time",
        "/metadata/generateName");
    out.hint = "give it a fixed metadata.name";
    return {std::move(out)};
  }
  return {problem(manifest, "manifest.no-identity",
                  sanitise_line(object.kind(), 100) + " without metadata.name", "/metadata")};
}

void place(model::Object& object, bool namespaced, const std::string& ns) {
  Json& metadata = object.json["metadata"];
  if (!namespaced) {
    metadata.erase("namespace");
  } else if (object.ns().empty()) {
    metadata["namespace"] = ns;
  }
}

void mark(model::Object& object, const Scope& scope) {
  set_metadata(object, "labels", model::marks::kRelease, scope.release);
  if (object.ns() != scope.ns) set_metadata(object, "labels", model::marks::kReleaseNamespace, scope.ns);
}

}  // namespace

bool is_crd(const model::Gvk& gvk) {
  return gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition";
}

bool is_namespace(const model::Gvk& gvk) {
  return gvk.group.empty() && gvk.kind == "Namespace";
}

model::Gvk defined_kind(const model::Object& crd) {
  if (!is_crd(crd.gvk())) return {};
  model::Gvk out{model::get_string(crd.json, "/spec/group"), "",
                 model::get_string(crd.json, "/spec/names/kind")};
  for (const Json& version : model::get_array(crd.json, "/spec/versions")) {
    if (out.version.empty() && model::get_bool(version, "/served", true)) {
      out.version = model::get_string(version, "/name");
    }
  }
  return out;
}

void set_metadata(model::Object& object, std::string_view map, std::string_view key, std::string_view value) {
  Json& metadata = object.json["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  Json& values = metadata[std::string(map)];
  if (!values.is_object()) values = Json::object();
  values[std::string(key)] = value;
}

Normalised normalise(std::vector<model::Manifest> manifests, const Scope& scope,
                     const model::ApiCatalog& catalog) {
  Normalised out;
  const ArrivingKinds arriving = arriving_kinds(manifests);
  std::map<model::ObjectRef, std::size_t> seen;
  out.objects.reserve(manifests.size());
  for (model::Manifest& manifest : manifests) {
    if (auto problems = identity_problems(manifest); !problems.empty()) {
      std::move(problems.begin(), problems.end(), std::back_inserter(out.findings));
      continue;
    }
    Desired desired;
    const model::Gvk gvk = manifest.object.gvk();
    if (const model::ApiResource* resource = catalog.find(gvk)) {
      desired.namespaced = resource->namespaced;
    } else if (const auto kind = arriving.find({gvk.group, gvk.kind});
               kind != arriving.end() && kind->second.versions.contains(gvk.version)) {
      desired.namespaced = kind->second.namespaced;
      desired.kind_arrives = true;
    } else {
      out.findings.push_back(unknown_kind(manifest, catalog));
      continue;
    }
    strip_server_fields(manifest.object);
    place(manifest.object, desired.namespaced, scope.ns);
    const model::ObjectRef ref = manifest.object.ref();
    if (const auto [first, fresh] = seen.emplace(ref, out.objects.size()); !fresh) {
      model::Finding twice =
          problem(manifest, "manifest.duplicate", ref.to_string() + " is defined twice", "/metadata/name");
      const std::string other = out.objects[first->second].manifest.range.to_string();
      if (!other.empty()) twice.hint = "the other one is at " + other;
      out.findings.push_back(std::move(twice));
      continue;
    }
    mark(manifest.object, scope);
    desired.manifest = std::move(manifest);
    out.objects.push_back(std::move(desired));
  }
  return out;
}

}  // namespace instantexec::plan
