#include "sim/typing.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "sim/merge.h"

namespace instantexec::sim {
namespace {

using model::Json;

bool is_quantity(std::string_view text) {
  const auto digits = text.find_first_not_of("+-");
  if (digits > 1) return false;  // none at all, too
  const auto suffix = text.find_first_not_of("0123456789.", digits);
  if (suffix == digits) return false;
  return suffix == std::string_view::npos ||
         text.find_first_not_of("eEinumkKMGTP+-0123456789", suffix) == std::string_view::npos;
}

std::string scalar_problem(const Json& value, Scalar scalar) {
  const auto expected = [&](bool right, std::string_view what) {
    // The type, never the value: it may be a Secret's.
    return right ? std::string() : fmt::format("expected {}, got {}", what, value.type_name());
  };
  switch (scalar) {
    case Scalar::kString:
    case Scalar::kTime:
      return expected(value.is_string(), "string");
    case Scalar::kInteger:
      return expected(value.is_number_integer(), "numeric (int or float)");
    case Scalar::kNumber:
      return expected(value.is_number(), "numeric (int or float)");
    case Scalar::kBoolean:
      return expected(value.is_boolean(), "boolean");
    case Scalar::kIntOrString:
      return expected(value.is_number_integer() || value.is_string(), "integer or string");
    case Scalar::kQuantity:
      if (value.is_string() && !is_quantity(value.get_ref<const std::string&>())) {
        return "quantities must match the regular expression "
               "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
      }
      return expected(value.is_number() || value.is_string(), "quantity");
  }
  return "";
}

bool of_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// Where decoding stops, as the server counts: at the bad character, or at the group that is cut short. npos:
// nowhere.
std::size_t bad_byte(std::string_view text) {
  std::string kept;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\r') continue;  // the decoder passes over line ends
    kept += text[i];
    places.push_back(i);
  }
  std::size_t end = kept.size();
  for (int padding = 0; padding < 2 && end > 0 && kept.size() % 4 == 0 && kept[end - 1] == '='; ++padding)
    --end;
  for (std::size_t i = 0; i < end; ++i) {
    if (!of_base64(kept[i])) return places[i];
  }
  return kept.size() % 4 == 0 ? std::string_view::npos : places[kept.size() / 4 * 4];
}

}  // namespace

std::string typing_problem(const Json& value, const Type& type, const std::string& path) {
  if (value.is_null() || type.shape == Shape::kAny) return "";
  if (type.shape == Shape::kScalar) {
    const std::string problem = scalar_problem(value, type.scalar);
    return problem.empty() ? "" : path + ": " + problem;
  }
  if (type.shape == Shape::kStruct || type.shape == Shape::kMap) {
    if (!value.is_object()) return fmt::format("{}: expected map, got {}", path, value.type_name());
    for (const auto& [name, field] : value.items()) {
      const Type* inner = type.shape == Shape::kMap ? type.element : type.field(name);
      const std::string below = path + "." + name;
      if (inner == nullptr && type.open) continue;
      if (inner == nullptr) return below + ": field not declared in schema";
      if (std::string problem = typing_problem(field, *inner, below); !problem.empty()) return problem;
    }
    return "";
  }
  if (!value.is_array()) return fmt::format("{}: expected list, got {}", path, value.type_name());
  std::size_t index = 0;
  for (const Json& item : value) {
    const std::string below = type.shape == Shape::kKeyedList && item.is_object()
                                  ? path + item_path(item, type)
                                  : fmt::format("{}[{}]", path, index);
    ++index;
    if (std::string problem = typing_problem(item, *type.element, below); !problem.empty()) return problem;
  }
  return "";
}

std::string bytes_problem(const Json& body, const ServedKind& kind) {
  const bool secret = kind.kind() == "Secret";
  if (!kind.resource.gvk.group.empty() || (!secret && kind.kind() != "ConfigMap")) return "";
  for (const auto& [name, value] : model::get_object(body, secret ? "/data" : "/binaryData").items()) {
    if (!value.is_string()) continue;
    const std::size_t at = bad_byte(value.get_ref<const std::string&>());
    if (at != std::string_view::npos) return fmt::format("illegal base64 data at input byte {}", at);
  }
  return "";
}

}  // namespace instantexec::sim
