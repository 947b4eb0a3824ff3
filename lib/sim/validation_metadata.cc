#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "sim/prepare.h"
#include "sim/validation.h"
#include "sim/validation_rules.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_string;
using model::Json;

constexpr std::size_t kMaxAnnotations = 262'144;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxCronJobName =
    52;  // eleven characters are left for the time in the names of its Jobs

constexpr std::string_view kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kQualified =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kLabelValue =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    "validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool alphanumeric(char c) {
  return lower_alphanumeric(c) || (c >= 'A' && c <= 'Z');
}

bool label_syntax(std::string_view text) {
  if (text.empty() || !lower_alphanumeric(text.front()) || !lower_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return lower_alphanumeric(c) || c == '-'; });
}

bool qualified_syntax(std::string_view text) {
  if (text.empty() || !alphanumeric(text.front()) || !alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// Why a text is no name with an optional DNS prefix; nothing when it is one. The server names each fault.
std::vector<std::string> qualified_problems(std::string_view key) {
  std::vector<std::string> out;
  const auto parts = split(key, '/');
  if (parts.size() > 2) {
    out.push_back(
        fmt::format("a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. "
                    "'example.com/MyName')",
                    kQualified));
    return out;
  }
  if (parts.size() == 2) {
    const std::string problem = parts[0].empty() ? "must be non-empty" : subdomain_problem(parts[0]);
    if (!problem.empty()) out.push_back("prefix part " + problem);
  }
  const std::string_view name = parts.empty() ? std::string_view() : parts.back();
  if (name.empty()) out.emplace_back("name part must be non-empty");
  if (name.size() > kMaxLabel) out.emplace_back("name part must be no more than 63 bytes");
  if (!qualified_syntax(name)) out.push_back(fmt::format("name part {}", kQualified));
  return out;
}

void check_name(const model::Object& object, const ServedKind& kind, FieldErrors& errors) {
  const std::string name = object.name();
  if (name.empty()) return errors.required("metadata.name", "name or generateName is required");
  const auto& gvk = kind.resource.gvk;
  if (gvk.group == "rbac.authorization.k8s.io") return;  // path segments: nearly anything goes
  const bool host_name = (gvk.group.empty() && (gvk.kind == "Namespace" || gvk.kind == "Service")) ||
                         (gvk.group == "apps" && gvk.kind == "StatefulSet");
  const std::size_t limit = host_name ? kMaxLabel : kMaxName;
  if (name.size() > limit) {
    errors.invalid("metadata.name", in_quotes(name),
                   fmt::format("must be no more than {} characters", limit));
  } else if (host_name && name.find('.') != std::string::npos) {
    errors.invalid("metadata.name", in_quotes(name), "must not contain dots");
  } else if (const std::string problem = host_name ? label_problem(name) : subdomain_problem(name);
             !problem.empty()) {
    errors.invalid("metadata.name", in_quotes(name), problem);
  } else if (gvk.group == "batch" && gvk.kind == "CronJob" && name.size() > kMaxCronJobName) {
    errors.invalid("metadata.name", in_quotes(name), "must be no more than 52 characters");
  }
}

void check_annotations(const Json& object, const std::string& at, FieldErrors& errors) {
  std::size_t size = 0;
  const std::string path = at + ".annotations";
  const Json& annotations = model::get_object(object, model::pointer_from_field_path(path));
  for (const auto& [key, value] : annotations.items()) {
    size += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
    for (const std::string& problem : qualified_problems(to_lower(key)))
      errors.invalid(path, in_quotes(key), problem);
  }
  if (size > kMaxAnnotations) errors.too_long(path, kMaxAnnotations);
}

void check_finalizers(const Json& object, FieldErrors& errors) {
  // The names that stand alone; every other one carries a domain.
  constexpr std::array<std::string_view, 3> kStandard = {"kubernetes", "orphan", "foregroundDeletion"};
  std::size_t index = 0;
  for (const Json& item : get_array(object, "/metadata/finalizers")) {
    const std::string name = item.is_string() ? item.get<std::string>() : "";
    for (const std::string& problem : qualified_problems(name)) {
      errors.invalid("metadata.finalizers", in_quotes(name), problem);
    }
    if (name.find('/') == std::string::npos &&
        std::find(kStandard.begin(), kStandard.end(), name) == kStandard.end()) {
      errors.invalid(fmt::format("metadata.finalizers[{}]", index), in_quotes(name),
                     "name is neither a standard finalizer name nor is it fully qualified");
    }
    ++index;
  }
}

void check_owners(const Json& object, FieldErrors& errors) {
  constexpr const char* kPath = "metadata.ownerReferences";
  std::string controller;
  for (const Json& owner : get_array(object, "/metadata/ownerReferences")) {
    for (const char* field : {"kind", "name", "uid"}) {
      if (get_string(owner, std::string("/") + field).empty()) {
        errors.invalid(fmt::format("{}.{}", kPath, field), "\"\"", "must not be empty");
      }
    }
    if (!model::get_bool(owner, "/controller")) continue;
    const std::string name = get_string(owner, "/kind") + "/" + get_string(owner, "/name");
    if (!controller.empty()) {
      errors.invalid(
          kPath, get_array(object, "/metadata/ownerReferences").dump(),
          fmt::format("Only one reference can have Controller set to true. Found \"true\" in references "
                      "for {} and {}",
                      controller, name));
    }
    controller = name;
  }
}

}  // namespace

void check_labels(const Json& labels, const std::string& path, FieldErrors& errors) {
  for (const auto& [key, value] : labels.items()) {
    for (const std::string& problem : qualified_problems(key)) errors.invalid(path, in_quotes(key), problem);
    if (!value.is_string()) continue;
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > kMaxLabel) {
      errors.invalid(path, in_quotes(text), "must be no more than 63 bytes");
    } else if (!text.empty() && !qualified_syntax(text)) {
      errors.invalid(path, in_quotes(text), kLabelValue);
    }
  }
}

std::string label_problem(std::string_view name) {
  if (name.size() > kMaxLabel) return "must be no more than 63 bytes";
  return label_syntax(name) ? "" : std::string(kLabel);
}

std::string subdomain_problem(std::string_view name) {
  if (name.size() > kMaxName) return "must be no more than 253 bytes";
  const auto parts = split(name, '.');
  const bool right = !name.empty() && std::all_of(parts.begin(), parts.end(), label_syntax);
  return right ? "" : std::string(kSubdomain);
}

void check_metadata(const model::Object& object, const ServedKind& kind, FieldErrors& errors) {
  check_name(object, kind, errors);
  const auto check = [&](const std::string& at) {
    check_labels(model::get_object(object.json, model::pointer_from_field_path(at + ".labels")),
                 at + ".labels", errors);
    check_annotations(object.json, at, errors);
  };
  // A Job's labels and those of its pods are the server's; too long a name shows in the latter.
  if (kind.kind() != "Job") check("metadata");
  if (model::find(object.json, "/spec/template/metadata") != nullptr) check("spec.template.metadata");
  check_finalizers(object.json, errors);
  check_owners(object.json, errors);
}

}  // namespace instantexec::sim
