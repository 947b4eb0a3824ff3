#include <fmt/format.h>

#include <array>
#include <set>

#include "sim/quota.h"
#include "sim/validation.h"
#include "sim/validation_rules.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_object;
using model::get_string;
using model::Json;

void check_ports(const Json& container, const std::string& path, FieldErrors& errors) {
  std::size_t index = 0;
  for (const Json& port : get_array(container, "/ports")) {
    const std::string at = fmt::format("{}.ports[{}]", path, index++);
    const std::int64_t number = model::get_int(port, "/containerPort");
    if (number == 0) {
      errors.required(at + ".containerPort", "");
    } else if (number < 1 || number > 65535) {
      errors.invalid(at + ".containerPort", std::to_string(number), "must be between 1 and 65535, inclusive");
    }
  }
}

void check_mounts(const Json& container, const std::set<std::string>& volumes, const std::string& path,
                  FieldErrors& errors) {
  std::set<std::string> places;
  std::size_t index = 0;
  for (const Json& mount : get_array(container, "/volumeMounts")) {
    const std::string at = fmt::format("{}.volumeMounts[{}]", path, index++);
    const std::string name = get_string(mount, "/name");
    if (name.empty()) {
      errors.required(at + ".name", "");
    } else if (!volumes.contains(name)) {
      errors.not_found(at + ".name", in_quotes(name));
    }
    const std::string place = get_string(mount, "/mountPath");
    if (place.empty()) errors.required(at + ".mountPath", "");
    if (!place.empty() && !places.insert(place).second) {
      errors.invalid(at + ".mountPath", in_quotes(place), "must be unique");
    }
  }
}

void check_resources(const Json& container, const std::string& path, FieldErrors& errors) {
  const Json& limits = get_object(container, "/resources/limits");
  const Json& requests = get_object(container, "/resources/requests");
  for (const auto& [name, amount] : requests.items()) {
    const auto limit = limits.find(name);
    if (limit != limits.end() && quantity(amount) > quantity(*limit)) {
      const std::string text = amount.is_string() ? in_quotes(amount.get<std::string>()) : amount.dump();
      errors.invalid(path + ".resources.requests", text,
                     fmt::format("must be less than or equal to {} limit of {}", name,
                                 limit->is_string() ? limit->get<std::string>() : limit->dump()));
    }
  }
}

void check_container(const Json& container, const std::string& path, FieldErrors& errors) {
  const std::string name = get_string(container, "/name");
  if (name.empty()) {
    errors.required(path + ".name", "");
  } else if (const std::string problem = label_problem(name); !problem.empty()) {
    errors.invalid(path + ".name", in_quotes(name), problem);
  }
  if (get_string(container, "/image").empty()) errors.required(path + ".image", "");
  static const std::set<std::string> kPolicies = {"Always", "IfNotPresent", "Never"};
  const std::string policy = get_string(container, "/imagePullPolicy");
  if (!kPolicies.contains(policy)) {
    errors.unsupported(path + ".imagePullPolicy", in_quotes(policy), R"("Always", "IfNotPresent", "Never")");
  }
  std::size_t index = 0;
  for (const Json& variable : get_array(container, "/env")) {
    const std::string at = fmt::format("{}.env[{}]", path, index++);
    if (get_string(variable, "/name").empty()) errors.required(at + ".name", "");
    if (!get_string(variable, "/value").empty() && variable.contains("valueFrom")) {
      errors.invalid(at + ".valueFrom", in_quotes(""), "may not be specified when `value` is not empty");
    }
  }
  check_ports(container, path, errors);
  check_resources(container, path, errors);
}

}  // namespace

void check_pod_spec(const Json& spec, const std::string& path, FieldErrors& errors) {
  std::set<std::string> volumes;
  std::size_t index = 0;
  for (const Json& volume : get_array(spec, "/volumes")) {
    const std::string at = fmt::format("{}.volumes[{}].name", path, index++);
    const std::string name = get_string(volume, "/name");
    if (name.empty()) errors.required(at, "");
    if (!name.empty() && !volumes.insert(name).second) errors.duplicate(at, in_quotes(name));
  }
  if (get_array(spec, "/containers").empty()) errors.required(path + ".containers", "");
  std::set<std::string> names;
  for (const char* list : {"containers", "initContainers"}) {
    index = 0;
    for (const Json& container : get_array(spec, std::string("/") + list)) {
      const std::string at = fmt::format("{}.{}[{}]", path, list, index++);
      check_container(container, at, errors);
      check_mounts(container, volumes, at, errors);
      const std::string name = get_string(container, "/name");
      if (!name.empty() && !names.insert(name).second) errors.duplicate(at + ".name", in_quotes(name));
    }
  }
  static const std::set<std::string> kRestart = {"Always", "Never", "OnFailure"};
  const std::string restart = get_string(spec, "/restartPolicy", "Always");
  if (!kRestart.contains(restart)) {
    errors.unsupported(path + ".restartPolicy", in_quotes(restart), R"("Always", "OnFailure", "Never")");
  }
}

}  // namespace instantexec::sim
