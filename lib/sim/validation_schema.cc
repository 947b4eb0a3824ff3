#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <string>

#include "sim/validation_rules.h"

// The part of OpenAPI that structural schemas of CustomResourceDefinitions may use and people do:
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
// Rules written in CEL are not evaluated.
namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_object;
using model::get_string;
using model::Json;

std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void check_number(const Json& value, const Json& schema, const std::string& path, FieldErrors& errors) {
  const double number = value.get<double>();
  const auto bound = [&](const char* name, auto broken, const char* words) {
    const auto it = schema.find(name);
    if (it == schema.end() || !it->is_number() || !broken(number, it->get<double>())) return;
    errors.invalid(path, value.dump(), fmt::format("{} in body should be {} {}", path, words, it->dump()));
  };
  bound(
      "minimum", [](double a, double b) { return a < b; }, "greater than or equal to");
  bound(
      "maximum", [](double a, double b) { return a > b; }, "less than or equal to");
}

void check_text(const Json& value, const Json& schema, const std::string& path, FieldErrors& errors) {
  const auto& text = value.get_ref<const std::string&>();
  const auto longest = schema.find("maxLength");
  if (longest != schema.end() && text.size() > longest->get<std::size_t>()) {
    errors.too_long(path, longest->get<std::size_t>());
  }
  const auto shortest = schema.find("minLength");
  if (shortest != schema.end() && text.size() < shortest->get<std::size_t>()) {
    errors.invalid(
        path, value.dump(),
        fmt::format("{} in body should be at least {} chars long", path, shortest->get<std::size_t>()));
  }
  const std::string pattern = get_string(schema, "/pattern");
  if (pattern.empty()) return;
  try {
    if (!std::regex_search(text, std::regex(pattern, std::regex::ECMAScript))) {
      errors.invalid(path, value.dump(), fmt::format("{} in body should match '{}'", path, pattern));
    }
  } catch (const std::regex_error&) {
    // Go's syntax knows more than this one; such a pattern is passed over.
  }
}

void check_list(const Json& value, const Json& schema, const std::string& path, FieldErrors& errors) {
  const auto most = schema.find("maxItems");
  if (most != schema.end() && value.size() > most->get<std::size_t>()) {
    errors.too_many(path, value.size(), most->get<std::size_t>());
  }
  const auto least = schema.find("minItems");
  if (least != schema.end() && value.size() < least->get<std::size_t>()) {
    errors.invalid(path, std::to_string(value.size()),
                   fmt::format("{} in body should have at least {} items", path, least->get<std::size_t>()));
  }
}

void check_value(const Json& value, const Json& schema, const std::string& path, FieldErrors& errors);

void check_fields(const Json& value, const Json& schema, const std::string& path, FieldErrors& errors) {
  for (const Json& name : get_array(schema, "/required")) {
    if (name.is_string() && !value.contains(name.get_ref<const std::string&>())) {
      errors.required(below(path, name.get<std::string>()), "");
    }
  }
  const Json& properties = get_object(schema, "/properties");
  const Json* others = model::find(schema, "/additionalProperties");
  for (const auto& [name, field] : value.items()) {
    const auto known = properties.find(name);
    if (known != properties.end()) {
      check_value(field, *known, below(path, name), errors);
    } else if (others != nullptr && others->is_object()) {
      check_value(field, *others, below(path, name), errors);
    }
  }
}

void check_value(const Json& value, const Json& schema, const std::string& path, FieldErrors& errors) {
  const Json& allowed = get_array(schema, "/enum");
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    std::string list;
    for (const Json& one : allowed) list += (list.empty() ? "" : ", ") + one.dump();
    errors.unsupported(path, value.dump(), list);
  }
  if (value.is_number()) check_number(value, schema, path, errors);
  if (value.is_string()) check_text(value, schema, path, errors);
  if (value.is_object()) check_fields(value, schema, path, errors);
  if (!value.is_array()) return;
  check_list(value, schema, path, errors);
  std::size_t index = 0;
  for (const Json& item : value) {
    check_value(item, get_object(schema, "/items"), fmt::format("{}[{}]", path, index++), errors);
  }
}

}  // namespace

void check_schema(const Json& object, const ServedKind& kind, FieldErrors& errors) {
  if (!kind.schema) return;
  Json body = object;
  for (const char* field : {"apiVersion", "kind", "metadata"}) body.erase(field);
  check_fields(body, *kind.schema, "", errors);
}

}  // namespace instantexec::sim
