#include "sim/controllers/pods.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/digest.h"

namespace instantexec::sim {

using model::get_array;
using model::get_string;
using model::Json;

bool pod_active(const model::Object& pod) {
  const std::string phase = get_string(pod.json, "/status/phase");
  return !pod.terminating() && phase != "Failed" && phase != "Succeeded";
}

const Json* condition_of(const model::Object& object, std::string_view type) {
  for (const Json& item : get_array(object.json, "/status/conditions")) {
    if (get_string(item, "/type") == type) return &item;
  }
  return nullptr;
}

bool pod_ready(const model::Object& pod) {
  const Json* condition = condition_of(pod, "Ready");
  return condition != nullptr && get_string(*condition, "/status") == "True";
}

std::optional<Timestamp> ready_since(const model::Object& pod) {
  if (!pod_ready(pod)) return std::nullopt;
  return parse_rfc3339(get_string(*condition_of(pod, "Ready"), "/lastTransitionTime"));
}

bool pod_available(const model::Object& pod, std::int64_t min_ready_seconds, Timestamp now) {
  const auto since = ready_since(pod);
  return since && (min_ready_seconds == 0 || now - *since >= Duration{min_ready_seconds * 1000});
}

Json controller_reference(const model::Object& owner) {
  return {{"apiVersion", owner.api_version()},
          {"kind", owner.kind()},
          {"name", owner.name()},
          {"uid", owner.uid()},
          {"controller", true},
          {"blockOwnerDeletion", true}};
}

model::Object pod_from_template(const model::Object& owner, const std::string& name) {
  const Json& from = model::get_object(owner.json, "/spec/template");
  Json metadata = model::get_object(from, "/metadata");
  metadata["name"] = name;
  metadata["namespace"] = owner.ns();
  metadata["ownerReferences"] = Json::array({controller_reference(owner)});
  return {Json{{"apiVersion", "v1"},
               {"kind", "Pod"},
               {"metadata", std::move(metadata)},
               {"spec", model::get_object(from, "/spec")}}};
}

std::string template_hash(const Json& pod_template) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  const std::string digest = sha256_hex(pod_template.dump());
  std::string out;
  for (std::size_t i = 0; i < 10; ++i) {
    unsigned value = 0;
    std::from_chars(digest.data() + i * 4, digest.data() + i * 4 + 4, value, 16);
    out += kLetters[value % kLetters.size()];
  }
  return out;
}

std::int64_t share(const Json* value, std::int64_t total, bool round_up, std::int64_t otherwise) {
  if (value == nullptr) return otherwise;
  if (value->is_number_integer()) return value->get<std::int64_t>();
  if (!value->is_string()) return otherwise;
  const std::string& text = value->get_ref<const std::string&>();
  std::int64_t percent = 0;
  std::from_chars(text.data(), text.data() + text.size(), percent);
  return (percent * total + (round_up ? 99 : 0)) / 100;
}

void drop_zeros(Json& status, std::initializer_list<const char*> keep) {
  for (auto it = status.begin(); it != status.end();) {
    const bool kept =
        std::any_of(keep.begin(), keep.end(), [&](const char* name) { return it.key() == name; });
    if (!kept && it->is_number_integer() && *it == 0) {
      it = status.erase(it);
    } else {
      ++it;
    }
  }
}

bool set_condition(Json& conditions, Json condition, const std::string& now) {
  if (!conditions.is_array()) conditions = Json::array();
  for (Json& known : conditions) {
    if (get_string(known, "/type") != get_string(condition, "/type")) continue;
    const bool turned = get_string(known, "/status") != get_string(condition, "/status");
    const std::string since = turned ? now : get_string(known, "/lastTransitionTime");
    condition["lastTransitionTime"] = since;
    if (known == condition) return false;
    known = std::move(condition);
    return true;
  }
  condition["lastTransitionTime"] = now;
  conditions.push_back(std::move(condition));
  return true;
}

}  // namespace instantexec::sim
