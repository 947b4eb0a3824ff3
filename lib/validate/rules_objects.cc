#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Json;
using model::Severity;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

// RFC 1123 label: up to 63 of a-z, 0-9 and -, ends excluded from -.
bool is_label(std::string_view text, std::size_t limit = 63) {
  return !text.empty() && text.size() <= limit && is_lower_or_digit(text.front()) &&
         is_lower_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

// RFC 1123 subdomain: labels joined by dots, 253 in all; a part may be longer than 63 for Kubernetes.
bool is_subdomain(std::string_view text) {
  if (text.size() > 253) return false;
  const auto parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) { return is_label(part, 253); });
}

// Label values, and the name part of label keys: up to 63 of alphanumerics, -, _ and ., ends alphanumeric.
bool is_label_value(std::string_view text) {
  if (text.empty()) return true;
  return text.size() <= 63 && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_label_key(std::string_view key) {
  const auto slash = key.find('/');
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  if (slash != std::string_view::npos && !is_subdomain(key.substr(0, slash))) return false;
  return !name.empty() && is_label_value(name);
}

enum class NameRule { kAny, kLabel, kSubdomain, kPathSegment };

constexpr std::array<std::string_view, 5> kSubdomainGroups{"", "apps", "batch", "autoscaling", "policy"};
constexpr std::array<std::string_view, 3> kNetworkKinds{"Ingress", "IngressClass", "NetworkPolicy"};

// How the API server checks metadata.name; kAny for kinds with rules of their own that are not known here.
NameRule name_rule(const model::Gvk& gvk) {
  if (gvk.group == "rbac.authorization.k8s.io") return NameRule::kPathSegment;
  if (gvk.group.empty() && (gvk.kind == "Namespace" || gvk.kind == "Service")) return NameRule::kLabel;
  if (gvk.group.empty() && gvk.kind == "Event") return NameRule::kAny;
  if (std::find(kSubdomainGroups.begin(), kSubdomainGroups.end(), gvk.group) != kSubdomainGroups.end()) {
    return NameRule::kSubdomain;
  }
  const bool network = std::find(kNetworkKinds.begin(), kNetworkKinds.end(), gvk.kind) != kNetworkKinds.end();
  if (gvk.group == "networking.k8s.io" && network) return NameRule::kSubdomain;
  // Every custom resource; the groups of Kubernetes itself end in .k8s.io.
  const bool custom = gvk.group.find('.') != std::string::npos && !gvk.group.ends_with(".k8s.io");
  return custom ? NameRule::kSubdomain : NameRule::kAny;
}

std::string_view name_fault(NameRule rule, std::string_view name) {
  switch (rule) {
    case NameRule::kAny:
      return {};
    case NameRule::kLabel:
      return is_label(name) ? "" : "is not up to 63 of a-z, 0-9 and -, with a letter or digit at both ends";
    case NameRule::kSubdomain:
      return is_subdomain(name) ? ""
                                : "is not made of a-z, 0-9, - and ., with a letter or digit at both ends";
    case NameRule::kPathSegment:
      return name != "." && name != ".." && name.find_first_of("/%") == std::string_view::npos
                 ? ""
                 : "holds / or %";
  }
  return {};
}

void check_names(const ObjectIndex& index, Reporter& report) {
  for (const model::Manifest& manifest : index.scope().manifests) {
    const NameRule rule = name_rule(manifest.object.gvk());
    if (rule == NameRule::kAny) continue;
    const std::string name = manifest.object.name();
    const std::string_view fault = name_fault(rule, name);
    if (!name.empty() && !fault.empty()) {
      report.add(manifest, "/metadata/name", fmt::format("name {} {}", name, fault));
    }
    const std::string ns = manifest.object.ns();
    if (!ns.empty() && !is_label(ns)) {
      report.add(manifest, "/metadata/namespace", fmt::format("namespace {} is not a valid name", ns));
    }
  }
}

void check_label_map(const model::Manifest& manifest, const std::string& pointer, Reporter& report) {
  for (const auto& [key, value] : model::get_object(manifest.object.json, pointer).items()) {
    const std::string at = pointer + "/" + model::escape_pointer(key);
    if (!is_label_key(key)) {
      report.add(manifest, at, fmt::format("{} is not a valid label key", key));
    } else if (!value.is_string() && !value.is_null()) {
      report.add(manifest, at, fmt::format("the value of label {} must be text; put it in quotes", key));
    } else if (value.is_string() && !is_label_value(value.get_ref<const std::string&>())) {
      report.add(manifest, at,
                 fmt::format("the value of label {} is not up to 63 letters, digits, -, _ and .", key));
    }
  }
}

void check_labels(const ObjectIndex& index, Reporter& report) {
  for (const model::Manifest& manifest : index.scope().manifests) {
    check_label_map(manifest, "/metadata/labels", report);
    const auto pod = pod_pointer_of(manifest.object.gvk());
    if (pod && !pod->empty()) check_label_map(manifest, *pod + "/metadata/labels", report);
  }
}

constexpr std::array kRules{
    Rule{"object.name", Severity::kError, EvidenceClass::kRule, "names follow the syntax of their kind",
         "rename the object; most kinds take lower-case letters, digits, - and .", check_names},
    Rule{"object.labels", Severity::kError, EvidenceClass::kRule, "labels have valid keys and values",
         "shorten or rewrite the label, and quote numbers and words such as yes", check_labels},
};

}  // namespace

std::span<const Rule> object_rules() {
  return kRules;
}

}  // namespace instantexec::validate
