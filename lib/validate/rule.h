#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"
#include "validate/index.h"

namespace instantexec::validate {

class Reporter;

// One check of manifests.
struct Rule {
  std::string_view id;  // stable: "workload.image-tag"
  model::Severity severity;
  model::EvidenceClass evidence;  // kRule: the API server or a controller acts so; kHeuristic: good practice
  std::string_view title;         // what must hold, for `explain`
  std::string_view hint;          // one fix
  void (*check)(const ObjectIndex& index, Reporter& report);
};

// Annotation by which an object asks one rule to leave it alone; its value is the reason and may not be
// empty:
//   instantexec.dev/ignore-workload.image-tag: "pinned by the registry mirror"
// The finding stays as information with the reason.
inline constexpr std::string_view kIgnorePrefix = "instantexec.dev/ignore-";

// Takes the findings of one rule.
class Reporter {
 public:
  Reporter(const Rule& rule, std::vector<model::Finding>& out) : rule_(rule), out_(out) {}

  // `message` is one sentence; text from manifests in it is sanitised here.
  void add(const model::Manifest& manifest, std::string_view pointer, std::string_view message);
  // With another severity than the rule's own.
  void add(const model::Manifest& manifest, std::string_view pointer, std::string_view message,
           model::Severity severity);

 private:
  const Rule& rule_;
  std::vector<model::Finding>& out_;
};

// Rules by family.
[[nodiscard]] std::span<const Rule> image_rules();
[[nodiscard]] std::span<const Rule> resource_rules();
[[nodiscard]] std::span<const Rule> probe_rules();
[[nodiscard]] std::span<const Rule> security_rules();
[[nodiscard]] std::span<const Rule> object_rules();
[[nodiscard]] std::span<const Rule> pod_rules();
[[nodiscard]] std::span<const Rule> scheduling_rules();
[[nodiscard]] std::span<const Rule> reference_rules();
[[nodiscard]] std::span<const Rule> service_rules();
[[nodiscard]] std::span<const Rule> availability_rules();
[[nodiscard]] std::span<const Rule> network_rules();
[[nodiscard]] std::span<const Rule> access_rules();
[[nodiscard]] std::span<const Rule> api_rules();

}  // namespace instantexec::validate
