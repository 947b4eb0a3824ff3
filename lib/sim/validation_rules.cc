#include "sim/validation_rules.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/text.h"
#include "sim/selectors.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_int;
using model::get_object;
using model::get_string;
using model::Json;

bool holds_json_object(const Json& base64) {
  const auto bytes = base64_decode(base64.is_string() ? base64.get_ref<const std::string&>() : "");
  return bytes && Json::parse(*bytes, nullptr, false).is_object();
}

void check_template(const Json& object, FieldErrors& errors) {
  check_pod_spec(get_object(object, "/spec/template/spec"), "spec.template.spec", errors);
}

void check_workload(const Json& object, FieldErrors& errors) {
  const Json* selector = model::find(object, "/spec/selector");
  const Json& labels = get_object(object, "/spec/template/metadata/labels");
  const std::int64_t replicas = get_int(object, "/spec/replicas");
  if (replicas < 0)
    errors.invalid("spec.replicas", std::to_string(replicas), "must be greater than or equal to 0");
  if (selector == nullptr) {
    errors.required("spec.selector", "");
  } else if (selector->empty()) {
    errors.invalid("spec.selector", "{}", "empty selector is invalid for deployment");
  }
  if (selector == nullptr || !matches_selector(*selector, labels)) {
    errors.invalid("spec.template.metadata.labels", labels.empty() ? "null" : labels.dump(),
                   "`selector` does not match template `labels`");
  }
  check_template(object, errors);
  const std::string restart = get_string(object, "/spec/template/spec/restartPolicy");
  if (restart == "Never" || restart == "OnFailure") {
    errors.unsupported("spec.template.spec.restartPolicy", in_quotes(restart), "\"Always\"");
  }
}

bool is_zero(const Json& amount) {
  return amount == 0 || amount == "0%";
}

void check_deployment(const Json& object, FieldErrors& errors) {
  check_workload(object, errors);
  const std::string type = get_string(object, "/spec/strategy/type");
  const Json* rolling = model::find(object, "/spec/strategy/rollingUpdate");
  if (type != "Recreate" && type != "RollingUpdate") {
    errors.unsupported("spec.strategy", get_object(object, "/spec/strategy").dump(),
                       R"("Recreate", "RollingUpdate")");
  } else if (type == "Recreate" && rolling != nullptr) {
    errors.forbidden("spec.strategy.rollingUpdate",
                     "may not be specified when strategy `type` is 'Recreate'");
  } else if (rolling != nullptr && is_zero(rolling->value("maxSurge", Json())) &&
             is_zero(rolling->value("maxUnavailable", Json()))) {
    errors.invalid("spec.strategy.rollingUpdate.maxUnavailable", (*rolling)["maxUnavailable"].dump(),
                   "may not be 0 when `maxSurge` is 0");
  }
  const std::int64_t deadline = get_int(object, "/spec/progressDeadlineSeconds", 600);
  if (deadline <= get_int(object, "/spec/minReadySeconds")) {
    errors.invalid("spec.progressDeadlineSeconds", std::to_string(deadline),
                   "must be greater than minReadySeconds");
  }
}

// A number in a field of a schedule beyond its range, in the words of the server's parser; "" when there is
// none.
std::string out_of_range(std::string_view schedule) {
  constexpr std::array<int, 5> kLargest = {59, 23, 31, 12, 7};
  std::size_t field = 0;
  for (const auto word : split(schedule, ' ')) {
    if (word.empty()) continue;
    int number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool alone = error == std::errc{} && end == word.data() + word.size();
    if (alone && field < kLargest.size() && number > kLargest[field]) {
      return fmt::format("end of range ({0}) above maximum ({1}): {0}", number, kLargest[field]);
    }
    ++field;
  }
  return "";
}

void check_cron_job(const Json& object, FieldErrors& errors) {
  const std::string schedule = get_string(object, "/spec/schedule");
  std::size_t fields = 0;
  for (const auto word : split(schedule, ' ')) fields += word.empty() ? 0 : 1;
  if (schedule.empty()) {
    errors.required("spec.schedule", "");
  } else if (fields != 5 && !schedule.starts_with('@')) {
    errors.invalid("spec.schedule", in_quotes(schedule),
                   fmt::format("expected exactly 5 fields, found {}: [{}]", fields, schedule));
  } else if (const std::string problem = out_of_range(schedule); !problem.empty()) {
    errors.invalid("spec.schedule", in_quotes(schedule), problem);
  }
  static const std::set<std::string> kPolicies = {"Allow", "Forbid", "Replace"};
  const std::string policy = get_string(object, "/spec/concurrencyPolicy", "Allow");
  if (!kPolicies.contains(policy)) {
    errors.unsupported("spec.concurrencyPolicy", in_quotes(policy), R"("Allow", "Forbid", "Replace")");
  }
  check_pod_spec(get_object(object, "/spec/jobTemplate/spec/template/spec"),
                 "spec.jobTemplate.spec.template.spec", errors);
}

void check_role(const Json& object, FieldErrors& errors) {
  const Json& rules = get_array(object, "/rules");
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (get_array(rules[i], "/verbs").empty()) {
      errors.required(fmt::format("rules[{}].verbs", i), "verbs must contain at least one value");
    }
  }
}

void check_job(const Json& object, FieldErrors& errors) {
  check_template(object, errors);
  const std::string policy = get_string(object, "/spec/template/spec/restartPolicy");
  const std::string name = get_string(object, "/metadata/name");
  if (name.size() > 63)
    errors.invalid("spec.template.labels", in_quotes(name), "must be no more than 63 bytes");
  if (policy != "Never" && policy != "OnFailure") {
    errors.required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"");
  }
}

void check_binding(const Json& object, FieldErrors& errors) {
  if (get_string(object, "/roleRef/kind").empty()) errors.required("roleRef.kind", "");
  if (get_string(object, "/roleRef/name").empty()) errors.required("roleRef.name", "");
}

void check_ingress(const Json& object, FieldErrors& errors) {
  const Json& rules = get_array(object, "/spec/rules");
  if (rules.empty() && model::find(object, "/spec/defaultBackend") == nullptr) {
    errors.invalid("spec", "null", "either `defaultBackend` or `rules` must be specified");
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Json& paths = get_array(rules[i], "/http/paths");
    for (std::size_t j = 0; j < paths.size(); ++j) {
      if (get_string(paths[j], "/pathType").empty()) {
        errors.required(fmt::format("spec.rules[{}].http.paths[{}].pathType", i, j),
                        "pathType must be specified");
      }
    }
  }
}

void check_autoscaler(const Json& object, FieldErrors& errors) {
  const std::int64_t maximum = get_int(object, "/spec/maxReplicas");
  const std::int64_t minimum = get_int(object, "/spec/minReplicas", 1);
  if (maximum < 1) errors.invalid("spec.maxReplicas", std::to_string(maximum), "must be greater than 0");
  if (maximum < minimum) {
    errors.invalid("spec.maxReplicas", std::to_string(maximum),
                   "must be greater than or equal to `minReplicas`");
  }
}

void check_claim(const Json& object, FieldErrors& errors) {
  if (get_array(object, "/spec/accessModes").empty()) {
    errors.required("spec.accessModes", "at least 1 access mode is required");
  }
  if (model::find(object, "/spec/resources/requests/storage") == nullptr) {
    errors.required("spec.resources[storage]", "");
  }
}

void check_budget(const Json& object, FieldErrors& errors) {
  if (model::find(object, "/spec/minAvailable") != nullptr &&
      model::find(object, "/spec/maxUnavailable") != nullptr) {
    errors.invalid("spec", get_object(object, "/spec").dump(),
                   "minAvailable and maxUnavailable cannot be both set");
  }
}

void check_configuration(const Json& object, FieldErrors& errors) {
  const auto check_keys = [&](const char* field) {
    const Json& data = get_object(object, std::string("/") + field);
    for (const auto& [key, value] : data.items()) {
      const bool right =
          !key.empty() && key.size() <= 253 && key != "." && key != ".." &&
          key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
              std::string::npos;
      if (!right) {
        errors.invalid(fmt::format("{}[{}]", field, key), in_quotes(key),
                       "a valid config key must consist of alphanumeric characters, '-', '_' or '.'");
      }
    }
  };
  check_keys("data");
  check_keys("binaryData");
}

constexpr std::size_t kMaxData = 1U << 20;

std::size_t bytes_in(const Json& data, bool base64) {
  std::size_t out = 0;
  for (const Json& value : data) {
    if (!value.is_string()) continue;
    const auto& text = value.get_ref<const std::string&>();
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    out += base64 ? text.size() / 4 * 3 - (text.empty() ? 0 : padding) : text.size();
  }
  return out;
}

void check_config_map(const Json& object, FieldErrors& errors) {
  check_configuration(object, errors);
  const std::size_t size =
      bytes_in(get_object(object, "/data"), false) + bytes_in(get_object(object, "/binaryData"), true);
  if (size > kMaxData) errors.too_long("[]", kMaxData);
}

void check_lease(const Json& object, FieldErrors& errors) {
  const Json& spec = get_object(object, "/spec");
  if (spec.contains("leaseDurationSeconds") && get_int(spec, "/leaseDurationSeconds") <= 0) {
    errors.invalid("spec.leaseDurationSeconds", spec["leaseDurationSeconds"].dump(),
                   "must be greater than 0");
  }
  if (get_int(spec, "/leaseTransitions") < 0) {
    errors.invalid("spec.leaseTransitions", spec["leaseTransitions"].dump(),
                   "must be greater than or equal to 0");
  }
}

// What a type of Secret promises to its readers.
void check_secret(const Json& object, FieldErrors& errors) {
  check_configuration(object, errors);
  if (bytes_in(get_object(object, "/data"), true) > kMaxData) errors.too_long("data", kMaxData);
  static const std::map<std::string, std::vector<std::string>, std::less<>> kKeys = {
      {"kubernetes.io/dockerconfigjson", {".dockerconfigjson"}},
      {"kubernetes.io/dockercfg", {".dockercfg"}},
      {"kubernetes.io/ssh-auth", {"ssh-privatekey"}},
      {"kubernetes.io/tls", {"tls.crt", "tls.key"}}};
  const auto keys = kKeys.find(get_string(object, "/type"));
  if (keys == kKeys.end()) return;
  for (const std::string& key : keys->second) {
    const Json& data = get_object(object, "/data");
    const std::string field = fmt::format("data[{}]", key);
    if (!data.contains(key)) {
      errors.required(field, "");
    } else if (key.starts_with(".docker") && !holds_json_object(data[key])) {
      errors.invalid(field, "\"<secret contents redacted>\"", "not a JSON object");
    }
  }
}

void check_definition(const Json& object, FieldErrors& errors) {
  const std::string expected =
      get_string(object, "/spec/names/plural") + "." + get_string(object, "/spec/group");
  if (get_string(object, "/metadata/name") != expected) {
    errors.invalid("metadata.name", in_quotes(get_string(object, "/metadata/name")),
                   "must be spec.names.plural+\".\"+spec.group");
  }
}

}  // namespace

ValidationRule rule_for(std::string_view kind_and_group) {
  static const std::map<std::string, ValidationRule, std::less<>> kRules = {
      {"Deployment.apps", check_deployment},
      {"StatefulSet.apps", check_workload},
      {"DaemonSet.apps", check_workload},
      {"ReplicaSet.apps", check_workload},
      {"Job.batch", check_job},
      {"CronJob.batch", check_cron_job},
      {"Lease.coordination.k8s.io", check_lease},
      {"Role.rbac.authorization.k8s.io", check_role},
      {"ClusterRole.rbac.authorization.k8s.io", check_role},
      {"Pod", [](const Json& object,
                 FieldErrors& errors) { check_pod_spec(get_object(object, "/spec"), "spec", errors); }},
      {"Service", check_service},
      {"RoleBinding.rbac.authorization.k8s.io", check_binding},
      {"ClusterRoleBinding.rbac.authorization.k8s.io", check_binding},
      {"Ingress.networking.k8s.io", check_ingress},
      {"HorizontalPodAutoscaler.autoscaling", check_autoscaler},
      {"PersistentVolumeClaim", check_claim},
      {"PodDisruptionBudget.policy", check_budget},
      {"ConfigMap", check_config_map},
      {"Secret", check_secret},
      {"CustomResourceDefinition.apiextensions.k8s.io", check_definition},
  };
  const auto it = kRules.find(kind_and_group);
  return it == kRules.end() ? ValidationRule() : it->second;
}

}  // namespace instantexec::sim
