#include "sim/validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/prepare.h"
#include "sim/validation_rules.h"

namespace instantexec::sim {
namespace {

using model::Json;

bool lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool label_syntax(std::string_view text) {
  if (text.empty() || !lower_alphanumeric(text.front()) || !lower_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return lower_alphanumeric(c) || c == '-'; });
}

// Kinds whose names become host names.
bool named_by_label(const ServedKind& kind) {
  const auto& gvk = kind.resource.gvk;
  return gvk.group.empty() && (gvk.kind == "Namespace" || gvk.kind == "Service");
}

void check_name(const model::Object& object, const ServedKind& kind, FieldErrors& errors) {
  const std::string name = object.name();
  if (name.empty()) return errors.required("metadata.name", "name or generateName is required");
  const std::string& group = kind.resource.gvk.group;
  if (group == "rbac.authorization.k8s.io") return;  // path segments: nearly anything goes
  const std::string problem = named_by_label(kind) ? label_problem(name) : subdomain_problem(name);
  if (!problem.empty()) errors.invalid("metadata.name", fmt::format("\"{}\"", name), problem);
}

bool qualified_part(std::string_view text, bool may_be_empty) {
  if (text.empty()) return may_be_empty;
  const auto alphanumeric = [](char c) { return lower_alphanumeric(c) || (c >= 'A' && c <= 'Z'); };
  return text.size() <= 63 && alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// Keys of labels and annotations: an optional DNS prefix and a name.
void check_keys(const Json& pairs, const std::string& path, FieldErrors& errors) {
  for (const auto& [key, value] : pairs.items()) {
    const auto slash = key.find('/');
    const std::string_view name =
        slash == std::string::npos ? std::string_view(key) : std::string_view(key).substr(slash + 1);
    const bool prefix_right = slash == std::string::npos || subdomain_problem(key.substr(0, slash)).empty();
    if (prefix_right && qualified_part(name, false)) continue;
    errors.invalid(
        path, fmt::format("\"{}\"", key),
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
  }
}

void check_labels(const Json& object, const std::string& at, FieldErrors& errors) {
  const Json& labels = model::get_object(object, model::pointer_from_field_path(at + ".labels"));
  check_keys(labels, at + ".labels", errors);
  for (const auto& [key, value] : labels.items()) {
    if (!value.is_string() || qualified_part(value.get_ref<const std::string&>(), true)) continue;
    errors.invalid(
        at + ".labels", value.dump(),
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
        "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
        "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
  }
  check_keys(model::get_object(object, model::pointer_from_field_path(at + ".annotations")),
             at + ".annotations", errors);
}

}  // namespace

std::string label_problem(std::string_view name) {
  if (name.size() <= 63 && label_syntax(name)) return "";
  if (name.size() > 63) return "must be no more than 63 bytes";
  return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
         "start and end "
         "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

std::string subdomain_problem(std::string_view name) {
  if (name.size() > 253) return "must be no more than 253 bytes";
  bool right = !name.empty();
  std::size_t start = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && name[i] != '.') continue;
    right = right && label_syntax(name.substr(start, i - start));
    start = i + 1;
  }
  if (right) return "";
  return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
         "must start "
         "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

Verdict validate(const model::Object& object, const model::Object& live, const ServedKind& kind) {
  FieldErrors errors;
  check_name(object, kind, errors);
  check_labels(object.json, "metadata", errors);
  if (model::find(object.json, "/spec/template/metadata") != nullptr) {
    check_labels(object.json, "spec.template.metadata", errors);
  }
  if (const ValidationRule rule = rule_for(kind_and_group(kind))) rule(object.json, errors);
  if (!live.name().empty()) {
    if (const ImmutabilityRule rule = immutability_for(kind_and_group(kind)))
      rule(object.json, live.json, errors);
  }
  if (errors.causes.empty()) return {};
  return invalid(kind_and_group(kind), object.name(), std::move(errors));
}

}  // namespace instantexec::sim
