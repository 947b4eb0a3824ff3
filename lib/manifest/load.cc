#include "manifest/load.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <utility>

#include "base/text.h"

namespace instantexec::manifest {
namespace {

using model::Finding;
using model::Json;
using model::Manifest;
using model::ObjectRef;

// One candidate object within a document.
struct Candidate {
  Manifest manifest;
  std::size_t list_depth = 0;
};

constexpr std::size_t kMaxListDepth = 8;
constexpr const char* kOtherFiles =
    "move files that are not manifests out of this folder, or name the manifests one by one";

class Loader {
 public:
  explicit Loader(const LoadOptions& options) : options_(options) {}

  void load(const SourceFile& file);
  [[nodiscard]] Manifests take() { return std::move(out_); }

 private:
  void load_document(Document document, bool rendered);
  void accept(Candidate candidate);
  void accept_items(Candidate list);
  bool check(const Manifest& manifest);
  bool check_text(const Manifest& manifest, std::string_view pointer, bool required);
  bool check_unique(const Manifest& manifest);
  void report(std::string rule, const Manifest& manifest, std::string_view pointer, std::string message,
              std::string hint);

  const LoadOptions& options_;
  Manifests out_;
  std::map<ObjectRef, model::SourceRange> seen_;
};

std::string field_of(std::string_view pointer) {
  std::string field(pointer.substr(pointer.empty() ? 0 : 1));
  for (char& c : field) c = c == '/' ? '.' : c;
  return field;
}

// Whether the text holds the marks of a template rather than YAML.
bool looks_like_template(std::string_view text) {
  const auto open = text.find("{{");
  return open != std::string_view::npos && text.find("}}", open) != std::string_view::npos;
}

void Loader::load(const SourceFile& file) {
  Stream stream = read_stream(file.bytes, file.name, options_.limits);
  for (Document& document : stream.documents) load_document(std::move(document), file.rendered);
  if (!stream.problem) return;
  Finding problem = std::move(*stream.problem);
  if (looks_like_template(file.bytes)) {
    problem.hint =
        "this looks like a template; name the folder of its Helm chart instead, or render it first";
  }
  if (file.rendered) problem.at = {file.name, {}, {}};
  out_.findings.push_back(std::move(problem));
}

void Loader::load_document(Document document, bool rendered) {
  Candidate candidate;
  candidate.manifest.object.json = std::move(document.value);
  candidate.manifest.range = std::move(document.range);
  if (rendered) {
    candidate.manifest.range = {candidate.manifest.range.file, {}, {}};
  } else {
    candidate.manifest.positions = std::move(document.positions);
  }
  accept(std::move(candidate));
}

bool is_list(const Json& json) {
  return model::get_string(json, "/kind").ends_with("List") && model::find(json, "/items") != nullptr &&
         json["items"].is_array();
}

void Loader::accept(Candidate candidate) {
  Manifest& manifest = candidate.manifest;
  if (!manifest.object.json.is_object()) {
    report("manifest.not-an-object", manifest, "",
           "a Kubernetes object is a mapping with apiVersion and kind", kOtherFiles);
    return;
  }
  if (is_list(manifest.object.json)) {
    accept_items(std::move(candidate));
    return;
  }
  if (check(manifest) && check_unique(manifest)) out_.objects.push_back(std::move(manifest));
}

// The positions below `prefix`, relative to it.
std::shared_ptr<const model::PositionTable> positions_below(const model::PositionTable& table,
                                                            const std::string& prefix) {
  auto out = std::make_shared<model::PositionTable>();
  if (const auto self = table.find(prefix); self != table.end()) out->emplace("", self->second);
  const std::string below = prefix + "/";
  for (auto it = table.lower_bound(below); it != table.end() && it->first.starts_with(below); ++it) {
    out->emplace_hint(out->end(), it->first.substr(prefix.size()), it->second);
  }
  return out;
}

void Loader::accept_items(Candidate list) {
  if (list.list_depth >= kMaxListDepth) {
    report("manifest.not-an-object", list.manifest, "", "lists in lists, too deep",
           "write the objects one by one");
    return;
  }
  const auto positions = list.manifest.positions;
  const model::SourceRange range = list.manifest.range;
  std::size_t index = 0;
  for (model::Object& item : model::expand_list(std::move(list.manifest.object))) {
    Candidate candidate;
    candidate.list_depth = list.list_depth + 1;
    candidate.manifest.object = std::move(item);
    candidate.manifest.range = range;
    if (positions != nullptr) {
      auto below = positions_below(*positions, fmt::format("/items/{}", index));
      if (const auto self = below->find(""); self != below->end()) {
        candidate.manifest.range.begin = self->second;
        candidate.manifest.range.end = self->second;
        for (const auto& [pointer, at] : *below) {
          candidate.manifest.range.end = std::max(candidate.manifest.range.end, at);
        }
      }
      candidate.manifest.positions = std::move(below);
    }
    accept(std::move(candidate));
    ++index;
  }
}

bool Loader::check_text(const Manifest& manifest, std::string_view pointer, bool required) {
  const Json* value = model::find(manifest.object.json, pointer);
  if (value == nullptr || value->is_null() ||
      (value->is_string() && value->get_ref<const std::string&>().empty())) {
    if (!required) return true;
    report("manifest.missing-field", manifest, pointer,
           fmt::format("{} is missing or empty", field_of(pointer)),
           "kubectl explain, with the kind, lists the fields an object needs");
    return false;
  }
  if (value->is_string()) return true;
  report("manifest.field-type", manifest, pointer, fmt::format("{} must be a string", field_of(pointer)),
         "put the value in quotes: YAML reads some words and all numbers as other types");
  return false;
}

bool Loader::check(const Manifest& manifest) {
  const Json& json = manifest.object.json;
  if (!json.contains("apiVersion") && !json.contains("kind")) {
    report("manifest.not-an-object", manifest, "",
           "not a Kubernetes manifest: apiVersion and kind are missing", kOtherFiles);
    return false;
  }
  bool good = check_text(manifest, "/apiVersion", true);
  good = check_text(manifest, "/kind", true) && good;
  if (manifest.object.gvk().group == "kustomize.config.k8s.io") {
    report("manifest.kustomization", manifest, "", "a Kustomization is rendered, not applied",
           "name its folder with -k");
    return false;
  }
  const Json* metadata = model::find(json, "/metadata");
  if (metadata != nullptr && !metadata->is_object() && !metadata->is_null()) {
    report("manifest.field-type", manifest, "/metadata", "metadata must be a mapping", "");
    return false;
  }
  const bool generated = model::get_string(json, "/metadata/name").empty() &&
                         !model::get_string(json, "/metadata/generateName").empty();
  if (generated) {
    report("manifest.generate-name", manifest, "/metadata/generateName",
           "an object with generateName would be a new one at every deploy", "give it a fixed metadata.name");
    return false;
  }
  good = check_text(manifest, "/metadata/name", true) && good;
  return check_text(manifest, "/metadata/namespace", false) && good;
}

bool Loader::check_unique(const Manifest& manifest) {
  ObjectRef ref = manifest.object.ref();
  if (ref.ns.empty()) ref.ns = options_.default_namespace;
  const auto [first, inserted] = seen_.emplace(ref, manifest.range);
  if (inserted) return true;
  report(
      "manifest.duplicate-object", manifest, "/metadata/name",
      fmt::format("{} is also defined at {}", manifest.object.ref().to_string(), first->second.to_string()),
      "keep one of the two; the last one applied would silently win");
  return false;
}

void Loader::report(std::string rule, const Manifest& manifest, std::string_view pointer, std::string message,
                    std::string hint) {
  Finding finding;
  finding.rule = std::move(rule);
  finding.message = std::move(message);
  finding.hint = std::move(hint);
  if (!manifest.object.kind().empty()) finding.subject = manifest.object.ref();
  finding.field = field_of(pointer);
  finding.at = manifest.at(pointer);
  out_.findings.push_back(std::move(finding));
}

}  // namespace

Manifests manifests_from(std::span<const SourceFile> files, const LoadOptions& options) {
  Loader loader(options);
  for (const SourceFile& file : files) loader.load(file);
  return loader.take();
}

FileRole file_role(std::string_view path) {
  const auto slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization") {
    return FileRole::kKustomization;
  }
  if (name == "Chart.yaml") return FileRole::kHelmChart;
  if (name == "values.schema.json") return FileRole::kHelmValues;
  const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
  const std::string_view stem = name.substr(0, name.rfind('.'));
  if (yaml && (stem == "values" || stem.starts_with("values-") || stem.ends_with(".values"))) {
    return FileRole::kHelmValues;
  }
  return yaml || name.ends_with(".json") ? FileRole::kManifest : FileRole::kOther;
}

}  // namespace instantexec::manifest
