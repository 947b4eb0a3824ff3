#include "sim/schema.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_bool;
using model::get_string;
using model::Json;

constexpr int kMaxDepth = 60;

Scalar scalar_of(std::string_view type) {
  if (type == "integer") return Scalar::kInteger;
  if (type == "number") return Scalar::kNumber;
  if (type == "boolean") return Scalar::kBoolean;
  return Scalar::kString;
}

}  // namespace

// Structural schemas:
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
const Type* TypeTable::from_schema(const Json& schema, int depth) {
  Type type;
  const std::string kind = get_string(schema, "/type");
  const Json* properties = model::find(schema, "/properties");
  const Json* additional = model::find(schema, "/additionalProperties");
  const bool open = get_bool(schema, "/x-kubernetes-preserve-unknown-fields");
  type.atomic = get_string(schema, "/x-kubernetes-map-type") == "atomic";
  if (get_bool(schema, "/x-kubernetes-int-or-string")) {
    type.shape = Shape::kScalar;
    type.scalar = Scalar::kIntOrString;
  } else if (depth > kMaxDepth) {
    type.shape = Shape::kAny;
  } else if (kind == "array") {
    const std::string how = get_string(schema, "/x-kubernetes-list-type", "atomic");
    type.shape = how == "map" ? Shape::kKeyedList : how == "set" ? Shape::kSet : Shape::kList;
    const Json* items = model::find(schema, "/items");
    type.element = from_schema(items == nullptr ? Json::object() : *items, depth + 1);
    for (const Json& key : get_array(schema, "/x-kubernetes-list-map-keys")) {
      if (!key.is_string()) continue;
      const auto name = key.get<std::string>();
      const auto it = type.element->defaults.find(name);
      type.keys.emplace_back(name, it == type.element->defaults.end() ? Json() : it->second);
    }
  } else if (additional != nullptr && additional->is_object()) {
    type.shape = Shape::kMap;
    type.element = from_schema(*additional, depth + 1);
  } else if (properties != nullptr && properties->is_object()) {
    type.shape = Shape::kStruct;
    type.open = open;
    for (const auto& [name, field] : properties->items()) {
      type.fields.emplace(name, from_schema(field, depth + 1));
      if (const Json* value = model::find(field, "/default")) type.defaults.emplace(name, *value);
    }
  } else if (kind == "object") {
    type.shape = open ? Shape::kAny : Shape::kStruct;
  } else if (!kind.empty()) {
    type.shape = Shape::kScalar;
    type.scalar = scalar_of(kind);
  }
  return &add(std::move(type));
}

const Type* TypeTable::from_crd(const Json& open_api_schema) {
  const Type* schema = from_schema(open_api_schema, 0);
  Type root = *schema;
  if (root.shape == Shape::kAny) root.open = true;  // type: object, preserving everything
  root.shape = Shape::kStruct;
  const TypeTable& common = builtin_types();
  root.fields["apiVersion"] = root.fields["kind"] = common.named("s");
  root.fields["metadata"] = common.named("meta.v1.ObjectMeta");
  return &add(std::move(root));
}

}  // namespace instantexec::sim
