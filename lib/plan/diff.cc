#include "plan/diff.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "base/digest.h"
#include "model/marks.h"

namespace instantexec::plan {
namespace {

using model::Json;

constexpr std::array kServerMetadata = {
    std::string_view("managedFields"),     std::string_view("uid"),
    std::string_view("resourceVersion"),   std::string_view("creationTimestamp"),
    std::string_view("generation"),        std::string_view("selfLink"),
    std::string_view("deletionTimestamp"), std::string_view("deletionGracePeriodSeconds")};

bool server_metadata(std::string_view key) {
  return std::find(kServerMetadata.begin(), kServerMetadata.end(), key) != kServerMetadata.end();
}

bool ignored(std::string_view pointer, const std::string& key) {
  if (pointer.empty()) return key == "status";
  if (pointer == "/metadata") return server_metadata(key);
  if (pointer == "/metadata/annotations") return derived_annotation(key);
  return false;
}

// Nothing but ignored entries.
bool empty_metadata(const std::string& pointer, const Json& value) {
  if (!pointer.starts_with("/metadata/")) return false;
  if (value.is_null()) return true;
  if (pointer == "/metadata/annotations" && value.is_object()) {
    for (const auto& [key, unused] : value.items()) {
      if (!derived_annotation(key)) return false;
    }
    return true;
  }
  return value.is_structured() && value.empty();
}

using Report = std::function<bool(std::string, const Json*, const Json*)>;  // false: stop

bool walk(const Json& a, const Json& b, std::string& pointer, const Report& report);

bool walk_member(const std::string& key, const Json* a, const Json* b, std::string& pointer,
                 const Report& report) {
  if (ignored(pointer, key)) return true;
  const std::size_t length = pointer.size();
  pointer += '/';
  pointer += model::escape_pointer(key);
  bool go_on = true;
  if (a != nullptr && b != nullptr) {
    go_on = walk(*a, *b, pointer, report);
  } else if (const Json* only = a != nullptr ? a : b; only != nullptr && !empty_metadata(pointer, *only)) {
    go_on = report(pointer, a, b);
  }
  pointer.resize(length);
  return go_on;
}

bool walk_objects(const Json& a, const Json& b, std::string& pointer, const Report& report) {
  // Both maps are sorted by key.
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() || right != b.end()) {
    const bool take_left = right == b.end() || (left != a.end() && left.key() <= right.key());
    const bool take_right = left == a.end() || (right != b.end() && right.key() <= left.key());
    const std::string& key = take_left ? left.key() : right.key();
    if (!walk_member(key, take_left ? &*left : nullptr, take_right ? &*right : nullptr, pointer, report)) {
      return false;
    }
    if (take_left) ++left;
    if (take_right) ++right;
  }
  return true;
}

bool walk(const Json& a, const Json& b, std::string& pointer, const Report& report) {
  if (a.is_object() && b.is_object()) return walk_objects(a, b, pointer, report);
  if (a.is_array() && b.is_array() && a.size() == b.size()) {
    const std::size_t length = pointer.size();
    for (std::size_t i = 0; i < a.size(); ++i) {
      pointer += '/';
      pointer += std::to_string(i);
      const bool go_on = walk(a[i], b[i], pointer, report);
      pointer.resize(length);
      if (!go_on) return false;
    }
    return true;
  }
  return a == b || report(pointer, &a, &b);
}

std::string fingerprint(const Json& value, std::string_view key) {
  return "fingerprint:" +
         hmac_sha256_hex(key, value.dump(-1, ' ', false, Json::error_handler_t::replace)).substr(0, 12);
}

void mask_value(std::optional<Json>& value, std::string_view key) {
  if (!value) return;
  if (!value->is_object()) {
    value = fingerprint(*value, key);
    return;
  }
  for (auto& item : *value) item = fingerprint(item, key);
}

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool hidden(const std::string& pointer, bool secret) {
  if (pointer == "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration") return true;
  return secret && (pointer.starts_with("/data") || pointer.starts_with("/stringData"));
}

Json owned_fields(const Json& entry) {
  Json fields = model::get_object(entry, "/fieldsV1");
  const auto metadata = fields.find("f:metadata");
  if (metadata == fields.end() || !metadata->is_object()) return fields;
  const auto annotations = metadata->find("f:annotations");
  if (annotations == metadata->end() || !annotations->is_object()) return fields;
  annotations->erase("f:" + std::string(model::marks::kCreatedBy));
  // Left over when the mark was the only annotation: "." alone, or nothing.
  if (annotations->empty() || (annotations->size() == 1 && annotations->contains("."))) {
    metadata->erase("f:annotations");
  }
  return fields;
}

}  // namespace

bool derived_annotation(std::string_view key) {
  static const std::set<std::string_view> kDerived = {
      "deployment.kubernetes.io/revision",         "deployment.kubernetes.io/revision-history",
      "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas",
      "deprecated.daemonset.template.generation",  "pv.kubernetes.io/bind-completed",
      "pv.kubernetes.io/bound-by-controller",      "volume.kubernetes.io/selected-node",
      "volume.kubernetes.io/storage-provisioner",  "volume.beta.kubernetes.io/storage-provisioner",
      "control-plane.alpha.kubernetes.io/leader",  model::marks::kCreatedBy,
  };
  return kDerived.contains(key);
}

model::Json canonical(const model::Object& object) {
  Json out = Json::object();
  for (const auto& [key, value] : object.json.items()) {
    if (!ignored("", key) && key != "metadata") out[key] = value;
  }
  Json metadata = Json::object();
  for (const auto& [key, value] : model::get_object(object.json, "/metadata").items()) {
    if (ignored("/metadata", key) || empty_metadata("/metadata/" + key, value)) continue;
    metadata[key] = value;
    if (key != "annotations" || !value.is_object()) continue;
    for (const auto& [name, unused] : value.items()) {
      if (derived_annotation(name)) metadata[key].erase(name);
    }
  }
  out["metadata"] = std::move(metadata);
  return out;
}

bool same(const model::Object& a, const model::Object& b) {
  std::string pointer;
  return walk(a.json, b.json, pointer, [](const std::string&, const Json*, const Json*) { return false; });
}

std::vector<FieldChange> diff(const model::Object& before, const model::Object& after) {
  std::vector<FieldChange> out;
  std::string pointer;
  walk(before.json, after.json, pointer, [&out](std::string at, const Json* a, const Json* b) {
    FieldChange change{std::move(at), std::nullopt, std::nullopt};
    if (a != nullptr) change.before = *a;
    if (b != nullptr) change.after = *b;
    out.push_back(std::move(change));
    return true;
  });
  return out;
}

void mask(std::vector<FieldChange>& changes, const model::Gvk& gvk, std::string_view key) {
  const bool secret = gvk.group.empty() && gvk.kind == "Secret";
  for (FieldChange& change : changes) {
    if (hidden(change.pointer, secret)) {
      mask_value(change.before, key);
      mask_value(change.after, key);
    } else if (change.pointer == "/metadata/annotations") {
      for (auto* value : {&change.before, &change.after}) {
        if (!*value || !(*value)->is_object()) continue;
        const auto last = (*value)->find(std::string(kLastApplied));
        if (last != (*value)->end()) *last = fingerprint(*last, key);
      }
    }
  }
}

const model::Json* applied_entry(const model::Object& object, std::string_view manager) {
  for (const Json& entry : model::get_array(object.json, "/metadata/managedFields")) {
    if (model::get_string(entry, "/manager") == manager &&
        model::get_string(entry, "/operation") == "Apply" &&
        model::get_string(entry, "/subresource").empty()) {
      return &entry;
    }
  }
  return nullptr;
}

bool ownership_changes(const model::Object& live, const model::Object& after, std::string_view manager) {
  const Json* now = applied_entry(live, manager);
  const Json* then = applied_entry(after, manager);
  if (then == nullptr) return false;
  return now == nullptr || owned_fields(*now) != owned_fields(*then);
}

}  // namespace instantexec::plan
