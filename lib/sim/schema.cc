#include "sim/schema.h"

#include "base/check.h"
#include "base/text.h"
#include "sim/tables.h"

namespace instantexec::sim {
namespace {

using model::Json;

const std::map<std::string, Scalar, std::less<>>& scalar_letters() {
  static const std::map<std::string, Scalar, std::less<>> kLetters = {
      {"s", Scalar::kString},      {"i", Scalar::kInteger},  {"n", Scalar::kNumber}, {"b", Scalar::kBoolean},
      {"x", Scalar::kIntOrString}, {"q", Scalar::kQuantity}, {"t", Scalar::kTime}};
  return kLetters;
}

std::set<std::string> words(std::string_view column) {
  std::set<std::string> out;
  if (column == "-") return out;
  for (const auto word : split(column, ',')) out.emplace(word);
  return out;
}

std::vector<KindInfo> read_resources(std::string_view table, const TypeTable& types) {
  std::vector<KindInfo> out;
  for (const auto line : split(table, '\n')) {
    const auto columns = split(line, ' ');
    if (columns.size() != 9) continue;
    KindInfo info;
    info.resource.gvk = {columns[0] == "-" ? "" : std::string(columns[0]), std::string(columns[1]),
                         std::string(columns[2])};
    info.resource.resource = columns[3];
    info.resource.namespaced = columns[4] == "N";
    info.resource.verbs = words(columns[5]);
    info.resource.subresources = words(columns[6]);
    info.resource.short_names = words(columns[7]);
    info.type = types.named(columns[8]);
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace

const Type* Type::field(std::string_view field_name) const {
  const auto it = fields.find(field_name);
  return it == fields.end() ? nullptr : it->second;
}

Type& TypeTable::add(Type type) {
  types_.push_back(std::move(type));
  return types_.back();
}

Type* TypeTable::declare(std::string_view name) {
  const auto it = by_name_.find(name);
  if (it != by_name_.end()) return it->second;
  Type& type = add({});
  type.name = name;
  type.shape = Shape::kStruct;
  by_name_.emplace(name, &type);
  return &type;
}

const Type* TypeTable::named(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

const Type* TypeTable::parse(std::string_view text) {
  const auto it = by_name_.find(text);
  if (it != by_name_.end()) return it->second;
  Type type;
  if (text == "?") {
    type.shape = Shape::kAny;
  } else if (const auto letter = scalar_letters().find(text); letter != scalar_letters().end()) {
    type.shape = Shape::kScalar;
    type.scalar = letter->second;
  } else if (text.starts_with('{')) {
    const auto end = text.find('}');
    type.shape = Shape::kMap;
    type.atomic = end > 1;
    type.element = parse(text.substr(end + 1));
  } else if (text.starts_with('[')) {
    const auto end = text.find(']');
    const auto how = text.substr(1, end - 1);
    type.shape = how == "!" ? Shape::kList : how == "=" ? Shape::kSet : Shape::kKeyedList;
    type.element = parse(text.substr(end + 1));
    if (type.shape == Shape::kKeyedList) {
      for (const auto key : split(how, ',')) {
        const auto equals = key.find('=');
        type.keys.emplace_back(key.substr(0, equals),
                               equals == std::string_view::npos ? Json() : Json(key.substr(equals + 1)));
      }
    }
  } else {
    return declare(text);
  }
  Type& added = add(std::move(type));
  by_name_.emplace(text, &added);
  return &added;
}

void TypeTable::read(std::string_view fields_table) {
  Type* current = nullptr;
  for (const auto line : split(fields_table, '\n')) {
    if (line.empty()) continue;
    if (line.front() != ' ') {
      const auto parts = split(line, ' ');
      current = declare(parts[0]);
      current->atomic = parts.size() > 1;
      continue;
    }
    const auto parts = split(line.substr(1), ' ');
    IE_CHECK(current != nullptr && parts.size() == 2);
    std::string_view name = parts[0];
    if (name.ends_with('+')) {
      name.remove_suffix(1);
      current->always.emplace(name);
    }
    current->fields.emplace(name, parse(parts[1]));
  }
}

const TypeTable& builtin_types() {
  static const TypeTable* const kTypes = [] {
    auto* table = new TypeTable;  // lives as long as the process: types point into it
    table->read(fields_table());
    return table;
  }();
  return *kTypes;
}

const std::vector<KindInfo>& builtin_kinds() {
  static const std::vector<KindInfo> kKinds = read_resources(resources_table(), builtin_types());
  return kKinds;
}

}  // namespace instantexec::sim
