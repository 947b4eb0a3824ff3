#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/api_catalog.h"
#include "model/object.h"

namespace instantexec::sim {

enum class Shape {
  kScalar,
  kStruct,     // named fields; others are unknown
  kMap,        // any keys, one element type
  kList,       // replaced as a whole
  kSet,        // list whose scalar items are their own keys
  kKeyedList,  // list whose items are told apart by key fields
  kAny,        // whatever the value is: maps are merged key by key, lists are replaced as a whole
};

enum class Scalar { kString, kInteger, kNumber, kBoolean, kIntOrString, kQuantity, kTime };

// What server-side apply and strict decoding know about a value.
struct Type {
  std::string name;  // of structs: "apps.v1.DeploymentSpec"
  Shape shape = Shape::kAny;
  Scalar scalar = Scalar::kString;
  bool atomic = false;  // a struct or map that is replaced as a whole
  bool open = false;    // a struct that keeps fields it does not know
  const Type* element = nullptr;
  std::map<std::string, const Type*, std::less<>> fields;
  std::set<std::string, std::less<>> always;  // fields the server's encoder never leaves out
  // Of a keyed list: key field and what its absence counts as (null: nothing).
  std::vector<std::pair<std::string, model::Json>> keys;
  // Values that absent fields of a struct take (CustomResourceDefinitions only).
  std::map<std::string, model::Json> defaults;

  [[nodiscard]] const Type* field(std::string_view field_name) const;
};

// Owns types; addresses stay valid as long as the table lives.
class TypeTable {
 public:
  TypeTable() = default;
  TypeTable(const TypeTable&) = delete;
  TypeTable& operator=(const TypeTable&) = delete;

  Type& add(Type type);
  [[nodiscard]] const Type* named(std::string_view name) const;
  // Reads the format described in tables/generate.py.
  void read(std::string_view fields_table);
  // Turns a structural schema of a CustomResourceDefinition into types, apiVersion, kind and metadata
  // included.
  const Type* from_crd(const model::Json& open_api_schema);

 private:
  Type* declare(std::string_view name);
  const Type* parse(std::string_view text);
  const Type* from_schema(const model::Json& schema, int depth);

  std::deque<Type> types_;
  std::map<std::string, Type*, std::less<>> by_name_;
};

// One kind of the simulated server.
struct KindInfo {
  model::ApiResource resource;
  const Type* type = nullptr;
};

// The built-in kinds with their types, in the server's order. Read once, kept for the process.
[[nodiscard]] const std::vector<KindInfo>& builtin_kinds();
[[nodiscard]] const TypeTable& builtin_types();

}  // namespace instantexec::sim
