#include "plan/findings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace instantexec::plan {
namespace {

model::Finding about(const Desired& desired, std::string rule, std::string message) {
  model::Finding out;
  out.rule = std::move(rule);
  out.evidence = model::EvidenceClass::kServer;
  out.message = std::move(message);
  out.subject = desired.object().ref();
  out.at = desired.manifest.range;
  return out;
}

void place(model::Finding& finding, const Desired& desired, const Problem& problem) {
  // Conflicts are reported as ".spec.replicas", validation as "spec.replicas".
  std::string_view path = problem.field;
  if (path.starts_with('.')) path.remove_prefix(1);
  finding.field = std::string(path);
  if (!path.empty()) finding.at = desired.manifest.at(model::pointer_from_field_path(path));
}

// The API has no reason of its own for immutable fields; these are the words of its validators.
bool speaks_of_immutability(std::string_view message) {
  constexpr std::array<std::string_view, 6> kWords = {
      "field is immutable",     "may not change once set", "is immutable after creation",
      "updates to statefulset", "cannot be changed",       "field can not be modified"};
  const std::string text = to_lower(message);
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return text.find(words) != std::string::npos; });
}

model::Finding immutable(const Desired& desired, const Problem& problem) {
  const std::string name = desired.object().ref().to_string();
  model::Finding out = about(desired, "server.immutable", name + ": " + problem.message);
  out.hint = "keep the old value, or give the object a new name; replacing it would delete it first";
  place(out, desired, problem);
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What kind of refusal it is: the server's reasons do not tell a quota or a webhook from a missing right.
std::string_view rule_of(const DryRun& dry_run) {
  const std::string_view message = dry_run.message;
  if (contains(message, "exceeded quota")) return "server.quota";
  if (contains(message, "denied the request") || contains(message, "violates PodSecurity") ||
      contains(message, "ValidatingAdmissionPolicy")) {
    return "server.denied";
  }
  switch (dry_run.http_status) {
    case 400:
    case 422:
      return contains(message, "strict decoding error") ? "server.unknown-field" : "server.invalid";
    case 403:
      return "server.forbidden";
    default:
      return "server.refused";
  }
}

std::string_view hint_of(std::string_view rule) {
  if (rule == "server.forbidden") return "kubectl instantexec rbac lists the permissions this release needs";
  if (rule == "server.quota") return "lower the requests or raise the ResourceQuota of the namespace";
  if (rule == "server.unknown-field") return "kubectl explain, with the kind and the path, lists its fields";
  return "";
}

// The fields in `strict decoding error: unknown field "spec.replcias", duplicate field "spec.x"`.
std::vector<Problem> strict_problems(std::string_view message) {
  std::vector<Problem> out;
  for (const std::string_view kind : {"unknown field", "duplicate field"}) {
    const std::string opening = std::string(kind) + " \"";
    for (auto at = message.find(opening); at != std::string_view::npos; at = message.find(opening, at + 1)) {
      const auto begin = at + opening.size();
      const auto end = message.find('"', begin);
      if (end == std::string_view::npos) break;
      const std::string field(message.substr(begin, end - begin));
      out.push_back({"", field, std::string(kind) + " " + field});
    }
  }
  return out;
}

std::string manager_of(const Problem& problem) {
  // 'conflict with "kubectl-edit" using v1': the manager's name stands in quotes.
  const auto begin = problem.message.find('"');
  const auto end = begin == std::string::npos ? begin : problem.message.find('"', begin + 1);
  return end == std::string::npos ? std::string{} : problem.message.substr(begin + 1, end - begin - 1);
}

}  // namespace

model::Finding terminating(const Desired& desired) {
  model::Finding out = about(desired, "object.terminating",
                             desired.object().ref().to_string() + " is being deleted and takes no changes");
  out.hint = "wait until it is gone; its finalizers say what it waits for";
  return out;
}

model::Finding foreign(const Desired& desired, const ForeignOwner& owner, bool adopt) {
  const std::string name = desired.object().ref().to_string();
  if (adopt) {
    model::Finding out =
        about(desired, "object.taken-over", name + " is taken over from " + owner.tool + " " + owner.name);
    out.severity = model::Severity::kWarning;
    return out;
  }
  model::Finding out =
      about(desired, "object.foreign-owner", name + " belongs to " + owner.tool + " " + owner.name);
  out.hint = "change it there, give it another name, or take it over with --adopt";
  return out;
}

std::vector<model::Finding> conflicts(const Desired& desired, const DryRun& dry_run) {
  std::vector<model::Finding> out;
  const std::string name = desired.object().ref().to_string();
  for (const Problem& problem : dry_run.problems) {
    const std::string manager = manager_of(problem);
    const std::string owner = manager.empty() ? problem.message : "field manager \"" + manager + "\"";
    model::Finding finding = about(desired, "server.conflict", "");
    place(finding, desired, problem);
    finding.message = name + ": " + finding.field + " is owned by " + owner;
    finding.hint = "leave the field out of the manifest, or take it with --force-conflicts";
    out.push_back(std::move(finding));
  }
  if (out.empty()) out.push_back(about(desired, "server.conflict", name + ": " + dry_run.message));
  return out;
}

std::vector<model::Finding> refusals(const Desired& desired, const DryRun& dry_run, bool exists) {
  const std::string name = desired.object().ref().to_string();
  const std::string rule(rule_of(dry_run));
  const bool strict = rule == "server.unknown-field";
  const bool by_field = strict || rule == "server.invalid";
  std::vector<model::Finding> out;
  for (const Problem& problem : strict ? strict_problems(dry_run.message) : dry_run.problems) {
    if (exists && speaks_of_immutability(problem.message)) {
      out.push_back(immutable(desired, problem));
    } else if (by_field) {
      model::Finding finding = about(desired, rule, name + ": " + problem.message);
      finding.hint = hint_of(rule);
      place(finding, desired, problem);
      out.push_back(std::move(finding));
    }
  }
  if (!out.empty()) return out;
  if (exists && speaks_of_immutability(dry_run.message)) {
    return {immutable(desired, Problem{"", "", dry_run.message})};
  }
  const bool namespace_missing = dry_run.http_status == 404 && dry_run.message.starts_with("namespaces ");
  if (namespace_missing) {
    model::Finding finding = about(desired, "namespace.missing", name + ": its namespace does not exist");
    finding.hint = "kubectl create namespace " + sanitise_line(desired.object().ns(), 63) +
                   ", or add the Namespace to the release";
    return {std::move(finding)};
  }
  model::Finding finding = about(desired, rule, name + ": " + dry_run.message);
  finding.hint = hint_of(rule);
  return {std::move(finding)};
}

std::vector<model::Finding> warned(const Desired& desired, const DryRun& dry_run) {
  std::vector<model::Finding> out;
  for (const std::string& warning : dry_run.warnings) {
    out.push_back(about(desired, "server.warning", desired.object().ref().to_string() + ": " + warning));
    out.back().hint = "mend it, or leave --warnings-as-errors out";
  }
  return out;
}

model::Finding irreversible(const Step& step, const Desired* desired, bool accepted) {
  model::Finding out;
  out.rule = "plan.irreversible";
  out.severity = accepted ? model::Severity::kWarning : model::Severity::kError;
  out.message =
      step.object.to_string() + ": " + std::string(to_string(step.op)) + " cannot be undone: " + step.reason;
  if (!accepted) out.hint = "go on with --accept-irreversible";
  out.subject = step.object;
  if (desired != nullptr) out.at = desired->manifest.range;
  return out;
}

model::Finding kept(const Step& step) {
  model::Finding out;
  out.rule = "prune.kept";
  out.severity = model::Severity::kWarning;
  out.message = step.object.to_string() + " left the release and stays: " + step.reason;
  out.subject = step.object;
  return out;
}

}  // namespace instantexec::plan
