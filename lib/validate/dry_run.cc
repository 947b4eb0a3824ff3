#include "validate/dry_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace instantexec::validate {
namespace {

using model::Finding;

constexpr std::size_t kMaxMessage = 600;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view rule_of(const Rejection& rejection) {
  const std::string_view message = rejection.message;
  if (contains(message, "exceeded quota")) return "server.quota";
  if (contains(message, "denied the request") || contains(message, "violates PodSecurity") ||
      contains(message, "ValidatingAdmissionPolicy")) {
    return "server.denied";
  }
  switch (rejection.http_status) {
    case 400:
    case 422:
      return contains(message, "strict decoding error") ? "server.unknown-field" : "server.invalid";
    case 403:
      return "server.forbidden";
    case 404:
      return contains(message, "namespaces \"") ? "server.no-namespace" : "server.unknown-kind";
    case 409:
      return "server.conflict";
    default:
      return "server.rejected";
  }
}

std::string_view hint_of(std::string_view rule) {
  if (rule == "server.forbidden") return "kubectl instantexec rbac prints the role this release needs";
  if (rule == "server.quota") return "lower the requests or raise the ResourceQuota of the namespace";
  if (rule == "server.no-namespace") return "add the Namespace to the manifests, or create it first";
  if (rule == "server.unknown-kind") return "kubectl api-resources lists what the cluster serves";
  if (rule == "server.conflict") return "kubectl instantexec plan names the field and its manager";
  if (rule == "server.unknown-field") return "kubectl explain, with the kind and the path, lists its fields";
  return "";
}

// The field paths in `strict decoding error: unknown field "spec.replcias", duplicate field "spec.x"`.
std::vector<RejectionCause> strict_decoding_causes(std::string_view message) {
  std::vector<RejectionCause> out;
  for (const std::string_view kind : {"unknown field", "duplicate field"}) {
    const std::string opening = fmt::format("{} \"", kind);
    for (auto at = message.find(opening); at != std::string_view::npos; at = message.find(opening, at + 1)) {
      const auto begin = at + opening.size();
      const auto end = message.find('"', begin);
      if (end == std::string_view::npos) break;
      const std::string field(message.substr(begin, end - begin));
      out.push_back({"", field, fmt::format("{} {}", kind, field)});
    }
  }
  return out;
}

bool is_secret(const model::Manifest& manifest) {
  const model::Gvk gvk = manifest.object.gvk();
  return gvk.group.empty() && gvk.kind == "Secret";
}

Finding make_finding(const model::Manifest& manifest, std::string_view rule, const RejectionCause& cause) {
  Finding finding;
  finding.rule = rule;
  finding.severity = model::Severity::kError;
  finding.evidence = model::EvidenceClass::kServer;
  finding.message = sanitise_line(cause.message, kMaxMessage);
  if (is_secret(manifest)) {
    finding.message = cause.field.empty()
                          ? "the API server refuses this Secret (its message is not shown)"
                          : "the API server refuses this field of a Secret (its value is not shown)";
  }
  finding.hint = hint_of(rule);
  finding.subject = manifest.object.ref();
  // Some causes name no field but "<nil>" or a kind.
  const bool path = cause.field.find('<') == std::string::npos;
  finding.field = path ? sanitise_line(cause.field, 300) : "";
  finding.at = manifest.at(path ? model::pointer_from_field_path(cause.field) : "");
  return finding;
}

}  // namespace

std::vector<Finding> findings_from_dry_run(const model::Manifest& manifest, const Rejection& rejection) {
  const std::string_view rule = rule_of(rejection);
  std::vector<RejectionCause> causes = rejection.causes;
  if (rule == "server.unknown-field") causes = strict_decoding_causes(rejection.message);
  // A field conflict names its fields as ".spec.replicas".
  for (RejectionCause& cause : causes) {
    if (cause.field.starts_with('.')) cause.field.erase(0, 1);
  }
  if (causes.empty()) causes.push_back({rejection.reason, "", rejection.message});
  std::vector<Finding> out;
  for (const RejectionCause& cause : causes) {
    Finding finding = make_finding(manifest, rule, cause);
    // The server sometimes reports one fault in two words for one field.
    if (std::find(out.begin(), out.end(), finding) == out.end()) out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace instantexec::validate
