#include "cli/health_inputs.h"

#include <fmt/format.h>

#include <iterator>

#include "base/text.h"
#include "cli/errors.h"
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

// Lists may hold lists, as kubectl takes them; the parser bounds how deep.
void flatten(model::Object object, std::vector<model::Object>& out) {
  const model::Json* items = model::find(object.json, "/items");
  if (!object.kind().ends_with("List") || items == nullptr || !items->is_array()) {
    out.push_back(std::move(object));
    return;
  }
  for (model::Object& item : model::expand_list(std::move(object))) flatten(std::move(item), out);
}

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

Result<std::vector<model::Object>> load_snapshot(const std::vector<std::string>& paths,
                                                 const os::Environment& environment) {
  InputSources sources;
  sources.paths = paths;
  IE_TRY_ASSIGN(const LoadedInputs inputs, load_inputs(sources, environment));
  std::vector<model::Object> out;
  for (const manifest::SourceFile& file : inputs.files) {
    IE_TRY_ASSIGN(auto documents, manifest::parse_yaml(file.bytes, file.name));
    for (manifest::Document& document : documents) {
      std::vector<model::Object> objects;
      flatten(model::Object{std::move(document.value)}, objects);
      for (model::Object& object : objects) {
        if (object.api_version().empty() || object.kind().empty()) {
          return fail(instantexec::errors::kInvalidInput,
                      fmt::format("{} holds something without apiVersion or kind", sanitise_line(file.name)),
                      "health -f takes objects as kubectl get -o yaml prints them");
        }
        out.push_back(std::move(object));
      }
    }
  }
  return out;
}

}  // namespace instantexec::cli
