#include "validate/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace instantexec::validate {

void Reporter::add(const model::Manifest& manifest, std::string_view pointer, std::string_view message) {
  add(manifest, pointer, message, rule_.severity);
}

void Reporter::add(const model::Manifest& manifest, std::string_view pointer, std::string_view message,
                   model::Severity severity) {
  model::Finding finding;
  finding.rule = rule_.id;
  finding.severity = severity;
  finding.evidence = rule_.evidence;
  finding.message = sanitise_line(message, 400);
  finding.hint = rule_.hint;
  finding.subject = manifest.object.ref();
  finding.field = sanitise_line(field_path(pointer), 300);
  finding.at = manifest.at(pointer);
  const std::string reason = manifest.object.annotation(std::string(kIgnorePrefix) + std::string(rule_.id));
  if (!trim(reason).empty()) {
    finding.severity = model::Severity::kInfo;
    finding.message += fmt::format(" (ignored: {})", sanitise_line(reason, 120));
  }
  out_.push_back(std::move(finding));
}

const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> kRules = [] {
    std::vector<Rule> out;
    for (const auto family : {api_rules(), object_rules(), pod_rules(), scheduling_rules(), image_rules(),
                              resource_rules(), probe_rules(), security_rules(), reference_rules(),
                              service_rules(), availability_rules(), network_rules(), access_rules()}) {
      out.insert(out.end(), family.begin(), family.end());
    }
    return out;
  }();
  return kRules;
}

const Rule* find_rule(std::string_view id) {
  const auto& rules = all_rules();
  const auto it = std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
  return it == rules.end() ? nullptr : &*it;
}

std::vector<model::Finding> check_manifests(const Scope& scope) {
  const ObjectIndex index(scope);
  std::vector<model::Finding> out;
  for (const Rule& rule : all_rules()) {
    Reporter report(rule, out);
    rule.check(index, report);
  }
  std::stable_sort(out.begin(), out.end(), [](const model::Finding& a, const model::Finding& b) {
    return std::tie(a.at.file, a.at.begin, a.rule) < std::tie(b.at.file, b.at.begin, b.rule);
  });
  return out;
}

}  // namespace instantexec::validate
