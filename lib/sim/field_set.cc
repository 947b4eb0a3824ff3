#include "sim/field_set.h"

#include <nlohmann/json.hpp>

#include "model/object.h"

namespace instantexec::sim {
namespace {

using model::Json;

// One serialised path element as the server prints it in conflicts.
std::string readable(std::string_view element) {
  const auto value = element.substr(2);
  if (element.starts_with("f:")) return "." + std::string(value);
  if (element.starts_with("v:")) return "[=" + std::string(value) + "]";
  if (!element.starts_with("k:")) return "[" + std::string(value) + "]";
  std::string out = "[";
  const auto keys = model::parse_json(value).value_or(Json::object());
  for (const auto& [key, item] : keys.items()) {
    if (out.size() > 1) out += ',';
    out += key + "=" + item.dump();
  }
  return out + "]";
}

void collect(const FieldSet& set, const std::string& prefix, std::vector<std::string>& out) {
  if (set.member()) out.push_back(prefix);
  for (const auto& [element, below] : set.children()) collect(below, prefix + readable(element), out);
}

}  // namespace

const FieldSet* FieldSet::below(std::string_view element) const {
  const auto it = children_.find(element);
  return it == children_.end() ? nullptr : &it->second;
}

FieldSet& FieldSet::at(std::string_view element) {
  const auto it = children_.find(element);
  return it != children_.end() ? it->second : children_[std::string(element)];
}

void FieldSet::drop_if_empty(std::string_view element) {
  const auto it = children_.find(element);
  if (it != children_.end() && it->second.empty()) children_.erase(it);
}

void FieldSet::erase(std::string_view element) {
  const auto it = children_.find(element);
  if (it != children_.end()) children_.erase(it);
}

void FieldSet::unite(const FieldSet& other) {
  member_ = member_ || other.member_;
  for (const auto& [element, below] : other.children_) {
    const auto [it, inserted] = children_.try_emplace(element, below);
    if (!inserted) it->second.unite(below);
  }
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  collect(*this, "", out);
  return out;
}

FieldSet intersect(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.member_ = a.member_ && b.member_;
  for (const auto& [element, below] : a.children_) {
    const FieldSet* other = b.below(element);
    if (other == nullptr) continue;
    FieldSet common = intersect(below, *other);
    if (!common.empty()) out.children_.emplace(element, std::move(common));
  }
  return out;
}

FieldSet subtract(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.member_ = a.member_ && !b.member_;
  for (const auto& [element, below] : a.children_) {
    const FieldSet* other = b.below(element);
    FieldSet rest = other == nullptr ? below : subtract(below, *other);
    if (!rest.empty()) out.children_.emplace(element, std::move(rest));
  }
  return out;
}

nlohmann::json to_fields_v1(const FieldSet& set) {
  Json out = Json::object();
  for (const auto& [element, below] : set.children()) {
    Json inner = to_fields_v1(below);
    if (below.member() && !below.children().empty()) inner["."] = Json::object();
    out[element] = std::move(inner);
  }
  return out;
}

FieldSet from_fields_v1(const nlohmann::json& fields) {
  FieldSet out;
  if (!fields.is_object()) return out;
  for (const auto& [element, inner] : fields.items()) {
    if (element.size() < 2 || element[1] != ':') continue;  // "." is read by the level above
    FieldSet& below = out.at(element);
    below = from_fields_v1(inner);
    if (!inner.is_object() || inner.empty() || inner.contains(".")) below.add();
    out.drop_if_empty(element);
  }
  return out;
}

}  // namespace instantexec::sim
