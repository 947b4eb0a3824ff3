#include "risk/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>

#include "analyze/features.h"
#include "analyze/language.h"
#include "analyze/metrics.h"
#include "base/text.h"

namespace instantexec::risk {
namespace {

// Kinds by what a mistake in them costs. One row counts once, however many objects fit it.
struct KindRow {
  std::string_view rule;
  double weight;
  std::string_view what;
  std::array<std::string_view, 8> kinds;
};

constexpr std::array kKindRows{
    KindRow{"risk.crd", 0.20, "changes the API of a custom resource", {"CustomResourceDefinition"}},
    KindRow{
        "risk.cluster-rbac", 0.20, "changes cluster-wide permissions", {"ClusterRole", "ClusterRoleBinding"}},
    KindRow{"risk.admission",
            0.20,
            "changes what the API server admits",
            {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy",
             "ValidatingAdmissionPolicyBinding"}},
    KindRow{"risk.stateful",
            0.15,
            "touches workloads or claims that keep data",
            {"StatefulSet", "PersistentVolumeClaim", "PersistentVolume", "StorageClass"}},
    KindRow{"risk.rbac", 0.10, "changes permissions of the namespace", {"Role", "RoleBinding"}},
    KindRow{"risk.routing",
            0.08,
            "changes how traffic reaches or leaves the workloads",
            {"Ingress", "NetworkPolicy", "Gateway", "HTTPRoute", "Service", "IngressClass"}},
    KindRow{"risk.secret", 0.08, "changes secrets", {"Secret"}},
    KindRow{
        "risk.workload", 0.05, "restarts workloads", {"Deployment", "DaemonSet", "Job", "CronJob", "Pod"}},
};

std::vector<EvidenceItem> from_kinds(std::span<const model::Manifest> manifests) {
  std::vector<EvidenceItem> items;
  for (const KindRow& row : kKindRows) {
    std::vector<std::string> names;
    for (const model::Manifest& manifest : manifests) {
      const std::string kind = manifest.object.kind();
      if (!kind.empty() && std::find(row.kinds.begin(), row.kinds.end(), kind) != row.kinds.end()) {
        names.push_back(manifest.object.ref().to_string());
      }
    }
    if (names.empty()) continue;
    const std::size_t count = names.size();
    if (count > 3) names.resize(3);
    items.push_back({std::string(row.rule),
                     fmt::format("{}: {}{}", row.what, join(names, ", "),
                                 count > 3 ? fmt::format(" and {} more", count - 3) : ""),
                     row.weight});
  }
  return items;
}

// Size grows by orders of magnitude, and never decides alone: 1,000 lines weigh 0.15.
void add_size(const analyze::ChangeFeatures& features, std::vector<EvidenceItem>& items) {
  const double lines = features.la + features.ld;
  if (lines < 10) return;
  const double weight = std::min(0.25, 0.05 * std::log10(lines));
  items.push_back(
      {"risk.size", fmt::format("{:.0f} lines added and {:.0f} deleted", features.la, features.ld), weight});
}

void add_spread(const analyze::ChangeFeatures& features, std::vector<EvidenceItem>& items) {
  if (features.ns <= 3 && features.nf <= 20) return;
  items.push_back({"risk.spread",
                   fmt::format("{:.0f} files in {:.0f} top-level folders", features.nf, features.ns),
                   features.nf > 100 ? 0.12 : 0.08});
}

void add_removed_manifests(const model::Change& change, std::vector<EvidenceItem>& items) {
  const auto removed = static_cast<std::size_t>(
      std::count_if(change.files.begin(), change.files.end(), [](const model::FileChange& file) {
        return file.status == model::FileStatus::kDeleted &&
               analyze::language_of(file.path) == analyze::Language::kYaml;
      }));
  if (removed == 0) return;
  items.push_back(
      {"risk.removed-files", counted(removed, "YAML file") + " deleted; pruning may follow", 0.15});
}

void add_code_shape(const analyze::CodebaseMetrics& metrics, std::vector<EvidenceItem>& items) {
  if (metrics.syntax_error_files > 0) {
    items.push_back({"risk.syntax",
                     counted(metrics.syntax_error_files, "file") + " that a parser cannot make sense of",
                     0.10});
  }
  if (metrics.longest_function > 200 || metrics.deepest_nesting > 6) {
    items.push_back({"risk.complexity",
                     fmt::format("touches a function of {} lines, nested {} deep", metrics.longest_function,
                                 metrics.deepest_nesting),
                     0.05});
  }
}

// A proven conflict takes everything; a warning a little.
void add_conflicts(std::span<const model::Finding> conflicts, std::vector<EvidenceItem>& items) {
  std::map<std::string, std::pair<std::size_t, const model::Finding*>> by_rule;
  for (const model::Finding& finding : conflicts) {
    auto& [count, first] = by_rule[finding.rule];
    if (count++ == 0) first = &finding;
  }
  for (const auto& [rule, entry] : by_rule) {
    const auto& [count, first] = entry;
    const bool proven = first->severity == model::Severity::kError;
    items.push_back({rule,
                     count == 1 ? first->message : fmt::format("{} (and {} more)", first->message, count - 1),
                     proven ? 1.0 : 0.10});
  }
}

}  // namespace

std::vector<EvidenceItem> collect_evidence(const EvidenceInput& input) {
  std::vector<EvidenceItem> items = from_kinds(input.touched_manifests);
  add_size(input.features, items);
  add_spread(input.features, items);
  add_removed_manifests(input.change, items);
  add_code_shape(input.metrics, items);
  if (input.features.fix) {
    items.push_back({"risk.repair",
                     "the message says that it repairs something; repairs are repaired again more often",
                     0.05});
  }
  if (input.change.dirty) {
    items.push_back({"risk.uncommitted", "the working tree holds edits that no commit has", 0.05});
  }
  add_conflicts(input.conflicts, items);
  std::stable_sort(items.begin(), items.end(),
                   [](const EvidenceItem& a, const EvidenceItem& b) { return a.weight > b.weight; });
  return items;
}

}  // namespace instantexec::risk
