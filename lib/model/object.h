#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/gvk.h"

namespace instantexec::model {

using Json = nlohmann::json;

// Accessors on untyped JSON. None of them throws, whatever the value's type: a missing or mistyped field is
// the given default.
//
// The value at a JSON pointer (RFC 6901), or nullptr. Numeric tokens index arrays.
[[nodiscard]] const Json* find(const Json& value, std::string_view pointer);
[[nodiscard]] std::string get_string(const Json& value, std::string_view pointer,
                                     std::string_view otherwise = "");
[[nodiscard]] std::int64_t get_int(const Json& value, std::string_view pointer, std::int64_t otherwise = 0);
// A whole number, or a text that is one; nothing when it is missing, something else, or beyond 64 bits.
[[nodiscard]] std::optional<std::int64_t> whole_number_at(const Json& value, std::string_view pointer);
[[nodiscard]] bool get_bool(const Json& value, std::string_view pointer, bool otherwise = false);
// The array or object at the pointer; an empty one of that type when missing or mistyped. The reference lives
// as long as `value` (or for ever).
[[nodiscard]] const Json& get_array(const Json& value, std::string_view pointer);
[[nodiscard]] const Json& get_object(const Json& value, std::string_view pointer);

// Parses JSON text with a bound on nesting (100); nothing on any syntax error. Never throws.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text);

// A Kubernetes object of any kind. Every accessor tolerates any shape of `json`.
struct Object {
  Json json = Json::object();

  [[nodiscard]] std::string api_version() const { return get_string(json, "/apiVersion"); }
  [[nodiscard]] std::string kind() const { return get_string(json, "/kind"); }
  [[nodiscard]] Gvk gvk() const { return make_gvk(api_version(), kind()); }
  [[nodiscard]] std::string name() const { return get_string(json, "/metadata/name"); }
  [[nodiscard]] std::string ns() const { return get_string(json, "/metadata/namespace"); }
  [[nodiscard]] std::string uid() const { return get_string(json, "/metadata/uid"); }
  [[nodiscard]] std::string resource_version() const { return get_string(json, "/metadata/resourceVersion"); }
  // Some print it as a text. 0: none.
  [[nodiscard]] std::int64_t generation() const;
  // A null deletionTimestamp is none, as everywhere in the API.
  [[nodiscard]] bool terminating() const;
  [[nodiscard]] std::map<std::string, std::string> labels() const;
  [[nodiscard]] std::map<std::string, std::string> annotations() const;
  [[nodiscard]] std::string annotation(std::string_view key) const;
  [[nodiscard]] ObjectRef ref() const;

  friend bool operator==(const Object&, const Object&) = default;
};

// The UID of the controlling owner (metadata.ownerReferences with controller: true), "" when there is none.
[[nodiscard]] std::string controller_uid(const Object& object);

// Objects of a List ("List", "ConfigMapList" … with items), or the object itself. Items without apiVersion or
// kind take them from the list's own.
[[nodiscard]] std::vector<Object> expand_list(Object object);

// Escapes one key for use in a JSON pointer: "~" → "~0", "/" → "~1".
[[nodiscard]] std::string escape_pointer(std::string_view key);

// Turns an API server field path ("spec.containers[0].image", "metadata.labels[app.kubernetes.io/name]") into
// a JSON pointer. Map keys in brackets become one token; the empty path is the empty pointer.
[[nodiscard]] std::string pointer_from_field_path(std::string_view field_path);

}  // namespace instantexec::model
