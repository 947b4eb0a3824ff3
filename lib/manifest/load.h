#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/yaml.h"
#include "model/finding.h"
#include "model/manifest.h"

namespace instantexec::manifest {

// The bytes of one input.
struct SourceFile {
  std::string name;  // as the user named it; "-" is standard input
  std::string bytes;
  bool rendered = false;  // output of kustomize or helm: lines and columns mean nothing to the user
};

struct LoadOptions {
  Limits limits;
  // Namespace of objects that name none, used only to recognise duplicates. Empty: "" is its own namespace.
  std::string default_namespace;
};

struct Manifests {
  std::vector<model::Manifest> objects;  // in the order of the files and of their documents
  std::vector<model::Finding> findings;  // all of severity error; empty when everything could be read
};

// Objects of the files. Lists are taken apart, also lists in lists. A document that is not a usable object is
// left out and reported, as kubectl would refuse it:
//   yaml.*                    the file cannot be read any further (manifest/errors.h)
//   manifest.not-an-object    a document, or a List item, is not a mapping
//   manifest.missing-field    apiVersion, kind or metadata.name is missing or empty
//   manifest.field-type       one of these, metadata or metadata.namespace has the wrong type
//   manifest.generate-name    metadata.generateName cannot be applied, only created
//   manifest.kustomization    a Kustomization among the manifests: it is rendered, not applied
//   manifest.duplicate-object the same object twice (API versions set aside); the first one is kept
[[nodiscard]] Manifests manifests_from(std::span<const SourceFile> files, const LoadOptions& options = {});

// What a file of this name is for, by its last path component. Case counts, as it does for the tools.
enum class FileRole {
  kManifest,       // .yaml, .yml or .json: what `kubectl apply -f DIR` reads
  kKustomization,  // kustomization.yaml, kustomization.yml, Kustomization: its folder is rendered by
                   // kustomize
  kHelmChart,      // Chart.yaml: its folder is a Helm chart
  kHelmValues,     // values.yaml, values-*.yaml, *.values.yaml (.yml too), values.schema.json
  kOther,
};
[[nodiscard]] FileRole file_role(std::string_view path);

}  // namespace instantexec::manifest
