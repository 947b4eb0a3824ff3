#include "cli/health_inputs.h"

#include <fmt/format.h>

#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "base/text.h"
#include "cli/inputs.h"
#include "manifest/yaml.h"
#include "os/files.h"
#include "status/bundled_rules.h"
#include "status/rule_reader.h"

namespace instantexec::cli {
namespace {

using Rules = std::vector<status::CustomRule>;

Status add_rules(std::string_view text, const std::string& file, std::string_view origin, Rules& out) {
  IE_TRY_ASSIGN(const auto documents, manifest::parse_yaml(text, file));
  for (const manifest::Document& document : documents) {
    auto rules = status::read_rules(document.value, origin);
    if (!rules) return fail(std::move(rules).error().with_context("reading " + sanitise_line(file)));
    std::move(rules->begin(), rules->end(), std::back_inserter(out));
  }
  return {};
}

// Takes one document apart. Lists may hold lists, as kubectl takes them; the parser bounds how deep.
class SnapshotReader {
 public:
  SnapshotReader(const manifest::Document& document, Snapshot& out) : document_(document), out_(out) {
    for (const manifest::Flaw& flaw : document.flaws) {
      flaws_.emplace(flaw.pointer, &flaw.finding);
      out_.mistakes.push_back(manifest::error_of(flaw.finding));
    }
  }

  void read(model::Json value, const std::string& pointer) {
    if (!value.is_object()) {
      note(pointer, "not a mapping, and so no Kubernetes object");
      return;
    }
    model::Object object{std::move(value)};
    const std::string kind = object.kind();
    const model::Json* items = model::find(object.json, "/items");
    if (!kind.ends_with("List") || (items == nullptr && kind != "List")) {
      add(std::move(object), pointer);
    } else if (items != nullptr && items->is_array()) {
      std::size_t index = 0;
      for (model::Object& item : model::expand_list(std::move(object)))
        read(std::move(item.json), fmt::format("{}/items/{}", pointer, index++));
    } else if (items != nullptr && !items->is_null()) {
      note(pointer, "the items of a list are no list");
    }
  }

 private:
  void add(model::Object object, const std::string& pointer) {
    std::string mistake;
    if (const model::Finding* flaw = flaw_of(pointer)) {
      mistake = manifest::error_of(*flaw).message;
    } else if (object.api_version().empty() || object.kind().empty()) {
      mistake =
          note(pointer, object.kind().empty() ? "an object without kind" : "an object without apiVersion");
    }
    if (mistake.empty() || !object.kind().empty() || !object.name().empty())
      out_.items.push_back({std::move(object), std::move(mistake)});
  }

  // The first flaw in the value at the pointer.
  [[nodiscard]] const model::Finding* flaw_of(const std::string& pointer) const {
    if (const auto itself = flaws_.find(pointer); itself != flaws_.end()) return itself->second;
    const std::string inside = pointer + "/";
    const auto below = flaws_.lower_bound(inside);
    return below != flaws_.end() && below->first.starts_with(inside) ? below->second : nullptr;
  }

  std::string note(const std::string& pointer, std::string_view what) {
    model::SourceRange place = document_.range;
    if (const auto at = document_.positions->find(pointer); at != document_.positions->end())
      place.begin = at->second;
    std::string message = fmt::format("{}: {}", place.to_string(), what);
    out_.mistakes.push_back(make_error(instantexec::errors::kInvalidInput, message,
                                       "health -f takes objects as kubectl get -o yaml prints them"));
    return message;
  }

  const manifest::Document& document_;
  Snapshot& out_;
  std::map<std::string, const model::Finding*, std::less<>> flaws_;
};

}  // namespace

Result<Rules> load_health_rules(const Options& options, const LoadedConfig& config) {
  Rules out;
  if (!options.health.rules.empty()) {
    IE_TRY_ASSIGN(const std::string text, os::read_file(options.health.rules));
    IE_TRY(add_rules(text, options.health.rules, "user", out));
  }
  if (!config.config.health_rules.is_null()) {
    auto rules = status::read_rules(config.config.health_rules, "user");
    if (!rules)
      return fail(std::move(rules).error().with_context("health_rules in " + sanitise_line(config.path)));
    std::move(rules->begin(), rules->end(), std::back_inserter(out));
  }
  for (const status::BundledFile& file : status::bundled_rules()) {
    IE_TRY(add_rules(file.text, std::string(file.name), "bundled", out));
  }
  return out;
}

Result<Snapshot> load_snapshot(const std::vector<std::string>& paths, const os::Environment& environment) {
  InputSources sources;
  sources.paths = paths;
  sources.keep_going = true;
  IE_TRY_ASSIGN(LoadedInputs inputs, load_inputs(sources, environment));
  Snapshot out;
  out.mistakes = std::move(inputs.unread);
  out.warnings = std::move(inputs.warnings);
  // All pods of a cluster may be in one file, which is as long as a file may be.
  manifest::Limits limits;
  limits.nodes = 6'000'000;
  for (const manifest::SourceFile& file : inputs.files) {
    manifest::LenientStream stream = manifest::read_leniently(file.bytes, file.name, limits);
    for (manifest::Document& document : stream.documents) {
      model::Json value = std::move(document.value);
      SnapshotReader(document, out).read(std::move(value), "");
    }
    for (const model::Finding& problem : stream.problems) out.mistakes.push_back(manifest::error_of(problem));
  }
  return out;
}

}  // namespace instantexec::cli
