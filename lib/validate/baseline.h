#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/finding.h"
#include "model/object.h"
#include "model/run_report.h"
#include "model/status.h"

namespace instantexec::validate {

// The state of one namespace at one moment. Pure data: reading it is the caller's business.
struct NamespaceSnapshot {
  std::string ns;
  std::optional<model::Object> namespace_object;  // unset: it does not exist
  // Everything readable in the namespace. Kinds looked at: ConfigMap, Secret (names only are needed),
  // Service, EndpointSlice, Pod, Deployment, StatefulSet, DaemonSet, NetworkPolicy, ResourceQuota,
  // PodDisruptionBudget.
  std::vector<model::Object> objects;
  // Verdicts of status::compute for workloads; one without a verdict is judged by its replica counts.
  std::map<model::ObjectRef, model::ObjectStatus> health;
  // Kinds that could not be read, with why ("Secret" → "forbidden"). Their checks are skipped, not passed.
  std::map<std::string, std::string> unreadable;
};

enum class CheckStatus { kPassed, kWarning, kFailed, kSkipped };

// One line of the report.
struct BaselineCheck {
  std::string name;  // "namespace", "config-maps", "deployments", "services", "network-policies", "quotas"
  CheckStatus status = CheckStatus::kPassed;
  std::string message;                   // one sentence
  std::size_t objects = 0;               // how many were looked at
  std::vector<model::Finding> findings;  // about live objects, so without places in files
};

struct BaselineReport {
  std::string ns;
  std::vector<BaselineCheck> checks;
  bool passed = true;  // no check failed
};

// Health and hygiene of a live namespace (the design's baseline validation). Errors are what does not work
// now; warnings are risks.
class BaselineValidationEngine {
 public:
  // `snapshot` must outlive the engine.
  explicit BaselineValidationEngine(const NamespaceSnapshot& snapshot) : snapshot_(snapshot) {}

  // Every check below, in order.
  [[nodiscard]] BaselineReport run_all_validations() const;

  // Exists and is Active; says which Pod Security level it enforces.
  [[nodiscard]] BaselineCheck validate_namespace() const;
  // ConfigMaps and Secrets that pods of workloads need exist.
  [[nodiscard]] BaselineCheck validate_config_maps() const;
  // Deployments, StatefulSets and DaemonSets are healthy.
  [[nodiscard]] BaselineCheck validate_deployments() const;
  // Services with a selector have a ready endpoint, unless what they select is scaled to zero.
  [[nodiscard]] BaselineCheck validate_services() const;
  // Some NetworkPolicy bounds who may connect to each running pod.
  [[nodiscard]] BaselineCheck validate_network_policies() const;
  // ResourceQuotas have room: a warning from 90 % on.
  [[nodiscard]] BaselineCheck validate_quotas() const;

  // {"namespace", "validation_status", "summary": {total, passed, warnings, failed, skipped},
  //  "checks": [{"name", "status", "message", "objects", "findings": [{rule, severity, object, message,
  //  hint}]}]}.
  [[nodiscard]] static model::Json generate_report(const BaselineReport& report);
  // The report as a test suite: one case per check; warnings pass.
  [[nodiscard]] static model::TestSuite as_test_suite(const BaselineReport& report);

 private:
  const NamespaceSnapshot& snapshot_;
};

[[nodiscard]] std::string_view to_string(CheckStatus status);  // "passed", "warning", "failed", "skipped"

}  // namespace instantexec::validate
